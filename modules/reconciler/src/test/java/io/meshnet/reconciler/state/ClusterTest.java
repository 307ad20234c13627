package io.meshnet.reconciler.state;

import static io.meshnet.reconciler.state.Examples.NODE1;
import static io.meshnet.reconciler.state.Examples.POD1;
import static io.meshnet.reconciler.state.Examples.POD2;
import static io.meshnet.reconciler.state.Examples.POD3;
import static io.meshnet.reconciler.state.Examples.UID11;
import static io.meshnet.reconciler.state.Examples.UID13;
import static io.meshnet.reconciler.state.Examples.idle;
import static io.meshnet.reconciler.state.Examples.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.topology.PodRecord;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClusterTest {

    private final Cluster cluster = new Cluster();

    @Test
    void aChangeConcernsThePodAndEveryPodThatItSharedOrSharesALinkWith() {
        assertThat(cluster.put(idle(POD1, UID11))).containsExactlyInAnyOrder(POD1, POD2);
        assertThat(cluster.put(idle(POD1, UID13))).containsExactlyInAnyOrder(POD1, POD2, POD3);
        assertThat(cluster.put(idle(POD3))).containsExactlyInAnyOrder(POD3, POD1);
    }

    @Test
    void anOlderRecordChangesNothing() {
        PodRecord running = running(POD1, NODE1, UID11);
        cluster.put(running);

        assertThat(cluster.put(idle(POD1))).isEmpty();
        assertThat(cluster.find(POD1)).hasValue(running);
    }

    @Test
    void aPlacementOfOnesOwnStandsUntilTheStoreTellsSomethingNewer() {
        cluster.put(idle(POD1, UID11));
        cluster.place(POD1, Optional.of(Examples.placement(POD1, NODE1)), 7);

        cluster.put(idle(POD1, UID11));

        assertThat(cluster.find(POD1).flatMap(PodRecord::placement)).isPresent();
        assertThat(cluster.declarations().own(POD1)).containsExactly(UID11);
    }

    @Test
    void aSnapshotForgetsWhatIsNotInIt() {
        cluster.put(running(POD1, NODE1, UID11));

        assertThat(cluster.replaceAll(Map.of(POD3, idle(POD3)), Set.of(), 5)).contains(POD1, POD2, POD3);
        assertThat(cluster.find(POD1)).isEmpty();
        assertThat(cluster.isInTopology(POD2)).isFalse();
    }

    @Test
    void aSnapshotDoesNotUndoWhatIsNewer() {
        cluster.place(POD1, Optional.of(Examples.placement(POD1, NODE1)), 7);

        cluster.replaceAll(Map.of(POD1, idle(POD1, UID11)), Set.of(), 5);

        assertThat(cluster.find(POD1).flatMap(PodRecord::placement)).isPresent();
    }

    @Test
    void aContainerThatLeftIsNotAliveWhateverTheStoreSays() {
        PodRecord running = running(POD1, NODE1, UID11);
        cluster.put(running);

        assertThat(cluster.leave(POD1, "container-pod1")).containsExactlyInAnyOrder(POD1, POD2);
        cluster.put(running);
        assertThat(cluster.find(POD1).flatMap(PodRecord::placement)).isEmpty();
        assertThat(cluster.all()).allMatch(pod -> pod.placement().isEmpty());

        cluster.forget("container-pod1");
        assertThat(cluster.find(POD1)).hasValue(running);
    }

    @Test
    void aPodThatOnlyItsPeersSpeakOfIsInTheTopology() {
        cluster.put(idle(POD1, UID11));

        assertThat(cluster.isInTopology(POD2)).isTrue();
        assertThat(cluster.isInTopology(POD3)).isFalse();
    }
}
