package io.meshnet.reconciler;

import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.reconciler.ModelKernel.Refusal;
import io.meshnet.reconciler.plan.Action;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.ObservedPorts;
import io.meshnet.reconciler.plan.PortMark;
import io.meshnet.reconciler.plan.PortSpec;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.topology.PodName;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The patch namespace while a daemon of the model works in it. It does to the model's kernel what
 * the product's {@code Panel}, {@code PortMaker} and {@code ActionRunner} do to the real one, in
 * the same order, and like them knows of the ports only what it was told.
 */
public final class ModelPanel {

    private final ModelKernel kernel;
    private final Function<PodName, Optional<Namespace>> pods;
    private final Map<Integer, ObservedPort> table = new TreeMap<>();

    /**
     * Opens the patch namespace as a daemon does that starts.
     *
     * @param pods the namespace of each pod of this node that the daemon knows
     */
    public ModelPanel(ModelKernel kernel, Function<PodName, Optional<Namespace>> pods) {
        this.kernel = kernel;
        this.pods = pods;
        refresh();
    }

    /**
     * Looks at everything anew, and takes entries out of the maps that name no port, or no port
     * that they belong to.
     */
    void refresh() {
        table.clear();
        kernel.list().forEach(port -> table.put(port.ifindex(), port));
        kernel.list().stream()
                .filter(port -> port.mark().isPresent() && !kernel.hasProgram(port.ifindex()))
                .forEach(port -> kernel.equip(port.ifindex()));
        kernel.wires().forEach((ifindex, wire) -> {
            if (!table.containsKey(ifindex) || (!wire.isTunnel() && !table.containsKey(wire.target()))) {
                kernel.cutPort(ifindex);
            }
        });
        kernel.tunnels().forEach((vni, tunnel) -> {
            PortWire wire = kernel.wires().get(tunnel.port());
            if (wire == null || wire.vni() != vni || !table.containsKey(tunnel.port())) {
                kernel.cutTunnel(vni);
            }
        });
    }

    /**
     * Takes in what the kernel notified of.
     *
     * @return the groups of the ports that changed without the daemon
     */
    public Set<Integer> notice() {
        Set<Integer> groups = new HashSet<>();
        for (int ifindex : kernel.notifications()) {
            Optional<ObservedPort> before = Optional.ofNullable(table.get(ifindex));
            if (look(ifindex)) {
                before.ifPresent(port -> groups.add(port.group()));
                kernel.find(ifindex).ifPresent(port -> groups.add(port.group()));
            }
        }
        return groups;
    }

    private boolean look(int ifindex) {
        Optional<ObservedPort> now = kernel.find(ifindex);
        if (now.equals(Optional.ofNullable(table.get(ifindex)))) {
            return false;
        }
        now.ifPresentOrElse(port -> table.put(ifindex, port), () -> {
            table.remove(ifindex);
            disconnect(ifindex).ifPresent(far -> setUp(List.of(far), false));
        });
        return true;
    }

    /** The groups of all ports. */
    Set<Integer> groups() {
        Set<Integer> groups = new HashSet<>();
        table.values().forEach(port -> groups.add(port.group()));
        return groups;
    }

    private List<ObservedPort> ports(int group) {
        return table.values().stream().filter(port -> port.group() == group).toList();
    }

    /** The port of an interface of this node. */
    public Optional<ObservedPort> port(EndId end) {
        return pods.apply(end.pod())
                .flatMap(namespace -> ports(namespace.number()).stream()
                        .filter(port -> port.mark()
                                .filter(mark -> mark.ifname().equals(end.ifname()))
                                .isPresent())
                        .findFirst());
    }

