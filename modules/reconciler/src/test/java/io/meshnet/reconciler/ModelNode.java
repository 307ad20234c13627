package io.meshnet.reconciler;

import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.reconciler.peer.PeerLinks;
import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.plan.Action;
import io.meshnet.reconciler.plan.Plan;
import io.meshnet.reconciler.plan.Planner;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.DesiredLinks;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A node of the model: the daemon's part in what happens to its pods, around the real cluster,
 * planner and decisions, on a model of the kernel. It keeps what the daemon keeps over a restart,
 * and no more.
 */
final class ModelNode {

    private final NodeIdentity identity;
    private final ModelStore store;
    private final Set<String> alive;
    private final List<PodRecord> inbox = new ArrayList<>();
    private final Map<String, ModelContainer> containers = new LinkedHashMap<>();
    private final InterfaceHistory history = new InterfaceHistory();
    private ModelKernel kernel = new ModelKernel();
    private Cluster cluster = new Cluster();
    private ModelPanel panel = open();

    /** @param alive the nodes that are alive; the next snapshot reads it again */
    ModelNode(NodeIdentity identity, ModelStore store, Set<String> alive) {
        this.identity = identity;
        this.store = store;
        this.alive = alive;
    }

    private ModelPanel open() {
        return new ModelPanel(kernel, this::namespaceOf);
    }

    NodeIdentity identity() {
        return identity;
    }

    ModelKernel kernel() {
        return kernel;
    }

    List<PodRecord> inbox() {
        return inbox;
    }

    /** The containers that were not deleted, in the order in which they came. */
    List<String> containers() {
        return containers.values().stream()
                .filter(container -> !container.isDetached())
                .map(container -> container.id())
                .toList();
    }

    Namespace namespace(String container) {
        return containers.get(container).namespace();
    }

    PodName pod(String container) {
        return containers.get(container).pod();
    }

    /** ADD of a new container, up to the answer. */
    void add(PodName pod, String id) {
        containers.put(id, new ModelContainer(id, pod, kernel.create()));
        place(containers.get(id));
    }

    private void place(ModelContainer container) {
        PodName pod = container.pod();
        reconcile(cluster.put(store.read(pod)));
        Optional<Placement> before = cluster.find(pod).flatMap(PodRecord::placement);
        Placement placement = new Placement(identity.vtep(), path(container.id()), container.id(), identity.name());
        long revision = store.register(pod, placement);
        before.filter(identity::hosts)
                .map(old -> containers.get(old.containerId()))
                .filter(old -> !old.id().equals(container.id()))
                .ifPresent(this::release);
        Set<PodName> affected = new HashSet<>(cluster.place(pod, Optional.of(placement), revision));
        affected.removeAll(made(pod).settledPeers());
        affected.remove(pod);
        reconcile(affected);
    }

    private void release(ModelContainer container) {
        history.forget(container.namespace());
        panel.release(container.namespace().number());
    }

    /** DEL of a container, which may have been deleted before. */
    void delete(PodName pod, String id) {
        Optional<ModelContainer> container = Optional.ofNullable(containers.get(id));
        container.ifPresent(found -> found.detach());
        Set<PodName> neighbours = cluster.leave(pod, id);
        container.ifPresent(this::release);
        reconcile(neighbours);
        reconcile(withdraw(pod, id));
        containers.remove(id);
        cluster.forget(id);
    }

    /** Withdraws a placement if it is that container's; returns the affected pods. */
    private Set<PodName> withdraw(PodName pod, String id) {
        OptionalLong revision = store.unregister(pod, id);
        return revision.isPresent()
                ? cluster.place(pod, Optional.empty(), revision.getAsLong())
                : cluster.put(store.read(pod));
    }

    /** One event of the store. */
    void take(PodRecord pod) {
        Set<PodName> affected = cluster.put(pod);
        reconcile(affected);
        settle(affected);
    }

    /** What the daemon sees when it begins to follow the store, or begins again. */
    void snapshot() {
        Set<PodName> affected = cluster.replaceAll(store.all(), Set.copyOf(alive), store.revision());
        reconcile(affected);
        affected.addAll(containers.values().stream().map(each -> each.pod()).toList());
        settle(affected);
    }

    private void settle(Collection<PodName> pods) {
        for (ModelContainer container : List.copyOf(containers.values())) {
            Optional<Placement> placement = cluster.find(container.pod()).flatMap(PodRecord::placement);
            if (container.isDetached()) {
                delete(container.pod(), container.id());
            } else if (pods.contains(container.pod()) && container.namespace().isAlive()) {
                boolean isNobodys = placement.filter(this::isNobodys).isPresent();
                if ((placement.isEmpty() || isNobodys) && isLast(container)) {
                    place(container);
                } else if (placement.isPresent()
                        && !isNobodys
                        && !placement.get().containerId().equals(container.id())) {
                    release(container);
                }
            }
        }
    }

    /** Whether a placement says that a container runs here which no runtime attached. */
    private boolean isNobodys(Placement placement) {
        return identity.hosts(placement) && !containers.containsKey(placement.containerId());
    }

    private boolean isLast(ModelContainer container) {
        return containers.values().stream()
                .filter(other -> other.pod().equals(container.pod()) && !other.isDetached())
                .reduce((_, later) -> later)
                .equals(Optional.of(container));
    }

    /** A peer's daemon calls PUT /vtep: the node reconciles the pod. */
    void take(VtepUpdate update) {
        PeerLinks links = new PeerLinks(identity, cluster, null, false);
        containers.values().stream()
                .filter(each -> !each.isDetached() && Path.of(path(each.id())).equals(update.netns()))
                .findFirst()
                .ifPresent(there -> links.peer(there.pod(), update).ifPresent(peer -> {
                    reconcile(cluster.put(store.read(peer)));
                    reconcile(there.pod());
                }));
    }

