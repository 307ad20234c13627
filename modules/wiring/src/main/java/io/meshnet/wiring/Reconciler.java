package io.meshnet.wiring;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.NetnsId;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Makes the links of this node's pods what the topology and the placements say. It is level-triggered: whatever happened, the same
 * follows, for all links of the pod concerned; doing it twice changes nothing. Safe for use by any thread: the work is done by the
 * kernel thread, in order, and a pod that already waits for its turn does not wait twice.
 */
public final class Reconciler {

    private static final System.Logger LOG = System.getLogger(Reconciler.class.getName());

    /** What a namespace goes by that is no known pod's. */
    private static final PodName UNKNOWN = PodName.of("unknown");

    private final NodeIdentity node;
    private final Cluster cluster;
    private final KernelThread kernel;
    private final Function<PodName, Optional<NetnsId>> identities;
    private final Map<PodName, CompletableFuture<Outcome>> waiting = new HashMap<>();
    private volatile Consumer<Outcome> listener = _ -> {};

    /**
     * Takes what it works with; does nothing yet.
     *
     * @param node this node
     * @param cluster topology and placements, kept current by the caller
     * @param kernel the node's kernel thread; stays the caller's
     * @param identities what namespace a pod came with, where that was noted
     */
    public Reconciler(
            NodeIdentity node, Cluster cluster, KernelThread kernel, Function<PodName, Optional<NetnsId>> identities) {
        this.node = node;
        this.cluster = cluster;
        this.kernel = kernel;
        this.identities = identities;
    }

    /**
     * Has every outcome told from now on.
     *
     * @param listener called on the kernel thread; must be quick
     */
    public void listen(Consumer<Outcome> listener) {
        this.listener = listener;
    }

    /** Reconciles all links of a pod. The future fails only when this node's own namespace cannot be worked in. */
    public CompletableFuture<Outcome> reconcile(PodName pod) {
        synchronized (waiting) {
            CompletableFuture<Outcome> queued = waiting.get(pod);
            if (queued != null) {
                return queued;
            }
            CompletableFuture<Outcome> turn = kernel.submit(socket -> {
                synchronized (waiting) {
                    waiting.remove(pod);
                }
                Outcome outcome = reconcileNow(socket, pod);
                listener.accept(outcome);
                return outcome;
            });
            waiting.put(pod, turn);
            // It leaves the queue when its turn comes; this is for a turn that never came.
            var _ = turn.whenComplete((_, _) -> {
                synchronized (waiting) {
                    waiting.remove(pod, turn);
                }
            });
            return turn;
        }
    }

    /** Looks at all links of a pod and changes nothing; a link that lacks something is {@link LinkState.Phase#FAILED}. */
    public CompletableFuture<Outcome> inspect(PodName pod) {
        return kernel.submit(_ -> work(pod, (_, actions) -> {
            Map<String, String> lacking = new HashMap<>();
            actions.forEach(action -> lacking.putIfAbsent(action.link(), "it lacks " + action));
            return lacking;
        }));
    }

    private Outcome reconcileNow(RouteSocket socket, PodName pod) {
        return work(pod, (pods, actions) -> new Executor(node, socket, pods).execute(actions));
    }

    /** @param deed carries actions out or not, and tells what stays undone and why, by link */
    private Outcome work(PodName pod, BiFunction<OpenPods, List<Action>, Map<String, String>> deed) {
        Optional<List<Desired>> desired = DesiredLinks.of(cluster, node, pod);
        if (desired.isEmpty()) {
            return new Outcome(pod, Outcome.Presence.NOT_CONCERNED, List.of());
        }
        Optional<LocalPod> here = local(pod);
        if (here.isEmpty()) {
            return new Outcome(pod, Outcome.Presence.NETNS_GONE, List.of());
        }
        try (OpenPods pods = OpenPods.open(here.get(), peersHere(pod, desired.get()))) {
            Observed observed = pods.observe(pod);
            if (!pods.isOpen(pod)) {
                return new Outcome(pod, Outcome.Presence.NETNS_GONE, List.of());
            }
            Planner.Plan plan = Planner.plan(node, pod, desired.get(), observed);
            Map<String, String> undone = deed.apply(pods, plan.actions());
            List<LinkState> states = plan.states().stream()
                    .map(state -> undone.containsKey(state.link().toString())
                            ? state.failed(undone.get(state.link().toString()))
                            : state)
                    .toList();
            return new Outcome(pod, Outcome.Presence.PRESENT, states);
        } catch (NetlinkException | WiringException e) {
            List<LinkState> states = desired.get().stream()
                    .map(each -> new LinkState(each.link(), LinkState.Phase.FAILED, e.getMessage()))
                    .toList();
            return new Outcome(pod, Outcome.Presence.PRESENT, states);
        }
    }

    /** What the daemons of other nodes have to be told so that they can make their ends of a pod's links at once. */
    public List<PeerUpdate> peerUpdates(PodName pod) {
        List<PeerUpdate> updates = new ArrayList<>();
        for (Desired each : DesiredLinks.of(cluster, node, pod).orElse(List.of())) {
            if (each instanceof Desired.Vxlan(PodLink link, LinkEnd local, InetAddress remote)) {
                LinkEnd far = local.equals(link.first()) ? link.second() : link.first();
                cluster.find(far.pod())
                        .flatMap(PodRecord::placement)
                        .flatMap(Reconciler::path)
                        .ifPresent(netns -> {
                            updates.add(new PeerUpdate(
                                    link,
                                    remote,
                                    new VtepUpdate(netns, far.ifname(), far.address(), node.vtep(), link.vni())));
                        });
            }
        }
        return updates;
    }

