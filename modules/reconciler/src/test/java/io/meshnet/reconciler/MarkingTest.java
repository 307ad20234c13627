package io.meshnet.reconciler;

import static io.meshnet.reconciler.Examples.UID21;
import static io.meshnet.reconciler.Examples.end;
import static io.meshnet.reconciler.Examples.link;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MarkingTest {

    private static final PodLink LINK = PodLink.of(UID21);

    @Test
    void anAliasSaysWhoseAndWhichLinkAndWhichAddress() {
        assertThat(Marking.of(LINK, LINK.second()).alias())
                .isEqualTo("meshnet:21 23.23.23.3/24 default/pod2:eth2 default/pod3:eth2");
    }

    @Test
    void aMarkingIsReadBackAsItWasWritten() {
        Marking marking = Marking.of(LINK, LINK.first());

        assertThat(Marking.read(device(Marking.GROUP, marking.alias()))).hasValue(marking);
        assertThat(marking.given()).isEqualTo(LINK.first().address());
    }

    @Test
    void onlyGroupAndAliasTogetherMakeADeviceOurs() {
        String alias = Marking.of(LINK, LINK.first()).alias();

        assertThat(Marking.isOurs(device(Marking.GROUP, alias))).isTrue();
        assertThat(Marking.isOurs(device(0, alias))).isFalse();
        assertThat(Marking.isOurs(device(Marking.GROUP, "uplink"))).isFalse();
        assertThat(Marking.isOurs(device(0, ""))).isFalse();
    }

    @Test
    void aDeviceThatWasLeftHalfMadeIsOursAndNoLinks() {
        Marking half = Marking.read(device(Marking.GROUP, "")).orElseThrow();

        assertThat(half.sameLink(Marking.of(LINK, LINK.first()))).isFalse();
        assertThat(half.given()).isEmpty();
    }

    @Test
    void namesTooLongForAnAliasAreCutAndStillToldApart() {
        String name = "a".repeat(250);
        DeclaredLink one =
                link(1, end(PodName.of(name + "1"), "eth1", "10.0.0.1/30"), end(PodName.of(name + "2"), "eth1", ""));
        DeclaredLink two =
                link(1, end(PodName.of(name + "1"), "eth1", "10.0.0.1/30"), end(PodName.of(name + "3"), "eth1", ""));
        Marking first = Marking.of(PodLink.of(one), one.local());
        Marking second = Marking.of(PodLink.of(two), two.local());

        assertThat(first.alias()).hasSizeLessThanOrEqualTo(255).isNotEqualTo(second.alias());
        Marking read = Marking.read(device(Marking.GROUP, first.alias())).orElseThrow();
        assertThat(read.sameLink(first)).isTrue();
        assertThat(read.sameLink(second)).isFalse();
        assertThat(read.given()).isEqualTo(one.local().address());
    }

    @Test
    void aMacIsLocalUnicastAndTheSameEveryTime() {
        MacAddress mac = Marking.mac(LINK, LINK.first());

        assertThat(mac.bits() >> 40 & 3).isEqualTo(2);
        assertThat(mac).isEqualTo(Marking.mac(LINK, LINK.first())).isNotEqualTo(Marking.mac(LINK, LINK.second()));
    }

    @Test
    void theEndsOfTheLargestUidHaveAnIfindexOfTheirOwn() {
        DeclaredLink largest = link(DeclaredLink.MAX_UID, UID21.local(), UID21.peer());

        assertThat(Marking.ifindex(PodLink.of(largest), UID21.local())).isPositive();
        assertThat(Marking.ifindex(LINK, LINK.first())).isNotEqualTo(Marking.ifindex(LINK, LINK.second()));
    }

    private static Link device(int group, String alias) {
        return new Link(9, "eth2", "veth", 0, 1450, MacAddress.NONE, group, alias, 0, -1, false, Optional.empty());
    }
}