    /** What matters to the links of a pod. */
    public ObservedPorts look(Namespace pod, List<DesiredLink> desired) {
        Map<Integer, PortWire> wires = kernel.wires();
        ObservedPorts.Builder seen = new ObservedPorts.Builder(ports(pod.number()));
        seen.own()
                .forEach(port ->
                        Optional.ofNullable(wires.get(port.ifindex())).ifPresent(wire -> seen.wire(port, wire)));
        for (DesiredLink each : desired) {
            if (each.wire() instanceof DesiredLink.ToEnd(EndId far)
                    && !each.link().isLoop()) {
                port(far).ifPresent(port -> {
                    seen.far(far, port);
                    Optional.ofNullable(wires.get(port.ifindex())).ifPresent(wire -> seen.wire(port, wire));
                });
            }
            if (each.wire() instanceof DesiredLink.ToNode) {
                int vni = each.link().vni();
                Optional<TunnelWire> tunnel =
                        Optional.ofNullable(kernel.tunnels().get(vni));
                tunnel.ifPresent(found -> seen.tunnel(vni, found));
                tunnel.flatMap(found -> Optional.ofNullable(table.get(found.port())))
                        .ifPresent(seen::owner);
            }
        }
        return seen.build(Optional.empty());
    }

    /**
     * Carries actions out.
     *
     * @return why each link failed
     */
    public Map<LinkId, String> run(Namespace pod, List<Action> actions) {
        Map<LinkId, String> failed = new HashMap<>();
        List<ObservedPort> raised = new ArrayList<>();
        makePorts(pod, actions, failed);
        for (Action action : actions) {
            if (action.link().filter(failed::containsKey).isPresent()) {
                continue;
            }
            try {
                run(pod, action, failed, raised);
            } catch (Refusal e) {
                action.link().ifPresent(link -> failed.put(link, e.getMessage()));
            }
        }
        setUp(raised, true);
        return failed;
    }

    private void makePorts(Namespace pod, List<Action> actions, Map<LinkId, String> failed) {
        for (Action action : actions) {
            if (action instanceof Action.DeletePort(ObservedPort port, String _)) {
                Optional<ObservedPort> far = disconnect(port.ifindex());
                kernel.delete(port.ifindex());
                table.remove(port.ifindex());
                far.ifPresent(other -> setUp(List.of(other), false));
            }
        }
        for (Action action : actions) {
            if (action instanceof Action.MakePort(LinkId id, PortSpec spec)) {
                int ifindex = kernel.takeNumbers(2);
                try {
                    make(pod, spec, ifindex);
                } catch (Refusal e) {
                    failed.put(id, e.getMessage());
                    kernel.delete(ifindex);
                }
            }
        }
    }

    private void make(Namespace pod, PortSpec spec, int ifindex) {
        int patchMtu = PortSpec.patchMtu(spec.mark());
        String name = spec.end().ifname();
        int mtu = spec.mark().mtu();
        boolean isTaken = spec.ifindex() == 0 || pod.find(spec.ifindex()).isPresent();
        kernel.createPort(ifindex, pod.number(), patchMtu, pod, name, isTaken ? 0 : spec.ifindex(), mtu);
        kernel.raise(
                pod, kernel.end(ifindex).orElseThrow().ifindex(), spec.mark().address());
        kernel.equip(ifindex);
        kernel.mark(ifindex, spec.mark());
        table.put(ifindex, kernel.find(ifindex).orElseThrow());
    }

    private void run(Namespace pod, Action action, Map<LinkId, String> failed, List<ObservedPort> raised) {
        switch (action) {
            case Action.DeletePort _, Action.MakePort _ -> {
                // Done before.
            }
            case Action.Cut(LinkId _, ObservedPort port) -> {
                List<ObservedPort> dark = new ArrayList<>(List.of(port));
                disconnect(port.ifindex()).ifPresent(dark::add);
                setUp(dark, false);
            }
            case Action.Apply(LinkId _, ObservedPort port, PortMark before, PortMark after) ->
                apply(pod, port, before, after);
            case Action.Connect(LinkId id, EndId near, EndId far) -> {
                Optional<ObservedPort> from = port(near);
                Optional<ObservedPort> to = port(far);
                if (from.isEmpty() || to.isEmpty() || isOther(from.get()) || isOther(to.get())) {
                    failed.put(id, "an interface is not made yet");
                    return;
                }
                unplug(from.get(), to.get().ifindex());
                unplug(to.get(), from.get().ifindex());
                kernel.toPort(from.get().ifindex(), to.get().ifindex());
                kernel.toPort(to.get().ifindex(), from.get().ifindex());
                raised.addAll(List.of(from.get(), to.get()));
            }
            case Action.ConnectNode(LinkId id, EndId near, int vni, InetAddress remote, boolean isFragmenting) -> {
                Optional<ObservedPort> from = port(near);
                if (from.isEmpty() || isOther(from.get())) {
                    failed.put(id, "the interface is not made yet");
                    return;
                }
                connect(from.get(), vni, remote, isFragmenting);
                raised.add(from.get());
            }
        }
    }

