package io.meshnet.reconciler.plan;

import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.LinkStatus.Phase;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodLink;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Compares what the links of a pod should be with what the patch namespace has, and says what to
 * do: a pure function. Equal observations give equal plans, and after a plan was carried out the
 * next plan is empty.
 *
 * <p>It judges ports and wires, which belong to meshnet. What the pod did to its interface is not
 * compared: only a change of the declaration, which the port's mark shows, touches the pod's end of
 * a port that exists.
 */
public final class Planner {

    private final NodeIdentity node;
    private final ObservedPorts observed;
    private final Map<String, ObservedPort> ports = new HashMap<>();
    private final List<Action> deletions = new ArrayList<>();
    private final List<Action> cuts = new ArrayList<>();
    private final List<Action> makings = new ArrayList<>();
    private final List<Action> connections = new ArrayList<>();
    private final List<LinkStatus> statuses = new ArrayList<>();

    private Planner(NodeIdentity node, ObservedPorts observed) {
        this.node = node;
        this.observed = observed;
    }

    /**
     * Plans for one pod of this node.
     *
     * @param node this node
     * @param desired the links of that pod; the statuses come in this order
     * @param observed what the patch namespace has for the pod
     */
    public static Plan plan(NodeIdentity node, List<DesiredLink> desired, ObservedPorts observed) {
        Planner planner = new Planner(node, observed);
        planner.sortPorts(desired);
        desired.forEach(planner::plan);
        List<Action> actions = new ArrayList<>(planner.deletions);
        actions.addAll(planner.cuts);
        actions.addAll(planner.makings);
        actions.addAll(planner.connections);
        return new Plan(actions, planner.statuses);
    }

    /** Finds the port of each interface, and deletes ports that are half made or that no link of the pod wants. */
    private void sortPorts(List<DesiredLink> desired) {
        Set<String> wanted = new HashSet<>();
        desired.forEach(each -> wanted.add(each.local().ifname()));
        for (ObservedPort port : observed.own()) {
            if (port.mark().isEmpty()) {
                deletions.add(new Action.DeletePort(port, "which is half made"));
                continue;
            }
            PortMark mark = port.mark().get();
            if (!wanted.contains(mark.ifname())) {
                if (mark.source() instanceof PortMark.OfTopology) {
                    deletions.add(new Action.DeletePort(port, "which no link has any more"));
                }
            } else if (ports.putIfAbsent(mark.ifname(), port) != null) {
                deletions.add(new Action.DeletePort(port, "which is the second of interface " + mark.ifname()));
            }
        }
    }

    private void plan(DesiredLink desired) {
        Optional<ObservedPort> port =
                Optional.ofNullable(ports.get(desired.local().ifname()));
        LinkStatus status = switch (desired.wire()) {
            case DesiredLink.Disputed(String reason, boolean isDeclaredHere) -> {
                if (port.isEmpty() && isDeclaredHere) {
                    make(desired);
                }
                yield new LinkStatus(desired.link(), Phase.DISPUTED, reason);
            }
            case DesiredLink.Unplugged(String reason) -> {
                prepare(desired, port);
                yield unplug(desired, port, reason);
            }
            case DesiredLink.ToEnd(EndId far) -> {
                prepare(desired, port);
                yield connect(desired, port, far);
            }
            case DesiredLink.ToNode(InetAddress remote) -> {
                prepare(desired, port);
                yield connect(desired, port, remote);
            }
        };
        statuses.add(status);
    }

    /** Makes the interface, or applies what changed in its declaration. */
    private void prepare(DesiredLink desired, Optional<ObservedPort> port) {
        if (port.isEmpty()) {
            make(desired);
            return;
        }
        PortMark before = port.get().mark().orElseThrow();
        PortMark after = PortSpec.mark(node, desired.link(), desired.local());
        if (!before.equals(after)) {
            makings.add(new Action.Apply(desired.link().id(), port.get(), before, after));
        }
    }

    private void make(DesiredLink desired) {
        makings.add(new Action.MakePort(desired.link().id(), PortSpec.of(node, desired.link(), desired.local())));
    }

