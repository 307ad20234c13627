package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.kernel.Panel;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.ObservedPorts;
import io.meshnet.reconciler.plan.Plan;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Looks at all pods of this node and changes nothing. It looks at one pod after the other, and the
 * kernel thread does other work in between. So a result may be out of date: it is a reason to
 * reconcile, and no more. Safe for use by any thread.
 */
public final class NodeInspection {

    private final NodeIdentity node;
    private final Reconciler reconciler;

    /**
     * @param node this node
     * @param reconciler the reconciler of the topology that is inspected
     */
    public NodeInspection(NodeIdentity node, Reconciler reconciler) {
        this.node = node;
        this.reconciler = reconciler;
    }

    /**
     * The result of an inspection.
     *
     * @param pods the links of every pod that could be looked at, in the order of uids
     * @param doubtful pods that have to be reconciled: there is something to do, or the log does
     *     not have a remark on a link in place yet
     */
    public record Result(Map<PodName, List<LinkView>> pods, Set<PodName> doubtful) {

        /** Copies the collections. */
        public Result {
            pods = Map.copyOf(pods);
            doubtful = Set.copyOf(doubtful);
        }
    }

    /** The result of looking at one pod. */
    record Look(List<LinkView> views, boolean isDoubtful) {}

    /**
     * Looks at every pod.
     *
     * @param isDetailed whether the views also show the interfaces in the pods
     */
    public CompletableFuture<Result> take(boolean isDetailed) {
        Map<PodName, CompletableFuture<Optional<Look>>> looks =
                reconciler.look((desired, plan, seen, panel) -> look(desired, plan, seen, panel, isDetailed));
        return CompletableFuture.allOf(looks.values().toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> {
                    Map<PodName, List<LinkView>> pods = new HashMap<>();
                    Set<PodName> doubtful = new HashSet<>();
                    looks.forEach((pod, look) -> look.join().ifPresent(found -> {
                        pods.put(pod, found.views());
                        if (found.isDoubtful()) {
                            doubtful.add(pod);
                        }
                    }));
                    return new Result(pods, doubtful);
                });
    }

    private Look look(List<DesiredLink> desired, Plan plan, ObservedPorts seen, Panel panel, boolean isDetailed) {
        Map<LinkId, String> lacking = plan.lacking();
        Map<String, ObservedPort> ports = new HashMap<>();
        seen.own().forEach(port -> port.mark().ifPresent(mark -> ports.put(mark.ifname(), port)));
        Map<Integer, Map<Integer, List<InterfaceAddress>>> addresses = new HashMap<>();
        List<LinkView> views = new ArrayList<>();
        for (int i = 0; i < desired.size(); i++) {
            DesiredLink each = desired.get(i);
            LinkStatus planned = plan.statuses().get(i);
            String lack = lacking.get(each.link().id());
            Optional<ObservedPort> port =
                    Optional.ofNullable(ports.get(each.local().ifname()));
            Optional<PortWire> wire = port.map(found -> seen.wires().get(found.ifindex()));
            Optional<Link> device =
                    isDetailed ? port.flatMap(found -> device(panel.socket(), found)) : Optional.empty();
            TunnelWire tunnel = seen.tunnels().get(each.link().vni());
            views.add(new LinkView(
                    each,
                    port.map(ObservedPort::ifindex),
                    wire.map(NodeInspection::text),
                    wire.map(PortWire::tooBig).orElse(0L),
                    tunnel == null ? OptionalLong.empty() : OptionalLong.of(tunnel.wrongSender()),
                    device,
                    device.map(link -> addresses(panel.socket(), port.orElseThrow(), link, addresses))
                            .orElse(List.of()),
                    node.mtu(each.link()),
                    lack == null ? planned : planned.failed(lack)));
        }
        boolean hasRemark = plan.statuses().stream()
                .anyMatch(status -> status.phase() == LinkStatus.Phase.IN_PLACE
                        && !status.reason().isEmpty());
        return new Look(views, hasRemark || !plan.actions().isEmpty());
    }

    private static String text(PortWire wire) {
        return wire.isTunnel()
                ? "VNI " + wire.vni() + " to "
                        + NumericAddress.format(wire.remote().orElseThrow())
                : "port " + wire.target();
    }

    private static Optional<Link> device(RouteSocket socket, ObservedPort port) {
        try {
            return socket.links().find(port.podIfindex(), port.podNetnsid());
        } catch (NetlinkException e) {
            return Optional.empty();
        }
    }

    private static List<InterfaceAddress> addresses(
            RouteSocket socket,
            ObservedPort port,
            Link link,
            Map<Integer, Map<Integer, List<InterfaceAddress>>> known) {
        try {
            return known.computeIfAbsent(
                            port.podNetnsid(), netnsid -> socket.addresses().list(netnsid))
                    .getOrDefault(link.ifindex(), List.of());
        } catch (NetlinkException e) {
            return List.of();
        }
    }
}