    /** The calls of PUT /vtep that this node makes about one of its pods. */
    List<PeerUpdate> updates(PodName pod) {
        return new PeerLinks(identity, cluster, null, false).updates(pod);
    }

    /** What the kernel notified of is taken in. */
    void notice() {
        Set<Integer> groups = panel.notice();
        for (PodName pod : cluster.on(identity)) {
            if (namespaceOf(pod).filter(it -> groups.contains(it.number())).isPresent()) {
                reconcile(pod);
            }
        }
    }

    /** The periodic inspection: looks again, and deletes the ports of pods that are gone. */
    void inspect() {
        panel.refresh();
        Set<Integer> stale = panel.groups();
        containers.values().stream()
                .filter(container -> !container.isDetached())
                .forEach(container -> stale.remove(container.namespace().number()));
        cluster.on(identity).forEach(pod -> namespaceOf(pod).ifPresent(it -> stale.remove(it.number())));
        stale.forEach(panel::release);
    }

    private void reconcile(Collection<PodName> pods) {
        pods.forEach(this::reconcile);
    }

    /**
     * Carries out what there is to do for a pod.
     *
     * @return whether anything was done
     */
    boolean reconcile(PodName pod) {
        Optional<List<DesiredLink>> desired = DesiredLinks.of(cluster, identity, pod);
        if (desired.isEmpty()) {
            return false;
        }
        Optional<ModelContainer> here = containerOf(pod);
        if (here.isEmpty()) {
            return withdrawGone(pod);
        }
        Namespace namespace = here.get().namespace();
        List<Action> actions = plan(desired.get(), namespace).actions();
        Set<String> names =
                desired.get().stream().map(each -> each.local().ifname()).collect(Collectors.toSet());
        boolean isInPod =
                actions.stream().anyMatch(each -> each instanceof Action.MakePort || each instanceof Action.Apply);
        if (isInPod && !namespace.isAlive()) {
            return withdrawGone(pod);
        }
        history.declare(namespace, names);
        Map<LinkId, String> failed = panel.run(namespace, actions);
        Map<String, ModelInterface> now = new HashMap<>();
        names.forEach(name -> panel.port(new EndId(pod, name))
                .flatMap(port -> kernel.end(port.ifindex()))
                .ifPresent(there -> now.put(name, there)));
        history.record(namespace, now);
        return actions.stream()
                .anyMatch(each -> each.link().filter(failed::containsKey).isEmpty());
    }

    private Plan plan(List<DesiredLink> desired, Namespace namespace) {
        return Planner.plan(identity, desired, panel.look(namespace, desired));
    }

    /** What there is to do, for people. */
    List<Action> undone() {
        List<Action> all = new ArrayList<>();
        for (PodName pod : cluster.on(identity)) {
            DesiredLinks.of(cluster, identity, pod)
                    .ifPresent(desired -> namespaceOf(pod)
                            .ifPresent(it -> all.addAll(plan(desired, it).actions())));
        }
        return all;
    }

    /** Reconciles a pod, and tells how its links stand. */
    private PodStatus made(PodName pod) {
        reconcile(pod);
        Optional<List<DesiredLink>> desired = DesiredLinks.of(cluster, identity, pod);
        Optional<ModelContainer> here = containerOf(pod);
        if (desired.isEmpty() || here.isEmpty()) {
            return PodStatus.absent(pod, PodStatus.Presence.NOT_CONCERNED);
        }
        Plan left = plan(desired.get(), here.get().namespace());
        List<LinkStatus> statuses = left.statuses(left.lacking());
        return PodStatus.present(pod, desired.get(), statuses);
    }

    /** The container of a pod that its placement names, or else its last. */
    private Optional<ModelContainer> containerOf(PodName pod) {
        return cluster.find(pod)
                .flatMap(PodRecord::placement)
                .filter(identity::hosts)
                .flatMap(placement -> Optional.ofNullable(containers.get(placement.containerId()))
                        .or(() -> containers.values().stream()
                                .filter(each -> each.pod().equals(pod) && !each.isDetached())
                                .reduce((_, later) -> later)));
    }

    private Optional<Namespace> namespaceOf(PodName pod) {
        return containerOf(pod).map(container -> container.namespace());
    }

    private boolean withdrawGone(PodName pod) {
        String id = cluster.find(pod)
                .flatMap(PodRecord::placement)
                .map(Placement::containerId)
                .orElseThrow();
        Set<PodName> affected = new HashSet<>(withdraw(pod, id));
        affected.remove(pod);
        reconcile(affected);
        return true;
    }

    /** The runtime ends a container's namespace. */
    void destroy(String container) {
        Namespace ended = containers.get(container).namespace();
        history.forget(ended);
        kernel.destroy(ended);
    }

    /** Restarts the daemon: it forgets what it knew, and the patch namespace stays. */
    void restart() {
        kernel.killNever();
        cluster = new Cluster();
        panel = open();
    }

    /** Nobody holds the patch namespace while no daemon runs. */
    void losePatch() {
        kernel.losePatch();
        history.clear();
        restart();
    }

    /** Everything on the node is gone but for what the store says of it. */
    void reboot() {
        containers.clear();
        history.clear();
        kernel = new ModelKernel();
        restart();
    }

    /** A pod deletes an interface, so that another one may take its place. */
    void remove(ModelInterface deleted) {
        history.forget(deleted);
        kernel.remove(deleted);
    }

    private static String path(String container) {
        return "/run/netns/" + container;
    }
}
