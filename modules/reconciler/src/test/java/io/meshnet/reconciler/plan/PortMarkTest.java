package io.meshnet.reconciler.plan;

import static io.meshnet.reconciler.state.Examples.NODE1;
import static io.meshnet.reconciler.state.Examples.UID21;
import static io.meshnet.reconciler.state.Examples.link;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import io.meshnet.topology.Prefix;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortMarkTest {

    @Test
    void aMarkSaysWhoseItIsAndWhatWasApplied() {
        assertThat(PortSpec.mark(NODE1, PodLink.of(UID21), UID21.local()).alias())
                .isEqualTo("meshnet eth2 21 23.23.23.2/24 auto/1450 default/pod2");
    }

    @Test
    void aDeclaredMtuIsToldFromTheNodesChoice() {
        DeclaredLink declared = link(21, UID21.local(), UID21.peer(), 1450);

        assertThat(PortSpec.mark(NODE1, PodLink.of(declared), UID21.local()).alias())
                .isEqualTo("meshnet eth2 21 23.23.23.2/24 1450 default/pod2");
    }

    @Test
    void anUnfinishedChangeIsNoDeclaration() {
        PortMark mark = PortSpec.mark(NODE1, PodLink.of(UID21), UID21.local());

        assertThat(mark.isUnfinished()).isFalse();
        assertThat(mark.unfinished().alias()).isEqualTo("meshnet eth2 21 23.23.23.2/24 auto/0 default/pod2");
        assertThat(PortMark.parse(mark.unfinished().alias()).orElseThrow().isUnfinished())
                .isTrue();
    }

    @Test
    void theVniIsTheLinksOrTheUpdates() {
        assertThat(PortMark.parse("meshnet eth2 21 - 9000 default/pod2")
                        .orElseThrow()
                        .vni())
                .isEqualTo(5021);
        assertThat(PortMark.parse("meshnet eth2 vni/77/10.0.0.2 - 9000 default/pod2")
                        .orElseThrow()
                        .vni())
                .isEqualTo(77);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "uplink to the core",
                "meshnet",
                "meshnet:21 23.23.23.2/24 default/pod2:eth2 default/pod3:eth2",
                "other eth2 21 - auto/1450 default/pod2",
                "meshnet eth2 21 - auto/1450 default/pod2 more",
                "meshnet eth2 21 - auto/1450",
                "meshnet eth2 x - auto/1450 default/pod2",
                "meshnet eth2 vni/5021 - auto/1450 default/pod2",
                "meshnet eth2 vxlan/5021/10.0.0.2 - auto/1450 default/pod2",
                "meshnet eth2 vni/x/10.0.0.2 - auto/1450 default/pod2",
                "meshnet eth2 21 23.23.23.2 auto/1450 default/pod2",
                "meshnet eth2 21 host/24 auto/1450 default/pod2",
                "meshnet eth2 21 - auto/ default/pod2",
                "meshnet eth2 21 - automatic default/pod2"
            })
    void whatNoDaemonWroteIsNoMark(String alias) {
        assertThat(PortMark.parse(alias)).isEmpty();
    }

    @Property
    void what_was_written_is_read_back_and_fits(@ForAll("marks") PortMark mark) {
        assertThat(mark.alias().getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(255);
        assertThat(PortMark.parse(mark.alias())).hasValue(mark);
    }

    @Property
    void pods_whose_names_are_too_long_are_still_told_apart(@ForAll("names") String one, @ForAll("names") String two) {
        String first = PortMark.podText(new EndId(PodName.of(one), "eth1"));
        String second = PortMark.podText(new EndId(PodName.of(two), "eth1"));

        assertThat(first.equals(second)).isEqualTo(one.equals(two));
        assertThat(first).isEqualTo(PortMark.podText(new EndId(PodName.of(one), "eth2")));
    }

    @Test
    void aNameThatIsTooLongIsCutAndEndsInADigest() {
        String name = "a".repeat(250);
        EndId one = new EndId(new PodName("default", name + "1"), "eth1");
        EndId two = new EndId(new PodName("default", name + "2"), "eth1");

        assertThat(PortMark.podText(one))
                .startsWith("default/aaa")
                .matches(".*~[0-9a-f]{16}")
                .hasSize(121);
        assertThat(PortMark.podText(one)).isNotEqualTo(PortMark.podText(two));
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.strings()
                .withChars("ab0-")
                .ofMinLength(1)
                .ofMaxLength(253)
                .filter(name -> !name.startsWith("-") && !name.endsWith("-"));
    }

    @Provide
    Arbitrary<PortMark> marks() {
        Arbitrary<String> ifnames = Arbitraries.strings()
                .alpha()
                .numeric()
                .withChars("._-@")
                .ofMinLength(1)
                .ofMaxLength(15);
        Arbitrary<Optional<Prefix>> addresses = Arbitraries.of(
                Optional.empty(),
                Optional.of(Prefix.parse("192.168.100.200/24")),
                Optional.of(Prefix.parse("2001:1111:2222:3333:4444:5555:6666:7777/128")));
        Arbitrary<PortMark.Source> sources = Arbitraries.oneOf(
                Arbitraries.integers().between(1, DeclaredLink.MAX_UID).map(PortMark.OfTopology::new),
                Combinators.combine(
                                Arbitraries.integers().between(1, (1 << 24) - 1),
                                Arbitraries.of("10.0.0.2", "2001:1111:2222:3333:4444:5555:6666:7777"))
                        .as(PortMark.OfUpdate::new));
        return Combinators.combine(
                        ifnames,
                        names(),
                        sources,
                        addresses,
                        Arbitraries.integers().between(68, 65_535),
                        Arbitraries.of(true, false))
                .as((ifname, pod, source, address, mtu, isDeclared) ->
                        PortMark.of(new EndId(PodName.of(pod), ifname), source, address, mtu, isDeclared));
    }
}
