package io.meshnet.reconciler;

import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.lang.System.Logger.Level;
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

    private final NodeIdentity node;
    private final Cluster cluster;
    private final KernelThread kernel;
    private final Function<PodName, Optional<LocalPod>> noted;
    private final NetnsIds ids;
    private final Map<PodName, CompletableFuture<Outcome>> waiting = new HashMap<>();
    private volatile Consumer<Outcome> listener = _ -> {};

    /**
     * Takes what it works with; does nothing yet.
     *
     * @param node this node
     * @param cluster topology and placements, kept current by the caller
     * @param kernel the node's kernel thread; stays the caller's
     * @param noted where a pod of this node is, if that is known better than by the path in its placement
     * @param ids gets the id of every namespace that is looked at
     */
    public Reconciler(
            NodeIdentity node,
            Cluster cluster,
            KernelThread kernel,
            Function<PodName, Optional<LocalPod>> noted,
            NetnsIds ids) {
        this.node = node;
        this.cluster = cluster;
        this.kernel = kernel;
        this.noted = noted;
        this.ids = ids;
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
                return reconcileNow(socket, pod);
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
        return kernel.submit(socket -> work(socket, pod, (_, plan) -> plan.lacking()));
    }

    /** Reconciles all links of a pod at once, and tells the listener. For the kernel thread. */
    Outcome reconcileNow(RouteSocket socket, PodName pod) {
        Outcome outcome = work(
                socket,
                pod,
                (pods, plan) -> new Executor(node, socket, pods, kernel.freeing()).execute(plan.actions()));
        listener.accept(outcome);
        return outcome;
    }

    /** @param deed carries the plan out or not, and tells what stays undone and why, by link */
    private Outcome work(
            RouteSocket socket, PodName pod, BiFunction<OpenPods, Planner.Plan, Map<String, String>> deed) {
        Optional<List<Desired>> desired = DesiredLinks.of(cluster, node, pod);
        if (desired.isEmpty()) {
            return Outcome.absent(pod, Outcome.Presence.NOT_CONCERNED);
        }
        Optional<LocalPod> here = local(pod);
        if (here.isEmpty()) {
            return Outcome.absent(pod, Outcome.Presence.NETNS_GONE);
        }
        try (OpenPods pods = OpenPods.open(socket, here.get(), peersHere(pod, desired.get()))) {
            Observed observed = pods.observe(pod);
            note(socket, pods);
            if (!pods.isOpen(pod)) {
                ids.forget(pod);
                return Outcome.absent(pod, Outcome.Presence.NETNS_GONE);
            }
            Planner.Plan plan = Planner.plan(node, pod, desired.get(), observed);
            Map<String, String> undone = deed.apply(pods, plan);
            List<LinkState> states = undone.isEmpty()
                    ? plan.states()
                    : plan.states().stream()
                            .map(state -> standing(state, undone))
                            .toList();
            return Outcome.present(pod, desired.get(), states);
        } catch (NetlinkException | WiringException e) {
            List<LinkState> states = desired.get().stream()
                    .map(each -> new LinkState(each.link(), LinkState.Phase.FAILED, e.getMessage()))
                    .toList();
            return Outcome.present(pod, desired.get(), states);
        }
    }

    private static LinkState standing(LinkState planned, Map<String, String> undone) {
        String reason = undone.get(planned.link().toString());
        return reason == null ? planned : planned.failed(reason);
    }

    /** Sees to it that this node's namespace knows the pods' by an id: that is what a survey looks at and what changes are told by. */
    private void note(RouteSocket socket, OpenPods pods) {
        pods.forEach((name, opened) -> ids.put(name, socket.netnsids().assign(opened.netns())));
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

    /** A pod that is placed on this node. */
    Optional<LocalPod> local(PodName pod) {
        return cluster.find(pod)
                .flatMap(PodRecord::placement)
                .filter(node::hosts)
                .flatMap(placement -> noted.apply(pod).or(() -> LocalPod.at(placement, pod, Optional.empty())));
    }

    /**
     * Deletes every device of ours in a namespace, with their veth peers in others. A namespace that is gone took them along.
     *
     * @return completes when no namespace lists them any more; that the kernel takes them out of sysfs, for which the next change waits,
     *     and frees their memory is not waited for
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
        try (OpenPods pods = OpenPods.open(socket, pod, List.of())) {
            int released = pods.isOpen(pod.pod())
                    ? pods.pod(pod.pod()).deletion(kernel.freeing()).group(Marking.GROUP, unlisted)
                    : 0;
            if (released > 0) {
                LOG.log(Level.INFO, "pod {0}: released {1} links in {2}", pod.pod(), released, pod.netns());
            }
        }
    }
}
