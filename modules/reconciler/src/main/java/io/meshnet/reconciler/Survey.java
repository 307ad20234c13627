package io.meshnet.reconciler;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.Observed.PodDevices;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.PodName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A look at all pods of this node that opens none of their namespaces: two dumps for each, whatever the number of its links. One pod
 * is looked at after the other, and the kernel thread does what else there is in between; so what a survey says against a link is a
 * reason to reconcile it, and no more. Safe for use by any thread.
 */
public final class Survey {

    private final NodeIdentity node;
    private final Cluster cluster;
    private final KernelThread kernel;
    private final NetnsIds ids;

    /**
     * Takes what it works with; does nothing yet.
     *
     * @param node this node
     * @param cluster topology and placements
     * @param kernel the node's kernel thread; stays the caller's
     * @param ids of the pods' namespaces, as the reconciler noted them
     */
    public Survey(NodeIdentity node, Cluster cluster, KernelThread kernel, NetnsIds ids) {
        this.node = node;
        this.cluster = cluster;
        this.kernel = kernel;
        this.ids = ids;
    }

    /**
     * What was seen.
     *
     * @param pods the links of every pod that could be looked at, in the order of uids
     * @param doubtful pods that have to be reconciled: something is to be done there, or they could not be looked at
     */
    public record Result(Map<PodName, List<LinkView>> pods, Set<PodName> doubtful) {

        /** Copies what it is given. */
        public Result {
            pods = Map.copyOf(pods);
            doubtful = Set.copyOf(doubtful);
        }
    }

    /** Looks at every pod. */
    public CompletableFuture<Result> take() {
        List<PodName> pods = cluster.on(node);
        Map<PodName, CompletableFuture<Optional<PodDevices>>> looks = new LinkedHashMap<>();
        pods.forEach(pod -> looks.put(pod, kernel.submit(socket -> look(socket, pod))));
        return CompletableFuture.allOf(looks.values().toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> {
                    Map<PodName, PodDevices> sights = new HashMap<>();
                    looks.forEach((pod, look) -> look.join().ifPresent(sight -> sights.put(pod, sight)));
                    return compare(pods, sights);
                });
    }

    private Optional<PodDevices> look(RouteSocket socket, PodName pod) {
        OptionalInt id = ids.of(pod);
        if (id.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(PodDevices.of(
                    socket.links().list(id.getAsInt()), socket.addresses().list(id.getAsInt())));
        } catch (NetlinkException e) {
            return Optional.empty();
        }
    }

    private Result compare(List<PodName> pods, Map<PodName, PodDevices> sights) {
        Map<PodName, List<LinkView>> seen = new HashMap<>();
        Set<PodName> doubtful = new HashSet<>();
        for (PodName pod : pods) {
            Optional<List<Desired>> desired = DesiredLinks.of(cluster, node, pod);
            if (desired.isEmpty()) {
                continue; // it left meanwhile, or its declaration is broken
            }
            if (!sights.containsKey(pod)) {
                doubtful.add(pod);
                continue;
            }
            Observed observed = observed(pod, desired.get(), sights);
            Planner.Plan plan = Planner.plan(node, pod, desired.get(), observed);
            if (!plan.actions().isEmpty()) {
                doubtful.add(pod);
            }
            seen.put(pod, views(pod, desired.get(), plan, observed.pods().get(pod)));
        }
        return new Result(seen, doubtful);
    }

    private List<LinkView> views(PodName pod, List<Desired> desired, Planner.Plan plan, PodDevices devices) {
        Map<String, String> lacking = plan.lacking();
        List<LinkView> views = new ArrayList<>();
        for (int i = 0; i < desired.size(); i++) {
            PodLink link = desired.get(i).link();
            LinkState planned = plan.states().get(i);
            String lack = lacking.get(link.toString());
            LinkEnd local = link.first().pod().equals(pod) ? link.first() : link.second();
            Optional<Link> device = Optional.ofNullable(devices.devices().get(local.ifname()));
            views.add(new LinkView(
                    desired.get(i),
                    local,
                    device,
                    device.map(devices::addressesOf).orElse(List.of()),
                    node.mtu(link),
                    lack == null ? planned : planned.failed(lack)));
        }
        return views;
    }

    /** Dumped from here, a pod's veths name their peers' namespaces by this node's ids rather than by the pod's own. */
    private Observed observed(PodName pod, List<Desired> desired, Map<PodName, PodDevices> sights) {
        Map<PodName, PodDevices> pods = new HashMap<>();
        Map<PodName, Integer> netnsids = new HashMap<>();
        pods.put(pod, sights.get(pod));
        for (Desired each : desired) {
            for (LinkEnd end : each.link().ends()) {
                OptionalInt id = ids.of(end.pod());
                if (sights.containsKey(end.pod()) && id.isPresent()) {
                    pods.put(end.pod(), sights.get(end.pod()));
                    netnsids.put(end.pod(), id.getAsInt());
                }
            }
        }
        return new Observed(pods, netnsids);
    }
}
