package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Prefix;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VtepRequestTest {

    private static final String BODY = """
            {"net_ns": "/run/netns/pod3", "link_name": "eth2", "link_ip": "23.23.23.3/24",
             "peer_vtep": "10.0.0.1", "vni": 5021}""";

    private static final VtepUpdate UPDATE = new VtepUpdate(
            Path.of("/run/netns/pod3"),
            "eth2",
            Optional.of(Prefix.parse("23.23.23.3/24")),
            NumericAddress.parse("10.0.0.1"),
            5021);

    @Test
    void aWholeBodyIsAnUpdate() throws Exception {
        assertThat(decode(BODY)).isEqualTo(UPDATE);
    }

    @Test
    void aLinkMayHaveNoAddress() throws Exception {
        assertThat(decode(BODY.replace("23.23.23.3/24", "")).address()).isEmpty();
        assertThat(decode(BODY.replace("\"link_ip\": \"23.23.23.3/24\",", "")).address())
                .isEmpty();
        assertThat(decode(BODY.replace("\"23.23.23.3/24\"", "null")).address()).isEmpty();
    }

    @Test
    void whatIsToldToAPeerIsWhatAPeerUnderstands() throws Exception {
        assertThat(decode(PeerDaemons.body(UPDATE).toString())).isEqualTo(UPDATE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/run/netns/pod3 | pod3                | net_ns",
                "/run/netns/pod3 | /                   | net_ns",
                "eth2            | a-name-that-is-long | link_name",
                "eth2            | lo                  | link_name",
                "eth2            | ../eth2             | link_name",
                "23.23.23.3/24   | 23.23.23.3          | link_ip",
                "23.23.23.3/24   | 23.23.23.3/33       | link_ip",
                "10.0.0.1        | node1               | peer_vtep",
                "10.0.0.1        | 10.0.0.1/24         | peer_vtep",
                "10.0.0.1        | 0.0.0.0             | peer_vtep",
                "10.0.0.1        | 239.0.0.1           | peer_vtep",
                "5021            | 0                   | vni",
                "5021            | 16777216            | vni",
                "5021            | 5021.5              | vni",
                "5021            | \"5021\"            | vni",
                "5021            | 99999999999999      | vni",
                "\"net_ns\"      | \"netns\"           | net_ns",
                "\"peer_vtep\"   | \"peer\"            | peer_vtep",
            })
    void aWrongMemberIsNamed(String right, String wrong, String member) {
        assertThatThrownBy(() -> decode(BODY.replace(right, wrong)))
                .isInstanceOf(VtepRequest.MalformedException.class)
                .hasMessageStartingWith(member + ": ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"null", "[]", "5", "``", "{", "{}{}", "{\"net_ns\":}"})
    void whatIsNoObjectIsMalformed(String body) {
        assertThatThrownBy(() -> decode(body))
                .isInstanceOf(VtepRequest.MalformedException.class)
                .hasMessageContaining("body");
    }

    private static VtepUpdate decode(String body) throws VtepRequest.MalformedException {
        return VtepRequest.decode(body.getBytes(StandardCharsets.UTF_8));
    }
}
