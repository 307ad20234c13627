package io.meshnet.store.etcd;

import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Listener;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;

/** What a listener knows after all that it was told, for tests that wait for it. */
final class View implements Listener {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private static final Duration POLL = Duration.ofMillis(10);

    private final Map<PodName, PodRecord> pods = new ConcurrentHashMap<>();
    private final List<Set<String>> nodes = new CopyOnWriteArrayList<>();
    private final List<String> interruptions = new CopyOnWriteArrayList<>();
    private volatile boolean following;

    @Override
    public void snapshot(Map<PodName, PodRecord> all, Set<String> alive, long revision) {
        pods.keySet().retainAll(all.keySet());
        pods.putAll(all);
        nodes.add(alive);
        following = true;
    }

    @Override
    public void changed(PodRecord pod) {
        if (pod.isVoid()) {
            pods.remove(pod.pod());
        } else {
            pods.put(pod.pod(), pod);
        }
    }

    @Override
    public void nodes(Set<String> alive) {
        nodes.add(alive);
    }

    @Override
    public void interrupted(StoreException why) {
        following = false;
        interruptions.add(why.getMessage());
    }

    boolean isFollowing() {
        return following;
    }

    Map<PodName, PodRecord> pods() {
        return Map.copyOf(pods);
    }

    /** Every set of nodes that was told, in order. */
    List<Set<String>> nodes() {
        return List.copyOf(nodes);
    }

    List<String> interruptions() {
        return List.copyOf(interruptions);
    }

    void awaitPods(Set<PodName> wanted) {
        Awaitility.await("the pods " + wanted)
                .atMost(BOUND)
                .pollInterval(POLL)
                .until(() -> following && pods.keySet().equals(wanted));
    }

    void awaitNodes(Set<String> wanted) {
        Awaitility.await("the nodes " + wanted)
                .atMost(BOUND)
                .pollInterval(POLL)
                .until(() -> following && nodes.getLast().equals(wanted));
    }

    /** Waits until a pod is known as it was at a revision, or later. */
    void awaitRevision(PodName pod, long revision) {
        Awaitility.await(pod + " at revision " + revision)
                .atMost(BOUND)
                .pollInterval(POLL)
                .until(() -> pods.containsKey(pod) && pods.get(pod).revision() >= revision);
    }

    void awaitInterruption() {
        Awaitility.await("an interruption").atMost(BOUND).pollInterval(POLL).until(() -> !following);
    }
}