    private boolean isOther(ObservedPort port) {
        return kernel.find(port.ifindex())
                .filter(now -> port.at(now).equals(now))
                .isEmpty();
    }

    private void connect(ObservedPort port, int vni, InetAddress remote, boolean isFragmenting) {
        PortWire before = kernel.wires().get(port.ifindex());
        if (before != null && before.vni() != vni) {
            disconnect(port.ifindex()).ifPresent(far -> setUp(List.of(far), false));
        }
        kernel.toNode(port.ifindex(), vni, remote, isFragmenting);
        kernel.fromNode(vni, port.ifindex(), remote);
    }

    private void unplug(ObservedPort port, int target) {
        PortWire before = kernel.wires().get(port.ifindex());
        if (before != null && (before.isTunnel() || before.target() != target)) {
            disconnect(port.ifindex()).ifPresent(far -> setUp(List.of(far), false));
        }
    }

    private void apply(Namespace pod, ObservedPort port, PortMark before, PortMark after) {
        boolean isMtuOther = before.mtu() != after.mtu() || before.isMtuDeclared() != after.isMtuDeclared();
        boolean isOther = isMtuOther || !before.address().equals(after.address());
        if (isOther) {
            mark(port.ifindex(), before.unfinished());
        }
        if (isMtuOther) {
            kernel.patchMtu(port.ifindex(), PortSpec.patchMtu(after));
        }
        boolean isThere = kernel.find(port.ifindex())
                .filter(found -> found.podNetnsid() == pod.number())
                .isPresent();
        if (isOther && isThere) {
            applyInPod(pod, port, before, after);
        }
        mark(port.ifindex(), after);
    }

    private void applyInPod(Namespace pod, ObservedPort port, PortMark before, PortMark after) {
        if (before.mtu() != after.mtu()) {
            kernel.interfaceMtu(pod, port.podIfindex(), after.mtu());
        }
        if (before.isUnfinished() || !before.address().equals(after.address())) {
            before.address().ifPresent(old -> kernel.withdraw(pod, port.podIfindex(), old));
            mark(port.ifindex(), after.unfinished());
            after.address().ifPresent(added -> kernel.declare(pod, port.podIfindex(), added));
        }
    }

    private void mark(int port, PortMark mark) {
        kernel.mark(port, mark);
        look(port);
    }

    private Optional<ObservedPort> disconnect(int ifindex) {
        PortWire wire = kernel.wires().get(ifindex);
        kernel.cutPort(ifindex);
        if (wire == null) {
            return Optional.empty();
        }
        if (wire.isTunnel()) {
            TunnelWire arriving = kernel.tunnels().get(wire.vni());
            if (arriving != null && arriving.port() == ifindex) {
                kernel.cutTunnel(wire.vni());
            }
            return Optional.empty();
        }
        PortWire back = kernel.wires().get(wire.target());
        if (back == null || back.isTunnel() || back.target() != ifindex) {
            return Optional.empty();
        }
        kernel.cutPort(wire.target());
        return Optional.ofNullable(table.get(wire.target()));
    }

    private void setUp(List<ObservedPort> some, boolean up) {
        for (ObservedPort port : some) {
            ObservedPort known = table.get(port.ifindex());
            if (known != null && known.isUp() != up) {
                kernel.setUp(port.ifindex(), up);
                table.put(port.ifindex(), known.withUp(up));
            }
        }
    }

    /** Deletes all ports of a pod, and cuts their wires before. */
    void release(int group) {
        List<ObservedPort> far = new ArrayList<>();
        for (ObservedPort port : ports(group)) {
            disconnect(port.ifindex()).ifPresent(far::add);
            table.remove(port.ifindex());
        }
        kernel.deleteGroup(group);
        setUp(far, false);
    }
}
