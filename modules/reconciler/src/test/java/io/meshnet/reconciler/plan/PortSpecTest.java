package io.meshnet.reconciler.plan;

import static io.meshnet.reconciler.state.Examples.NODE1;
import static io.meshnet.reconciler.state.Examples.UID21;
import static io.meshnet.reconciler.state.Examples.end;
import static io.meshnet.reconciler.state.Examples.link;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.MacAddress;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import io.meshnet.topology.Prefix;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PortSpecTest {

    private static final PodLink LINK = PodLink.of(UID21);

    @Property
    void macs_are_local_unicast_and_the_ends_of_a_link_differ(
            @ForAll @IntRange(min = 1, max = DeclaredLink.MAX_UID) int uid, @ForAll boolean isLoop) {
        PodName peer = PodName.of(isLoop ? "pod1" : "pod2");
        PodLink link = PodLink.of(link(uid, end(PodName.of("pod1"), "eth1", ""), end(peer, "eth2", "")));
        MacAddress first = PortSpec.mac(link, link.first());
        MacAddress second = PortSpec.mac(link, link.second());

        assertThat(first.bits() >> 40 & 3).isEqualTo(2);
        assertThat(second.bits() >> 40 & 3).isEqualTo(2);
        assertThat(first).isNotEqualTo(second).isEqualTo(PortSpec.mac(link, link.first()));
    }

    @Test
    void aMacDoesNotDependOnTheAddress() {
        PodLink readdressed = PodLink.of(link(21, end(UID21.local().pod(), "eth2", "10.9.9.9/30"), UID21.peer()));

        assertThat(PortSpec.mac(readdressed, readdressed.first())).isEqualTo(PortSpec.mac(LINK, LINK.first()));
    }

    @Property
    void ifindexes_are_above_the_kernels_own_and_the_ends_of_a_link_differ(
            @ForAll @IntRange(min = 1, max = DeclaredLink.MAX_UID) int uid) {
        PodLink link = PodLink.of(link(uid, UID21.local(), UID21.peer()));

        assertThat(PortSpec.ifindex(link, link.first())).isEqualTo(100_000 + 2 * uid);
        assertThat(PortSpec.ifindex(link, link.second())).isEqualTo(100_001 + 2 * uid);
    }

    @Test
    void thePatchSideTakesAnythingUnlessAnMtuIsDeclared() {
        assertThat(patchMtu(UID21)).isEqualTo(65_535);
        assertThat(patchMtu(link(21, UID21.local(), UID21.peer(), 1500))).isEqualTo(1600);
        assertThat(patchMtu(link(21, UID21.local(), UID21.peer(), 65_500))).isEqualTo(65_535);
    }

    private static int patchMtu(DeclaredLink link) {
        return PortSpec.patchMtu(
                PortSpec.of(NODE1, PodLink.of(link), link.local()).mark());
    }

    @Test
    void aSpecHasTheEndAndItsMark() {
        PortSpec spec = PortSpec.of(NODE1, LINK, LINK.second());

        assertThat(spec).hasToString("default/pod3:eth2");
        assertThat(spec.end()).isEqualTo(EndId.of(LINK.second()));
        assertThat(spec.mark()).isEqualTo(PortSpec.mark(NODE1, LINK, LINK.second()));
    }

    @Test
    void anAddressIsOneOrNone() {
        Prefix prefix = Prefix.parse("192.0.2.1/24");

        assertThat(PortSpec.addresses(Optional.of(prefix))).containsExactly(new InterfaceAddress(prefix.address(), 24));
        assertThat(PortSpec.addresses(Optional.empty())).isEmpty();
    }
}
