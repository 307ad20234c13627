package io.meshnet.reconciler;

import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.kernel.ActionRunner;
import io.meshnet.reconciler.kernel.Panel;
import io.meshnet.reconciler.kernel.PodNamespace;
import io.meshnet.reconciler.plan.Action;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.ObservedPorts;
import io.meshnet.reconciler.plan.PortMark;
import io.meshnet.reconciler.plan.PortSpec;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkException;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import io.meshnet.topology.Prefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * One turn of the kernel thread for one pod. It opens the pod's namespace only if an interface has
 * to be made or changed. The number of interfaces that one turn makes is limited, so that other
 * pods do not wait long.
 */
final class PodTurn implements AutoCloseable {

    /** How many ports one turn makes, at some 0.4 ms each. */
    private static final int PORTS = 200;

    private final RouteSocket socket;
    private final Panel panel;
    private final LocalPod here;
    private final Function<PodName, OptionalInt> groups;
    private Optional<PodNamespace> namespace = Optional.empty();
    private boolean isOpened;
    private boolean isWhole = true;

    /**
     * @param socket in the node's own namespace
     * @param panel the patch namespace
     * @param here the pod
     * @param groups the number of the namespace of each other pod of this node, if it is known
     */
    PodTurn(RouteSocket socket, Panel panel, LocalPod here, Function<PodName, OptionalInt> groups) {
        this.socket = socket;
        this.panel = panel;
        this.here = here;
        this.groups = groups;
    }

    /** Whether no action was left for the next turn. */
    boolean isWhole() {
        return isWhole;
    }

    /**
     * The number of the pod's namespace; empty when the namespace is gone and its number was not
     * recorded.
     */
    OptionalInt group() {
        return here.group().isPresent()
                ? here.group()
                : open().map(opened ->
                                OptionalInt.of(LocalPod.group(opened.netns().id())))
                        .orElse(OptionalInt.empty());
    }

    /** Whether the pod's namespace is there. */
    boolean isThere() {
        return open().isPresent();
    }

    private Optional<PodNamespace> open() {
        if (!isOpened) {
            namespace = PodNamespace.open(socket, here);
            isOpened = true;
        }
        return namespace;
    }

    /**
     * Carries out as many of the actions as fit the turn.
     *
     * @param before the links that failed in earlier turns; their actions are skipped
     * @return the reason for each link that failed, also in earlier turns; empty when the pod's
     *     namespace is gone
     */
    Optional<Map<LinkId, String>> run(List<Action> actions, Map<LinkId, String> before) {
        Map<LinkId, String> failed = new HashMap<>(before);
        List<Action> now = firstOf(actions, before.keySet());
        if (now.isEmpty()) {
            return Optional.of(failed);
        }
        boolean isInPod =
                now.stream().anyMatch(action -> action instanceof Action.MakePort || action instanceof Action.Apply);
        if (isInPod && open().isEmpty()) {
            return Optional.empty();
        }
        failed.putAll(new ActionRunner(panel, here.pod(), namespace, group().orElseThrow(), this::port).run(now));
        return Optional.of(failed);
    }

    /**
     * The actions for this turn. If a port has to wait for the next turn, all actions of its link
     * wait too.
     */
    private List<Action> firstOf(List<Action> actions, Set<LinkId> failed) {
        List<Action> first = new ArrayList<>();
        Set<LinkId> left = new HashSet<>(failed);
        int ports = 0;
        for (Action action : actions) {
            if (action.link().filter(left::contains).isPresent()) {
                continue;
            }
            if (action instanceof Action.MakePort(LinkId id, PortSpec _) && ++ports > PORTS) {
                left.add(id);
                isWhole = false;
            } else {
                first.add(action);
            }
        }
        return first;
    }

    /** See {@link Reconciler#makeUnforeseen}. */
    void makeUnforeseen(NodeIdentity node, EndId end, Optional<Prefix> address, int vni, InetAddress remote) {
        PortMark mark = PortMark.of(
                end,
                new PortMark.OfUpdate(vni, NumericAddress.format(remote)),
                address,
                node.mtu(OptionalInt.empty()),
                node.declaredMtu().isPresent());
        if (open().isEmpty()) {
            throw new LinkException("net_ns " + here.netns() + " is no network namespace on this node");
        }
        LinkId id = new LinkId(vni - DeclaredLink.VNI_BASE, end, end);
        Optional<ObservedPort> port = port(end);
        Optional<ObservedPort> owner = panel.wires().tunnel(vni).flatMap(tunnel -> panel.port(tunnel.port()));
        if (owner.isPresent() && !owner.equals(port)) {
            throw new LinkException(
                    "VNI " + vni + " is taken by port " + owner.get().name());
        }
        List<Action> actions = new ArrayList<>();
        if (port.isEmpty()) {
            actions.add(new Action.MakePort(id, new PortSpec(end, 0, MacAddress.NONE, mark)));
        } else if (!port.get().mark().equals(Optional.of(mark))) {
            actions.add(new Action.Apply(id, port.get(), port.get().mark().orElseThrow(), mark));
        }
        boolean isFragmenting = node.declaredMtu().orElse(0) > node.carried();
        actions.add(new Action.ConnectNode(id, end, vni, remote, isFragmenting));
        run(actions, Map.of()).orElseThrow().values().stream().findFirst().ifPresent(reason -> {
            throw new LinkException(reason);
        });
    }

    /** The port of an interface of this node. */
    private Optional<ObservedPort> port(EndId end) {
        OptionalInt group = end.pod().equals(here.pod()) ? group() : groups.apply(end.pod());
        return group.isPresent() ? panel.port(group.getAsInt(), end.ifname()) : Optional.empty();
    }

    /** What the patch namespace has that matters to the links of the pod, as notifications told it. */
    ObservedPorts look(List<DesiredLink> desired) {
        return look(desired, Optional::of);
    }

    /** What the patch namespace has that matters to the links of the pod; each port is asked for, since a notification may be late. */
    ObservedPorts inspect(List<DesiredLink> desired) {
        return look(desired, port -> panel.inspect(port.ifindex()));
    }

    private ObservedPorts look(List<DesiredLink> desired, Function<ObservedPort, Optional<ObservedPort>> current) {
        ObservedPorts.Builder seen = new ObservedPorts.Builder(panel.ports(group().orElseThrow()).stream()
                .flatMap(port -> current.apply(port).stream())
                .toList());
        seen.own().forEach(port -> panel.wires().port(port.ifindex()).ifPresent(wire -> seen.wire(port, wire)));
        for (DesiredLink each : desired) {
            switch (each.wire()) {
                case DesiredLink.ToEnd(EndId far)
                when !each.link().isLoop() ->
                    port(far).flatMap(current).ifPresent(port -> {
                        seen.far(far, port);
                        panel.wires().port(port.ifindex()).ifPresent(wire -> seen.wire(port, wire));
                    });
                case DesiredLink.ToNode _ ->
                    panel.wires().tunnel(each.link().vni()).ifPresent(tunnel -> {
                        seen.tunnel(each.link().vni(), tunnel);
                        panel.port(tunnel.port()).flatMap(current).ifPresent(seen::owner);
                    });
                case DesiredLink.ToEnd _, DesiredLink.Unplugged _, DesiredLink.Disputed _ -> {
                    // The pod's own ports and their wires are enough.
                }
            }
        }
        return seen.build(panel.tunnelProblem());
    }

    @Override
    public void close() {
        namespace.ifPresent(PodNamespace::close);
    }
}
