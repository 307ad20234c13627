package io.meshnet.reconciler;

import io.meshnet.bpf.BpfException;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.kernel.MissingNamespaceException;
import io.meshnet.reconciler.kernel.Panel;
import io.meshnet.reconciler.plan.Action;
import io.meshnet.reconciler.plan.ObservedPorts;
import io.meshnet.reconciler.plan.Plan;
import io.meshnet.reconciler.plan.Planner;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.DesiredLinks;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkException;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Makes the links of this node's pods what the topology and the placements say. It is
 * level-triggered: after every event it compares all links of the pod with the kernel and changes
 * what differs. Done twice, it finds nothing to do. Safe for use by any thread: the kernel thread
 * does the work, in order. Requests for a pod that waits for its turn already share that turn.
 */
public final class Reconciler implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Reconciler.class.getName());

    private final NodeIdentity node;
    private final Cluster cluster;
    private final KernelThread kernel;
    private final PatchNamespace patch;
    private final Function<PodName, Optional<LocalPod>> noted;
    private final Map<PodName, CompletableFuture<PodStatus>> waiting = new HashMap<>();
    private final Consumer<Set<Integer>> changes = this::reconcileGroups;
    private volatile Consumer<PodStatus> listener = _ -> {};

    /** The result of one turn. Unless {@code isWhole}, the pod needs another turn. */
    private record Turn(PodStatus status, Map<LinkId, String> failed, boolean isWhole) {
        static Turn absent(PodName pod, PodStatus.Presence presence) {
            return new Turn(PodStatus.absent(pod, presence), Map.of(), true);
        }
    }

    /**
     * Does nothing yet.
     *
     * @param node this node
     * @param cluster topology and placements, kept current by the caller
     * @param kernel the node's kernel thread; stays the caller's
     * @param patch the node's patch namespace; stays the caller's
     * @param noted where a pod of this node is, if the daemon knows more than the path in its
     *     placement
     */
    public Reconciler(
            NodeIdentity node,
            Cluster cluster,
            KernelThread kernel,
            PatchNamespace patch,
            Function<PodName, Optional<LocalPod>> noted) {
        this.node = node;
        this.cluster = cluster;
        this.kernel = kernel;
        this.patch = patch;
        this.noted = noted;
        patch.listen(changes);
    }

    /**
     * Calls the listener with every outcome from now on.
     *
     * @param listener called on the kernel thread; must be quick
     */
    public void listen(Consumer<PodStatus> listener) {
        this.listener = listener;
    }

    /** Reconciles all links of a pod. The future fails only when this node's own namespace cannot be worked in. */
    public CompletableFuture<PodStatus> reconcile(PodName pod) {
        synchronized (waiting) {
            CompletableFuture<PodStatus> queued = waiting.get(pod);
            if (queued != null) {
                return queued;
            }
            CompletableFuture<PodStatus> result = turn(pod, Map.of(), () -> {
                synchronized (waiting) {
                    waiting.remove(pod);
                }
            });
            if (!result.isDone()) {
                waiting.put(pod, result);
            }
            // A turn leaves the queue when it begins. This removes a turn that never began.
            var _ = result.whenComplete((_, _) -> {
                synchronized (waiting) {
                    waiting.remove(pod, result);
                }
            });
            return result;
        }
    }

    /**
     * Takes turns until the pod is done.
     *
     * @param failed the links that failed in the turns before, and why; this reconciliation does
     *     not try them again
     */
    private CompletableFuture<PodStatus> turn(PodName pod, Map<LinkId, String> failed, Runnable begun) {
        return kernel.submit(socket -> {
                    begun.run();
                    return take(socket, pod, failed);
                })
                .thenCompose(turn -> turn.isWhole()
                        ? CompletableFuture.completedFuture(turn.status())
                        : turn(pod, turn.failed(), () -> {}));
    }

    /** Reconciles those pods of this reconciler that have ports of the groups. */
    private void reconcileGroups(Set<Integer> groups) {
        for (PodName pod : cluster.on(node)) {
            OptionalInt group = groupOf(pod);
            if (group.isPresent() && groups.contains(group.getAsInt())) {
                var _ = reconcile(pod);
            }
        }
    }

    /** Looks at all links of a pod and changes nothing; a link that lacks something is {@link LinkStatus.Phase#FAILED}. */
    public CompletableFuture<PodStatus> inspect(PodName pod) {
        return kernel.submit(socket -> work(socket, pod, PodTurn::inspect, (turn, plan) -> {
                    boolean isGone =
                            plan.actions().stream().anyMatch(Action.MakePort.class::isInstance) && !turn.isThere();
                    return isGone ? Optional.empty() : Optional.of(plan.lacking());
                })
                .status());
    }

    /** Gets what one look at a pod has found. */
    interface Looker<T> {
        T look(List<DesiredLink> desired, Plan plan, ObservedPorts seen, Panel panel);
    }

    /** Looks at each pod of this node, one turn of the kernel thread each; empty for a pod that left or whose declaration is broken. */
    <T> Map<PodName, CompletableFuture<Optional<T>>> look(Looker<T> looker) {
        Map<PodName, CompletableFuture<Optional<T>>> looks = new LinkedHashMap<>();
        for (PodName pod : cluster.on(node)) {
            looks.put(pod, kernel.submit(socket -> look(socket, pod, looker)));
        }
        return looks;
    }

    private <T> Optional<T> look(RouteSocket socket, PodName pod, Looker<T> looker) {
        Optional<List<DesiredLink>> desired = DesiredLinks.of(cluster, node, pod);
        Optional<LocalPod> here = local(pod);
        if (desired.isEmpty() || here.isEmpty()) {
            return Optional.empty();
        }
        try (PodTurn turn = open(socket, here.get())) {
            ObservedPorts seen = turn.group().isPresent()
                    ? turn.look(desired.get())
                    : new ObservedPorts.Builder(List.of()).build(Optional.empty());
            Plan plan = Planner.plan(node, desired.get(), seen);
            return Optional.of(looker.look(desired.get(), plan, seen, patch.panel(socket)));
        } catch (NetlinkException | BpfException | LinkException | MissingNamespaceException e) {
            LOG.log(Level.DEBUG, "pod {0} cannot be looked at: {1}", pod, e.getMessage());
            return Optional.empty();
        }
    }

    /** One turn; the listener hears of it when the pod is done. For the kernel thread. */
    private Turn take(RouteSocket socket, PodName pod, Map<LinkId, String> failed) {
        Turn turn = work(socket, pod, PodTurn::look, (work, plan) -> work.run(plan.actions(), failed));
        if (turn.isWhole()) {
            listener.accept(turn.status());
        }
        return turn;
    }

    /**
     * Runs a plan or only examines it. Returns the reason for each link that failed; empty when the
     * pod's namespace is gone.
     */
    private interface Deed {
        Optional<Map<LinkId, String>> apply(PodTurn turn, Plan plan);
    }

    private Turn work(
            RouteSocket socket, PodName pod, BiFunction<PodTurn, List<DesiredLink>, ObservedPorts> eye, Deed deed) {
        Optional<List<DesiredLink>> desired = DesiredLinks.of(cluster, node, pod);
        if (desired.isEmpty()) {
            return Turn.absent(pod, PodStatus.Presence.NOT_CONCERNED);
        }
        Optional<LocalPod> here = local(pod);
        if (here.isEmpty()) {
            return Turn.absent(pod, PodStatus.Presence.NETNS_GONE);
        }
        try (PodTurn turn = open(socket, here.get())) {
            if (turn.group().isEmpty()) {
                return Turn.absent(pod, PodStatus.Presence.NETNS_GONE);
            }
            Plan plan = Planner.plan(node, desired.get(), eye.apply(turn, desired.get()));
            Optional<Map<LinkId, String>> failed = deed.apply(turn, plan);
            if (failed.isEmpty()) {
                return Turn.absent(pod, PodStatus.Presence.NETNS_GONE);
            }
            PodStatus status = PodStatus.present(pod, desired.get(), plan.statuses(failed.get()));
            return new Turn(status, failed.get(), turn.isWhole());
        } catch (NetlinkException | BpfException | LinkException | MissingNamespaceException e) {
            List<LinkStatus> statuses = desired.get().stream()
                    .map(each -> new LinkStatus(each.link(), LinkStatus.Phase.FAILED, e.getMessage()))
                    .toList();
            Plan nothing = new Plan(List.of(), statuses);
            return new Turn(PodStatus.present(pod, desired.get(), nothing.statuses(Map.of())), Map.of(), true);
        }
    }

    private PodTurn open(RouteSocket socket, LocalPod here) {
        return new PodTurn(socket, patch.panel(socket), here, this::groupOf);
    }

    /**
     * The number of the namespace of a pod of this node; empty while that namespace is not known.
     */
    OptionalInt groupOf(PodName pod) {
        return local(pod).map(LocalPod::group).orElse(OptionalInt.empty());
    }

    /** The numbers of the namespaces of all pods that are placed on this node. */
    public Set<Integer> groups() {
        Set<Integer> groups = new HashSet<>();
        cluster.on(node).forEach(pod -> groupOf(pod).ifPresent(groups::add));
        return groups;
    }

    /** A pod that is placed on this node. */
    Optional<LocalPod> local(PodName pod) {
        return cluster.find(pod)
                .flatMap(PodRecord::placement)
                .filter(node::hosts)
                .flatMap(placement -> noted.apply(pod).or(() -> LocalPod.at(placement, pod, Optional.empty())));
    }

    /**
     * Makes an interface that a daemon of another node asks for and that no topology has. It lasts
     * as long as the pod, or until the topology declares a link on that interface.
     *
     * @param pod the pod, which a runtime attached to this node
     * @param end the interface
     * @param address of the interface, if any
     * @param vni VNI of the tunnel
     * @param remote VTEP of the other node
     * @return fails with a {@link LinkException} when it cannot be made
     */
    public CompletableFuture<Void> makeUnforeseen(
            LocalPod pod, EndId end, Optional<Prefix> address, int vni, InetAddress remote) {
        return kernel.submit(socket -> {
            try (PodTurn turn = open(socket, pod)) {
                if (remote.getClass() != node.vtep().getClass()) {
                    throw new LinkException("VTEP " + NumericAddress.format(remote)
                            + " is of another address family than this node's " + NumericAddress.format(node.vtep()));
                }
                turn.makeUnforeseen(node, end, address, vni, remote);
            }
            return null;
        });
    }

    /**
     * Deletes every port of a pod, and cuts their wires; opens the pod's namespace only if its
     * number was not recorded.
     *
     * @return completes when no namespace lists the ports any more; the kernel still frees their
     *     memory
     */
    public CompletableFuture<Void> release(LocalPod pod) {
        CompletableFuture<Void> unlisted = new CompletableFuture<>();
        CompletableFuture<Void> done = kernel.submit(socket -> {
            release(socket, pod, () -> unlisted.complete(null));
            return null;
        });
        return done.applyToEither(unlisted, Function.identity());
    }

    private void release(RouteSocket socket, LocalPod pod, Runnable unlisted) {
        OptionalInt group = pod.group();
        if (group.isEmpty()) {
            try (Netns netns = Netns.open(pod.netns())) {
                group = OptionalInt.of(LocalPod.group(netns.id()));
            } catch (NetlinkException e) {
                LOG.log(Level.DEBUG, "pod {0}: {1}", pod.pod(), e.getMessage());
                return;
            }
        }
        try {
            int released = patch.panel(socket).release(group.getAsInt(), unlisted);
            if (released > 0) {
                LOG.log(Level.INFO, "pod {0}: released {1} ports", pod.pod(), Integer.toString(released));
            }
        } catch (MissingNamespaceException e) {
            LOG.log(Level.DEBUG, "pod {0}: there are no ports: {1}", pod.pod(), e.getMessage());
        }
    }

    /** Stops listening to the patch namespace. */
    @Override
    public void close() {
        patch.forget(changes);
    }
}
