package io.meshnet.reconciler;

import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A node of the model: the daemon's part in what happens to its pods, around the real cluster, planner and decisions, on a model of
 * the kernel. It keeps what the daemon keeps over a restart, and no more.
 */
final class ModelNode {

    /** A container on this node, until the runtime deletes it for good. */
    private record Container(String id, PodName pod, Namespace namespace) {}

    private final NodeIdentity identity;
    private final ModelStore store;
    private final Set<String> alive;
    private final List<PodRecord> inbox = new ArrayList<>();
    private final Map<String, Container> containers = new LinkedHashMap<>();
    private ModelKernel kernel;
    private Cluster cluster;

    /** @param alive the nodes that are alive; what the test changes there is told with the next snapshot */
    ModelNode(NodeIdentity identity, ModelStore store, Set<String> alive) {
        this.identity = identity;
        this.store = store;
        this.alive = alive;
        this.kernel = new ModelKernel(identity);
        this.cluster = new Cluster();
    }

    NodeIdentity identity() {
        return identity;
    }

    List<PodRecord> inbox() {
        return inbox;
    }

    /** The containers that were not deleted, in the order in which they came. */
    List<String> containers() {
        return List.copyOf(containers.keySet());
    }

    Namespace namespace(String container) {
        return containers.get(container).namespace();
    }

    PodName pod(String container) {
        return containers.get(container).pod();
    }

    /** ADD of a new container, up to the answer. */
    void add(PodName pod, String id) {
        containers.put(id, new Container(id, pod, kernel.create()));
        place(containers.get(id));
    }

    private void place(Container container) {
        PodName pod = container.pod();
        cluster.put(store.read(pod));
        Optional<Placement> before = cluster.find(pod).flatMap(PodRecord::placement);
        Placement placement = new Placement(identity.vtep(), path(container.id()), container.id(), identity.name());
        long revision = store.register(pod, placement);
        before.filter(identity::hosts)
                .map(old -> containers.get(old.containerId()))
                .filter(old -> !old.id().equals(container.id()))
                .ifPresent(old -> kernel.release(old.namespace()));
        Set<PodName> affected = new HashSet<>(cluster.place(pod, Optional.of(placement), revision));
        reconcile(pod);
        affected.removeAll(settledPeers(pod));
        affected.forEach(this::reconcile);
    }

    private Set<PodName> settledPeers(PodName pod) {
        Planner.Plan left = plan(pod);
        List<LinkState> states = left.states().stream()
                .map(state -> left.lacking().containsKey(state.link().toString()) ? state.failed("") : state)
                .toList();
        return DesiredLinks.of(cluster, identity, pod)
                .map(desired -> Outcome.present(pod, desired, states).settledPeers())
                .orElse(Set.of());
    }

    /** DEL of a container, which may have been deleted before, and the end of its namespace. */
    void delete(PodName pod, String id) {
        Container container = containers.remove(id);
        Set<PodName> neighbours = cluster.leave(pod, id);
        if (container != null) {
            kernel.release(container.namespace());
        }
        neighbours.forEach(this::reconcile);
        OptionalLong revision = store.unregister(pod, id);
        Set<PodName> affected = revision.isPresent()
                ? cluster.place(pod, Optional.empty(), revision.getAsLong())
                : cluster.put(store.read(pod));
        affected.forEach(this::reconcile);
        cluster.forget(id);
        if (container != null) {
            kernel.destroy(container.namespace());
        }
    }

    /** One event of the store. */
    void take(PodRecord pod) {
        Set<PodName> affected = cluster.put(pod);
        affected.forEach(this::reconcile);
        settle(affected);
    }

    /** What the daemon sees when it begins to follow the store, or begins again. */
    void snapshot() {
        Set<PodName> affected = cluster.replaceAll(store.all(), Set.copyOf(alive), store.revision());
        affected.forEach(this::reconcile);
        settle(affected);
    }

    private void settle(Collection<PodName> pods) {
        for (Container container : List.copyOf(containers.values())) {
            Optional<Placement> placement = cluster.find(container.pod()).flatMap(PodRecord::placement);
            if (!pods.contains(container.pod())) {
                continue;
            }
            if (placement.isEmpty() && isLast(container)) {
                place(container);
            } else if (placement.isPresent() && !placement.get().containerId().equals(container.id())) {
                kernel.release(container.namespace());
            }
        }
    }

    private boolean isLast(Container container) {
        return containers.values().stream()
                .filter(other -> other.pod().equals(container.pod()))
                .reduce((_, later) -> later)
                .equals(Optional.of(container));
    }