    /** Every other pod of this node that the pod shall have a veth to. */
    private List<LocalPod> peersHere(PodName pod, List<Desired> desired) {
        Map<PodName, LocalPod> peers = new LinkedHashMap<>();
        for (Desired each : desired) {
            if (each instanceof Desired.Veth(PodLink link)) {
                for (LinkEnd end : link.ends()) {
                    if (!end.pod().equals(pod) && !peers.containsKey(end.pod())) {
                        local(end.pod()).ifPresent(found -> peers.put(end.pod(), found));
                    }
                }
            }
        }
        return List.copyOf(peers.values());
    }

    private Optional<LocalPod> local(PodName pod) {
        return cluster.find(pod)
                .flatMap(PodRecord::placement)
                .filter(node::hosts)
                .flatMap(placement -> path(placement).map(netns -> new LocalPod(pod, netns, identities.apply(pod))));
    }

    /** Empty for what another node wrote and no file system could hold. */
    private static Optional<Path> path(Placement placement) {
        try {
            return Optional.of(Path.of(placement.netns()));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * Deletes every device of ours in a namespace, with their veth peers in others. A namespace that is gone took them along.
     *
     * @return completes when they are gone
     */
    public CompletableFuture<Void> release(LocalPod pod) {
        return kernel.submit(_ -> {
            try (OpenPods pods = OpenPods.open(pod, List.of())) {
                if (pods.isOpen(pod.pod())
                        && pods.pod(pod.pod()).socket().links().list().stream().anyMatch(Marking::isOurs)) {
                    pods.pod(pod.pod()).socket().links().deleteGroup(Marking.GROUP);
                    LOG.log(Level.INFO, "pod {0}: released its links in {1}", pod.pod(), pod.netns());
                }
            }
            return null;
        });
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
            Optional<PodName> pod = podIn(update.netns());
            Optional<Desired> desired = pod.flatMap(name -> DesiredLinks.of(cluster, node, name))
                    .flatMap(all -> all.stream()
                            .filter(each -> claims(each, pod.get(), update.ifname()))
                            .findFirst());
            switch (desired.orElse(null)) {
                case null -> {
                    requireNoAbsentPod(update);
                    PodName label = pod.orElse(UNKNOWN);
                    applyNow(socket, update, VtepUpdates.device(update, label));
                }
                case Desired.Waiting waiting
                when waiting.link().vni() == update.vni() ->
                    applyNow(socket, update, Planner.made(waiting.link(), waiting.local()));
                case Desired governed -> {
                    if (!agrees(governed, update)) {
                        LOG.log(
                                Level.WARNING,
                                "{0}: a peer asks for {1}, the topology decides",
                                governed.link(),
                                update);
                    }
                    Outcome outcome = reconcileNow(socket, pod.orElseThrow());
                    listener.accept(outcome);
                    requireInPlace(outcome, governed.link());
                }
            }
            return null;
        });
    }

    /** The topology says whose the interface is; if that pod is not here it went meanwhile, and its namespace is none of ours. */
    private void requireNoAbsentPod(VtepUpdate update) {
        for (PodRecord pod : cluster.all()) {
            for (DeclaredLink declared : cluster.declared(pod.pod())) {
                PodLink link = PodLink.of(declared);
                for (LinkEnd end : link.ends()) {
                    if (link.vni() == update.vni()
                            && end.ifname().equals(update.ifname())
                            && local(end.pod()).isEmpty()) {
                        throw new WiringException(link + ": pod " + end.pod() + " does not run on this node");
                    }
                }
            }
        }
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

    private void applyNow(RouteSocket socket, VtepUpdate update, Action.Device wanted) {
        if (update.remote().getClass() != node.vtep().getClass()) {
            throw new WiringException("peer_vtep " + NumericAddress.format(update.remote())
                    + " is of another address family than this node's VTEP " + NumericAddress.format(node.vtep()));
        }
        PodName pod = wanted.pod();
        try (OpenPods pods = OpenPods.open(new LocalPod(pod, update.netns(), Optional.empty()), List.of())) {
            if (!pods.isOpen(pod)) {
                throw new WiringException("net_ns " + update.netns() + " is no network namespace on this node");
            }
            Optional<Link> found = pods.pod(pod).socket().links().find(update.ifname());
            List<Action> actions = VtepUpdates.plan(update, wanted, found, node.vxlanPort());
            Map<String, String> undone = new Executor(node, socket, pods).execute(actions);
            undone.values().stream().findFirst().ifPresent(reason -> {
                throw new WiringException(reason);
            });
        }
    }

    private Optional<PodName> podIn(Path netns) {
        return cluster.all().stream()
                .filter(pod ->
                        pod.placement().map(placement -> isAt(placement, netns)).orElse(false))
                .map(PodRecord::pod)
                .findFirst();
    }

    private boolean isAt(Placement placement, Path netns) {
        return node.hosts(placement) && placement.netns().equals(netns.toString());
    }
}
