package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.topology.Declaration;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlacingTest {

    private static final PodName ALPHA = PodName.of("alpha");
    private static final PodName BETA = PodName.of("beta");
    private static final Placement HERE =
            new Placement(InetAddress.ofLiteral("192.0.2.1"), "/run/netns/a", "c1", "node1", "");
    private static final Placement ELSEWHERE =
            new Placement(InetAddress.ofLiteral("192.0.2.2"), "/run/netns/a", "c2", "node2", "");

    private final Placing placing = new Placing();

    @Test
    void whatTheStoreSaysOfAPlacementBeingMadeIsLeftToWhoMakesIt() {
        placing.begin(ALPHA, HERE);

        assertThat(placing.defer(said(ALPHA, HERE), Set.of(ALPHA, BETA))).isTrue();
        assertThat(placing.end(ALPHA)).containsExactlyInAnyOrder(ALPHA, BETA);
    }

    @Test
    void whatElseTheStoreSaysIsNot() {
        placing.begin(ALPHA, HERE);

        assertThat(placing.defer(said(ALPHA, ELSEWHERE), Set.of(ALPHA))).isFalse();
        assertThat(placing.defer(said(BETA, HERE), Set.of(BETA))).isFalse();
        assertThat(placing.defer(new PodRecord(ALPHA, new Declaration.Absent(), Optional.empty(), 7), Set.of(ALPHA)))
                .isFalse();
        assertThat(placing.end(ALPHA)).isEmpty();
    }

    @Test
    void nothingIsLeftOnceTheLinksWereMade() {
        placing.begin(ALPHA, HERE);
        placing.end(ALPHA);

        assertThat(placing.defer(said(ALPHA, HERE), Set.of(ALPHA))).isFalse();
    }

    private static PodRecord said(PodName pod, Placement placement) {
        return new PodRecord(pod, new Declaration.Absent(), Optional.of(placement), 7);
    }
}
