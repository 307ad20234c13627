package io.meshnet.wiring;

import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the store last told of all pods, with an index of who declares a link to whom, so that one pod's event never scans the rest.
 * Safe for use by any thread.
 */
public final class Cluster {

    private final Map<PodName, PodRecord> pods = new HashMap<>();
    private final Map<PodName, Set<PodName>> declarers = new HashMap<>();
    private final Set<String> left = new HashSet<>();

    /** Knows of no pod yet. */
    public Cluster() {}

    /**
     * Takes one pod as it is now, unless something newer is known.
     *
     * @return every pod whose links may be affected: itself and those it shared or shares a link with
     */
    public synchronized Set<PodName> put(PodRecord pod) {
        PodRecord old = pods.get(pod.pod());
        if (old != null && old.revision() > pod.revision()) {
            return Set.of();
        }
        Set<PodName> affected = neighbours(pod.pod());
        store(pod);
        affected.addAll(neighbours(pod.pod()));
        return affected;
    }

    /**
     * Takes a placement that this node wrote itself, ahead of the store's own word of it.
     *
     * @param placement empty when the pod is not alive
     * @param revision of the store with it
     * @return as {@link #put}
     */
    public synchronized Set<PodName> place(PodName pod, Optional<Placement> placement, long revision) {
        PodRecord known = pods.getOrDefault(pod, PodRecord.unknown(pod));
        return put(new PodRecord(pod, known.declaration(), placement, revision));
    }

    /**
     * Takes the state of all pods at a revision; what is not in it does not exist, unless it is known to be newer.
     *
     * @return every pod that was or is known
     */
    public synchronized Set<PodName> replaceAll(Map<PodName, PodRecord> all, long revision) {
        Set<PodName> affected = new TreeSet<>(pods.keySet());
        affected.addAll(declarers.keySet());
        List<PodRecord> newer =
                pods.values().stream().filter(pod -> pod.revision() > revision).toList();
        pods.clear();
        declarers.clear();
        all.values().forEach(this::store);
        newer.forEach(this::store);
        affected.addAll(pods.keySet());
        affected.addAll(declarers.keySet());
        return affected;
    }

    /**
     * Takes note that a container was taken away, whatever the store says of it until it was told.
     *
     * @return as {@link #put}
     */
    public synchronized Set<PodName> leave(PodName pod, String containerId) {
        left.add(containerId);
        return neighbours(pod);
    }

    /** Forgets a container that left, once the store was told. */
    public synchronized void forget(String containerId) {
        left.remove(containerId);
    }

    /** What is known of a pod; empty when nothing is. */
    public synchronized Optional<PodRecord> find(PodName pod) {
        return Optional.ofNullable(pods.get(pod)).map(this::withoutLeft);
    }

    private PodRecord withoutLeft(PodRecord pod) {
        boolean isLeft = pod.placement()
                .filter(placement -> left.contains(placement.containerId()))
                .isPresent();
        return isLeft ? new PodRecord(pod.pod(), pod.declaration(), Optional.empty(), pod.revision()) : pod;
    }

    /** Every pod that is known. */
    public synchronized List<PodRecord> all() {
        return pods.values().stream().map(this::withoutLeft).toList();
    }

    /** Whether the topology gives the pod any link, by its own declaration or by a peer's. */
    public synchronized boolean isInTopology(PodName pod) {
        boolean declares = find(pod)
                .map(known -> !(known.declaration() instanceof Declaration.Absent))
                .orElse(false);
        return declares || !declarersOf(pod).isEmpty();
    }

    /** The pods whose declaration names {@code pod} as a peer. */
    synchronized Set<PodName> declarersOf(PodName pod) {
        return declarers.getOrDefault(pod, Set.of());
    }

    /** The links that a pod itself declares; none when its declaration is absent or broken. */
    synchronized List<DeclaredLink> declared(PodName pod) {
        PodRecord known = pods.get(pod);
        return known != null && known.declaration() instanceof Declaration.Links(List<DeclaredLink> links)
                ? links
                : List.of();
    }

    private Set<PodName> neighbours(PodName pod) {
        Set<PodName> all = new HashSet<>(declarersOf(pod));
        all.add(pod);
        declared(pod).forEach(link -> all.add(link.peer().pod()));
        return all;
    }

    private void store(PodRecord pod) {
        for (DeclaredLink gone : declared(pod.pod())) {
            Set<PodName> left = declarers.get(gone.peer().pod());
            if (left != null && left.remove(pod.pod()) && left.isEmpty()) {
                declarers.remove(gone.peer().pod());
            }
        }
        pods.put(pod.pod(), pod);
        for (DeclaredLink link : declared(pod.pod())) {
            declarers.computeIfAbsent(link.peer().pod(), _ -> new HashSet<>()).add(pod.pod());
        }
    }
}
