package io.meshnet.reconciler;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What the daemons of two nodes tell each other of a tunnel's ends, besides what the store tells both: it is for speed, and for nodes
 * that follow no store. Safe for use by any thread.
 */
public final class PeerLinks {

    private static final System.Logger LOG = System.getLogger(PeerLinks.class.getName());

    /** What a namespace goes by that is no known pod's. */
    private static final PodName UNKNOWN = PodName.of("unknown");

    private final NodeIdentity node;
    private final Cluster cluster;
    private final KernelThread kernel;
    private final Reconciler reconciler;

    /**
     * Takes what it works with; does nothing yet.
     *
     * @param node this node
     * @param cluster topology and placements
     * @param kernel the node's kernel thread; stays the caller's
     * @param reconciler of the same three
     */
    public PeerLinks(NodeIdentity node, Cluster cluster, KernelThread kernel, Reconciler reconciler) {
        this.node = node;
        this.cluster = cluster;
        this.kernel = kernel;
        this.reconciler = reconciler;
    }

    /** What the daemons of other nodes have to be told so that they can make their ends of a pod's links at once. */
    public List<PeerUpdate> updates(PodName pod) {
        List<PeerUpdate> updates = new ArrayList<>();
        for (Desired each : DesiredLinks.leavingNode(cluster, node, pod).orElse(List.of())) {
            if (each instanceof Desired.Vxlan(PodLink link, LinkEnd local, InetAddress remote)) {
                LinkEnd far = local.equals(link.first()) ? link.second() : link.first();
                Optional<Placement> placement = cluster.find(far.pod()).flatMap(PodRecord::placement);
                placement.flatMap(LocalPod::path).ifPresent(netns -> {
                    VtepUpdate update = new VtepUpdate(netns, far.ifname(), far.address(), node.vtep(), link.vni());
                    boolean follows = !placement.get().node().isEmpty();
                    updates.add(new PeerUpdate(link, far.pod(), remote, follows, update));
                });
            }
        }
        return updates;
    }

    /**
     * Does what a peer's daemon asks for. Where the topology governs the interface and knows both pods, it has the last word, and the
     * update is only a reason to look; an update for a pod that is in the topology and not here comes too late, and is refused.
     *
     * @return completes when it is done; fails with a {@link WiringException} or a {@link NetlinkException} when it cannot be
     */
    public CompletableFuture<Void> apply(VtepUpdate update) {
        // Decided on the kernel thread: whoever left before its turn came has left by then.
        return kernel.submit(socket -> {
            switch (decide(cluster, node, update)) {
                case Decision.Make(Action.Device device, boolean replaces) -> make(socket, update, device, replaces);
                case Decision.Reconcile(PodName pod, Desired governing) -> {
                    if (!agrees(governing, update)) {
                        LOG.log(
                                Level.WARNING,
                                "{0}: a peer asks for {1}, the topology decides",
                                governing.link(),
                                update);
                    }
                    requireInPlace(reconciler.reconcileNow(socket, pod), governing.link());
                }
                case Decision.Refuse(String reason) -> throw new WiringException(reason);
            }
            return null;
        });
    }

    /** What follows from an update. */
    sealed interface Decision {

        /**
         * The device is made as the peer has it.
         *
         * @param replaces whether what meshnet did not make gives way to it. Not in a pod that is known: the topology may be about to
         *     say so, and there, too, it would stay.
         */
        record Make(Action.Device device, boolean replaces) implements Decision {}

        /** The topology governs the interface, and the update is only a reason to look. */
        record Reconcile(PodName pod, Desired governing) implements Decision {}

        /** It cannot be. */
        record Refuse(String reason) implements Decision {}
    }

    /** Decides what an update comes to: a pure function of what is known. */
    static Decision decide(Cluster cluster, NodeIdentity node, VtepUpdate update) {
        Optional<PodName> pod = podIn(cluster, node, update.netns());
        Optional<Desired> governing = pod.flatMap(name -> DesiredLinks.of(cluster, node, name))
                .flatMap(all -> all.stream()
                        .filter(each -> claims(each, pod.get(), update.ifname()))
                        .findFirst());
        return switch (governing.orElse(null)) {
            case null ->
                absentPod(cluster, node, update)
                        .<Decision>map(Decision.Refuse::new)
                        .orElseGet(() -> new Decision.Make(
                                VtepUpdates.device(update, pod.orElse(UNKNOWN), node.mtu()), pod.isEmpty()));
            case Desired.Waiting waiting
            when waiting.link().vni() == update.vni() ->
                new Decision.Make(Planner.made(node, waiting.link(), waiting.local()), false);
            case Desired other -> new Decision.Reconcile(pod.orElseThrow(), other);
        };
    }

    /** The topology says whose the interface is; if that pod is not here it went meanwhile, and its namespace is none of ours. */
    private static Optional<String> absentPod(Cluster cluster, NodeIdentity node, VtepUpdate update) {
        return cluster.declared(update.vni() - DeclaredLink.VNI_BASE).stream()
                .map(PodLink::of)
                .flatMap(link -> link.ends().stream()
                        .filter(end ->
                                end.ifname().equals(update.ifname()) && !DesiredLinks.isHere(cluster, node, end.pod()))
                        .map(end -> link + ": pod " + end.pod() + " does not run on this node"))
                .findFirst();
    }

    private static Optional<PodName> podIn(Cluster cluster, NodeIdentity node, Path netns) {
        return cluster.at(netns.toString()).stream()
                .filter(pod -> pod.placement().filter(node::hosts).isPresent())
                .map(PodRecord::pod)
                .findFirst();
    }

    private static boolean claims(Desired desired, PodName pod, String ifname) {
        return desired.link().ends().stream()
                .anyMatch(end -> end.pod().equals(pod) && end.ifname().equals(ifname));
    }

    private static boolean agrees(Desired desired, VtepUpdate update) {
        return desired instanceof Desired.Vxlan vxlan
                && vxlan.remote().equals(update.remote())
                && vxlan.link().vni() == update.vni();
    }

    private static void requireInPlace(Outcome outcome, PodLink link) {
        outcome.links().stream()
                .filter(state -> state.link().uid() == link.uid())
                .filter(state -> state.phase() != LinkState.Phase.IN_PLACE)
                .findFirst()
                .ifPresent(state -> {
                    throw new WiringException(state.link() + ": " + state.reason());
                });
    }

    private void make(RouteSocket socket, VtepUpdate update, Action.Device wanted, boolean replaces) {
        if (update.remote().getClass() != node.vtep().getClass()) {
            throw new WiringException("peer_vtep " + NumericAddress.format(update.remote())
                    + " is of another address family than this node's VTEP " + NumericAddress.format(node.vtep()));
        }
        PodName pod = wanted.pod();
        try (OpenPods pods = OpenPods.open(socket, new LocalPod(pod, update.netns(), Optional.empty()), List.of())) {
            if (!pods.isOpen(pod)) {
                throw new WiringException("net_ns " + update.netns() + " is no network namespace on this node");
            }
            Optional<Link> found = pods.pod(pod).socket().links().find(update.ifname());
            List<Action> actions = VtepUpdates.plan(update, wanted, found, node.vxlanPort());
            if (!replaces && !actions.isEmpty()) {
                Planner.obstacle(pod, update.ifname(), found).ifPresent(reason -> {
                    throw new WiringException(reason);
                });
            }
            Map<String, String> undone = new Executor(node, socket, pods, kernel.freeing()).execute(actions);
            undone.values().stream().findFirst().ifPresent(reason -> {
                throw new WiringException(reason);
            });
        }
    }
}
