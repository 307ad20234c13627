package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointsTest {

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:2379, http://127.0.0.1:2379",
        "HTTP://etcd.example:23790/, http://etcd.example:23790",
        "10.97.209.1:2379, http://10.97.209.1:2379",
        "etcd, http://etcd:2379",
        "http://etcd, http://etcd:2379",
        "[::1]:1234, http://[::1]:1234",
        "http://[FD00:0::1], http://[fd00::1]:2379",
        "fd00::1, http://[fd00::1]:2379",
    })
    void an_endpoint_is_brought_into_one_form(String text, String canonical) {
        assertThat(Endpoint.parse(text)).hasToString(canonical);
        assertThat(Endpoint.parse(canonical)).isEqualTo(Endpoint.parse(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "https://etcd:2379 | etcd endpoint \"https://etcd:2379\": scheme https is not supported, only plain http is",
                "etcd:0            | etcd endpoint \"etcd:0\": port 0 is out of the range 1 to 65535",
                "etcd:65536        | etcd endpoint \"etcd:65536\": port 65536 is out of the range 1 to 65535",
                "etcd:             | etcd endpoint \"etcd:\": port \"\" is not a number from 1 to 65535",
                "etcd:x            | etcd endpoint \"etcd:x\": port \"x\" is not a number from 1 to 65535",
                ":2379             | etcd endpoint \":2379\": \"\" is not a host name or address",
                "http://           | etcd endpoint \"http://\": \"\" is not a host name or address",
                "http://e/v3       | etcd endpoint \"http://e/v3\": \"e/v3\" is not a host name or address",
                "user@etcd         | etcd endpoint \"user@etcd\": \"user@etcd\" is not a host name or address",
                "[::1              | etcd endpoint \"[::1\": the bracket is not closed",
                "[::1]2379         | etcd endpoint \"[::1]2379\": \"2379\" after the bracket is no port",
                "[etcd]:2379       | etcd endpoint \"[etcd]:2379\": \"etcd\" in brackets is not an IPv6 address",
                "[::g]:2379        | etcd endpoint \"[::g]:2379\": \"::g\" is not a numeric IP address",
            })
    void what_is_no_endpoint_is_refused_with_the_reason(String text, String reason) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.parse(text))
                .withMessage(reason);
    }

    @Test
    void a_list_of_endpoints_is_separated_by_commas() {
        assertThat(Endpoints.parse("a:1, http://b , [::1]:3,a:1"))
                .hasToString("http://a:1,http://b:2379,http://[::1]:3")
                .extracting(Endpoints::target)
                .isEqualTo("ip:///a:1,b:2379,%5B::1%5D:3");
        assertThatIllegalArgumentException().isThrownBy(() -> Endpoints.parse("a,,b"));
        assertThatIllegalArgumentException().isThrownBy(() -> Endpoints.parse(""));
        assertThatIllegalArgumentException().isThrownBy(() -> new Endpoints(List.of()));
    }

    @Test
    void host_and_port_of_a_cni_configuration_default_to_those_of_the_seed() {
        assertThat(Endpoints.ofHostAndPort("", "")).isEqualTo(Endpoints.DEFAULT).hasToString("http://localhost:2379");
        assertThat(Endpoints.ofHostAndPort("10.97.209.1", "")).hasToString("http://10.97.209.1:2379");
        assertThat(Endpoints.ofHostAndPort("", "1")).hasToString("http://localhost:1");
        assertThat(Endpoints.ofHostAndPort("fd00::1", "2379")).hasToString("http://[fd00::1]:2379");
        assertThat(Endpoints.ofHostAndPort("[fd00::1]", "2379")).hasToString("http://[fd00::1]:2379");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoints.ofHostAndPort("a b", "2379"))
                .withMessage("etcd_host: \"a b\" is not a host name or address");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoints.ofHostAndPort("a", "port"))
                .withMessage("etcd_port: port \"port\" is not a number from 1 to 65535");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoints.ofHostAndPort("a", "70000"))
                .withMessage("etcd_port: port 70000 is out of the range 1 to 65535");
    }

    @Test
    void waiting_doubles_up_to_five_seconds_and_begins_anew_after_a_success() {
        var backoff = new Backoff(new Random(1));
        var most = Stream.of(100, 200, 400, 800, 1600, 3200, 5000, 5000).map(Duration::ofMillis);
        most.forEach(atMost -> assertThat(backoff.next()).isBetween(atMost.dividedBy(2), atMost));
        backoff.reset();
        assertThat(backoff.next()).isLessThanOrEqualTo(Duration.ofMillis(100));
    }

    @Test
    void waiting_is_never_longer_than_asked() {
        for (Duration most : List.of(Duration.ofMillis(250), Duration.ofMillis(30), Duration.ofMillis(1))) {
            var backoff = new Backoff(new Random(1), most);
            Stream.generate(backoff::next)
                    .limit(20)
                    .forEach(wait -> assertThat(wait).isBetween(Duration.ZERO, most));
        }
    }
}
