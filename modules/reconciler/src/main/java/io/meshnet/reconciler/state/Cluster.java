package io.meshnet.reconciler.state;

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
 * The last known state of all pods and nodes in the store, indexed so that one pod's event never
 * scans the other pods. Safe for use by any thread.
 */
public final class Cluster {

    private final Map<PodName, PodRecord> pods = new HashMap<>();
    private final DeclarationIndex declarations = new DeclarationIndex();
    private final Map<String, Set<PodName>> byNetns = new HashMap<>();
    private final Set<String> left = new HashSet<>();
    private Set<String> nodes = Set.of();

    /** Starts without pods and nodes. */
    public Cluster() {}

    /**
     * Puts the current record of a pod, unless a newer one is known.
     *
     * @return every pod whose links may be affected: itself and those that shared or share a link
     *     with it; none when nothing changed
     */
    public synchronized Set<PodName> put(PodRecord pod) {
        PodRecord old = pods.getOrDefault(pod.pod(), PodRecord.unknown(pod.pod()));
        if (old.revision() > pod.revision()) {
            return Set.of();
        }
        if (old.saysSameAs(pod)) {
            pods.put(pod.pod(), pod);
            return Set.of();
        }
        if (withoutLeft(old).saysSameAs(withoutLeft(pod))) {
            store(pod); // the end of a container that was known to have left
            return Set.of();
        }
        Set<PodName> affected = declarations.neighbours(pod.pod());
        store(pod);
        affected.addAll(declarations.neighbours(pod.pod()));
        return affected;
    }

    /**
     * Puts a placement that this node wrote itself, before the store's event arrives.
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
     * Puts the state of all pods and nodes at a revision. A pod that is missing there does not
     * exist, unless a newer record of it is known.
     *
     * @return every pod that was or is known
     */
    public synchronized Set<PodName> replaceAll(Map<PodName, PodRecord> all, Set<String> alive, long revision) {
        Set<PodName> affected = known();
        List<PodRecord> newer =
                pods.values().stream().filter(pod -> pod.revision() > revision).toList();
        Set<PodName> gone = new HashSet<>(pods.keySet());
        gone.removeAll(all.keySet());
        gone.forEach(pod -> {
            store(PodRecord.unknown(pod));
            pods.remove(pod);
        });
        all.values().forEach(this::store);
        newer.forEach(this::store);
        nodes = Set.copyOf(alive);
        affected.addAll(known());
        return affected;
    }

    private Set<PodName> known() {
        Set<PodName> all = new TreeSet<>(pods.keySet());
        all.addAll(declarations.pods());
        return all;
    }

    /**
     * Puts the set of nodes that are alive.
     *
     * @return every pod whose links may be affected: those that share a link with a pod on a node that came or went
     */
    public synchronized Set<PodName> nodes(Set<String> alive) {
        Set<String> changed = new HashSet<>(alive);
        changed.addAll(nodes);
        changed.removeIf(node -> alive.contains(node) && nodes.contains(node));
        nodes = Set.copyOf(alive);
        Set<PodName> affected = new HashSet<>();
        for (PodRecord pod : pods.values()) {
            if (pod.placement().filter(it -> changed.contains(it.node())).isPresent()) {
                affected.addAll(declarations.neighbours(pod.pod()));
            }
        }
        return affected;
    }

    /**
     * Whether the node of a placement is alive. Nodes of legacy meshnet do not announce themselves,
     * and count as alive.
     */
    public synchronized boolean isAlive(Placement placement) {
        return placement.node().isEmpty() || nodes.contains(placement.node());
    }

    /**
     * Records that the runtime deleted a container: its placement in the store no longer counts.
     *
     * @return as {@link #put}
     */
    public synchronized Set<PodName> leave(PodName pod, String containerId) {
        left.add(containerId);
        return declarations.neighbours(pod);
    }

    /** Forgets a deleted container. Call it when the store no longer has its placement. */
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

    /** Every known pod, also one that only a peer's declaration names. */
    public synchronized List<PodRecord> all() {
        return known().stream()
                .map(pod -> find(pod).orElse(PodRecord.unknown(pod)))
                .toList();
    }

    /** The pods that are placed on a node. */
    public synchronized List<PodName> on(NodeIdentity node) {
        return pods.values().stream()
                .map(this::withoutLeft)
                .filter(pod -> pod.placement().filter(node::hosts).isPresent())
                .map(PodRecord::pod)
                .toList();
    }

    /** The pods that are placed at that path, on whatever node. */
    public synchronized List<PodRecord> at(String netns) {
        return byNetns.getOrDefault(netns, Set.of()).stream()
                .flatMap(pod -> find(pod).stream())
                .filter(pod -> pod.placement().isPresent())
                .toList();
    }

    /** Whether the topology gives the pod any link, by its own declaration or by a peer's. */
    public synchronized boolean isInTopology(PodName pod) {
        boolean declares = find(pod)
                .map(known -> !(known.declaration() instanceof Declaration.Absent))
                .orElse(false);
        return declares || declarations.isToldOf(pod);
    }

    /** The declarations. The caller holds this object's lock. */
    DeclarationIndex declarations() {
        return declarations;
    }

    /** All declarations of a uid, each from the view of the pod that declares it. */
    public synchronized List<DeclaredLink> declared(int uid) {
        return declarations.of(uid);
    }

    private void store(PodRecord pod) {
        PodRecord old = pods.put(pod.pod(), pod);
        place(pod.pod(), old, pod);
        if (old == null || !old.declaration().equals(pod.declaration())) {
            declarations.replace(
                    pod.pod(),
                    pod.declaration() instanceof Declaration.Links(List<DeclaredLink> links) ? links : List.of());
        }
    }

    private void place(PodName pod, PodRecord old, PodRecord now) {
        if (old != null && old.placement().isPresent()) {
            String netns = old.placement().get().netns();
            Set<PodName> there = byNetns.get(netns);
            if (there.remove(pod) && there.isEmpty()) {
                byNetns.remove(netns);
            }
        }
        now.placement()
                .ifPresent(placement -> byNetns.computeIfAbsent(placement.netns(), _ -> new HashSet<>())
                        .add(pod));
    }
}