    /** What a peer's daemon asks for. */
    void take(VtepUpdate update) {
        switch (PeerLinks.decide(cluster, identity, update)) {
            case PeerLinks.Decision.Make(Action.Device device, boolean _) -> {
                Optional<Container> there = containers.values().stream()
                        .filter(container -> Path.of(path(container.id())).equals(update.netns()))
                        .findFirst();
                if (there.isPresent()) {
                    kernel.enter(device.pod(), there.get().namespace());
                    execute(VtepUpdates.plan(
                            update,
                            device,
                            Optional.ofNullable(kernel.device(device.pod(), update.ifname())),
                            identity.vxlanPort()));
                }
            }
            case PeerLinks.Decision.Reconcile(PodName pod, Desired _) -> reconcile(pod);
            case PeerLinks.Decision.Refuse _ -> {
                // The peer is told so.
            }
        }
    }

    /** What the daemons of other nodes are told of a pod here. */
    List<PeerUpdate> updates(PodName pod) {
        return new PeerLinks(identity, cluster, null, null).updates(pod);
    }

    /** What there is to do for a pod. */
    Planner.Plan plan(PodName pod) {
        enterAll();
        return DesiredLinks.of(cluster, identity, pod)
                .filter(_ -> kernel.observe().pods().containsKey(pod))
                .map(desired -> Planner.plan(identity, pod, desired, kernel.observe()))
                .orElse(new Planner.Plan(List.of(), List.of()));
    }

    /**
     * Carries a plan out as the executor does.
     *
     * @return whether anything was done
     */
    boolean reconcile(PodName pod) {
        if (isGone(pod)) {
            withdraw(pod);
            return true;
        }
        List<Action> actions = plan(pod).actions();
        execute(actions);
        return !actions.isEmpty();
    }

    private void execute(List<Action> actions) {
        Set<String> failed = new HashSet<>();
        for (Action action : actions) {
            try {
                if (!failed.contains(action.link())) {
                    kernel.apply(action);
                }
            } catch (ModelKernel.Refusal e) {
                failed.add(action.link());
            }
        }
    }

    /** Every pod's namespace as the path in its placement leads to it. */
    private void enterAll() {
        for (PodRecord pod : cluster.all()) {
            Optional<Container> here = pod.placement()
                    .filter(identity::hosts)
                    .map(placement -> containers.get(placement.containerId()))
                    .filter(Objects::nonNull);
            here.ifPresentOrElse(
                    container -> kernel.enter(pod.pod(), container.namespace()), () -> kernel.leave(pod.pod()));
        }
    }

    private boolean isGone(PodName pod) {
        return cluster.find(pod)
                .flatMap(PodRecord::placement)
                .filter(identity::hosts)
                .filter(placement -> !containers.containsKey(placement.containerId()))
                .isPresent();
    }

    private void withdraw(PodName pod) {
        String id = cluster.find(pod)
                .flatMap(PodRecord::placement)
                .map(Placement::containerId)
                .orElseThrow();
        OptionalLong revision = store.unregister(pod, id);
        Set<PodName> affected = revision.isPresent()
                ? cluster.place(pod, Optional.empty(), revision.getAsLong())
                : cluster.put(store.read(pod));
        affected.remove(pod);
        affected.forEach(this::reconcile);
    }

    /**
     * The daemon is killed while it carries out a plan, and started again: it knows nothing any more.
     *
     * @param steps that it did
     * @param half whether it was in the middle of the next
     */
    void crash(PodName pod, int steps, boolean half) {
        List<Action> actions = plan(pod).actions();
        int done = Math.min(steps, actions.size());
        execute(actions.subList(0, done));
        if (half && done < actions.size()) {
            try {
                kernel.begin(actions.get(done));
            } catch (ModelKernel.Refusal e) {
                // Then it did nothing.
            }
        }
        cluster = new Cluster();
    }

    /** Everything on the node is gone but for what the store says of it. */
    void reboot() {
        containers.clear();
        kernel = new ModelKernel(identity);
        cluster = new Cluster();
    }

    /** Somebody in a pod changes one of our devices. */
    void tamper(String container, int what) {
        Namespace namespace = containers.get(container).namespace();
        List<String> names = List.copyOf(namespace.devices().keySet());
        if (!names.isEmpty()) {
            kernel.tamper(namespace, names.get(what % names.size()), what / names.size() % 3);
        }
    }

    private static String path(String container) {
        return "/run/netns/" + container;
    }
}