    private LinkStatus unplug(DesiredLink desired, Optional<ObservedPort> port, String reason) {
        if (port.isPresent()
                && (port.get().isUp() || observed.wires().containsKey(port.get().ifindex()))) {
            cuts.add(new Action.Cut(desired.link().id(), port.get()));
        }
        return new LinkStatus(desired.link(), Phase.WAITING, reason);
    }

    private LinkStatus connect(DesiredLink desired, Optional<ObservedPort> port, EndId far) {
        PodLink link = desired.link();
        Optional<ObservedPort> farPort = link.isLoop()
                ? Optional.ofNullable(ports.get(far.ifname()))
                : Optional.ofNullable(observed.far().get(far));
        if (farPort.isEmpty() && !link.isLoop()) {
            return unplug(desired, port, "the interface " + far + " is not made yet");
        }
        if (port.isEmpty() || farPort.isEmpty() || !isConnected(port.get(), farPort.get())) {
            // Of a link between two interfaces of one pod, the first end connects both.
            if (!link.isLoop() || desired.local().sameInterface(link.first())) {
                connections.add(new Action.Connect(link.id(), EndId.of(desired.local()), far));
            }
        }
        return new LinkStatus(link, Phase.IN_PLACE, "");
    }

    private boolean isConnected(ObservedPort near, ObservedPort far) {
        return leadsTo(near, far) && leadsTo(far, near) && near.isUp() && far.isUp();
    }

    private boolean leadsTo(ObservedPort from, ObservedPort to) {
        PortWire wire = observed.wires().get(from.ifindex());
        return wire != null && !wire.isTunnel() && wire.target() == to.ifindex();
    }

    private LinkStatus connect(DesiredLink desired, Optional<ObservedPort> port, InetAddress remote) {
        PodLink link = desired.link();
        Optional<String> obstacle = obstacle(link, port, remote);
        if (obstacle.isPresent()) {
            unplug(desired, port, obstacle.get());
            return new LinkStatus(link, Phase.FAILED, obstacle.get());
        }
        if (port.isEmpty() || !isConnected(port.get(), link, remote)) {
            connections.add(new Action.ConnectNode(
                    link.id(), EndId.of(desired.local()), link.vni(), remote, node.needsFragments(link)));
        }
        String remark = port.map(found -> observed.wires().get(found.ifindex()))
                .filter(wire -> wire.tooBig() > 0)
                .map(_ -> "too big for the underlay: " + node.carried())
                .orElse("");
        return new LinkStatus(link, Phase.IN_PLACE, remark);
    }

    private boolean isConnected(ObservedPort port, PodLink link, InetAddress remote) {
        PortWire wire = observed.wires().get(port.ifindex());
        TunnelWire tunnel = observed.tunnels().get(link.vni());
        return wire != null
                && wire.vni() == link.vni()
                && wire.remote().equals(Optional.of(remote))
                && wire.isFragmenting() == node.needsFragments(link)
                && tunnel != null
                && tunnel.port() == port.ifindex()
                && tunnel.remote().equals(remote)
                && port.isUp();
    }

    /** Why a link cannot be connected with another node; empty if it can. */
    private Optional<String> obstacle(PodLink link, Optional<ObservedPort> port, InetAddress remote) {
        if (observed.tunnelProblem().isPresent()) {
            return observed.tunnelProblem();
        }
        if (remote instanceof Inet6Address && node.needsFragments(link)) {
            return Optional.of("MTU " + node.mtu(link) + " is above the " + node.carried()
                    + " bytes that the underlay carries, and an IPv6 underlay does not fragment packets");
        }
        TunnelWire tunnel = observed.tunnels().get(link.vni());
        ObservedPort owner = tunnel == null ? null : observed.owners().get(tunnel.port());
        if (owner == null
                || owner.mark().isEmpty()
                || port.filter(owner::equals).isPresent()) {
            return Optional.empty();
        }
        PortMark mark = owner.mark().get();
        if (mark.source() instanceof PortMark.OfUpdate) {
            return Optional.empty(); // the topology goes before what a peer asked for
        }
        boolean isOfThisLink = link.ends().stream()
                .anyMatch(end ->
                        mark.ifname().equals(end.ifname()) && mark.pod().equals(PortMark.podText(EndId.of(end))));
        return isOfThisLink
                ? Optional.empty()
                : Optional.of("VNI " + link.vni() + " is taken by " + mark.pod() + ":" + mark.ifname());
    }
}
