package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class StrangersTest {
    private static final PodName POD = PodName.of("pod2");
    private static final InetAddress NODE = InetAddress.getLoopbackAddress();

    private long now = 1;
    private final Strangers strangers = new Strangers(null, null, () -> now);

    @Test
    void aPodThatWasJustPlacedIsGivenTime() {
        strangers.saw(placed("/run/netns/a", ""));
        assertThat(strangers.pause(update(false))).isEqualTo(Strangers.GRACE);

        now += Duration.ofMillis(500).toNanos();
        strangers.saw(placed("/run/netns/a", ""));
        assertThat(strangers.pause(update(false))).isEqualTo(Strangers.GRACE.minusMillis(500));

        now += Strangers.GRACE.toNanos();
        assertThat(strangers.pause(update(false))).isZero();
    }

    @Test
    void oneThatIsPlacedAnewIsGivenItAgain() {
        strangers.saw(placed("/run/netns/a", ""));
        now += Strangers.GRACE.toNanos();

        strangers.saw(placed("/run/netns/b", ""));
        assertThat(strangers.pause(update(false))).isEqualTo(Strangers.GRACE);
    }

    @Test
    void aNodeThatFollowsTheStoreIsToldAtOnce() {
        strangers.saw(placed("/run/netns/a", "node2"));

        assertThat(strangers.pause(update(true))).isZero();
    }

    @Test
    void whatWasTakenAwayIsForgotten() {
        strangers.saw(placed("/run/netns/a", ""));
        strangers.saw(PodRecord.unknown(POD));

        assertThat(strangers.pause(update(false))).isZero();
    }

    private static PodRecord placed(String netns, String node) {
        return new PodRecord(POD, new Declaration.Absent(), Optional.of(new Placement(NODE, netns, "", node)), 1);
    }

    private static PeerUpdate update(boolean follower) {
        LinkEnd near = new LinkEnd(PodName.of("pod1"), "eth1", Optional.empty());
        LinkEnd far = new LinkEnd(POD, "eth1", Optional.empty());
        return new PeerUpdate(
                new PodLink(11, near, far, OptionalInt.empty()),
                POD,
                NODE,
                follower,
                new VtepUpdate(Path.of("/run/netns/a"), "eth1", Optional.empty(), NODE, 5011));
    }
}
