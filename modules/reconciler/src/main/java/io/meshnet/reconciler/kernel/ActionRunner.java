package io.meshnet.reconciler.kernel;

import io.meshnet.bpf.BpfException;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.reconciler.plan.Action;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortMark;
import io.meshnet.reconciler.plan.PortSpec;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.topology.PodName;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Carries out the actions of a plan. For the kernel thread only. */
public final class ActionRunner {

    private static final System.Logger LOG = System.getLogger(ActionRunner.class.getName());

    /** Up to this many actions are logged one by one; of more only the number. */
    private static final int FEW = 10;

    private final Panel panel;
    private final PodName name;
    private final Optional<PodNamespace> pod;
    private final int group;
    private final Function<EndId, Optional<ObservedPort>> ports;
    private final Map<LinkId, String> failed = new HashMap<>();
    private final List<ObservedPort> raised = new ArrayList<>();
    private final Set<Integer> made = new HashSet<>();

    /**
     * @param panel the patch namespace
     * @param name the pod whose links are at stake
     * @param pod the namespace of the pod; empty when no action makes or changes an interface
     * @param group the number of that namespace
     * @param ports finds the port of an interface of this node
     */
    public ActionRunner(
            Panel panel,
            PodName name,
            Optional<PodNamespace> pod,
            int group,
            Function<EndId, Optional<ObservedPort>> ports) {
        this.panel = panel;
        this.name = name;
        this.pod = pod;
        this.group = group;
        this.ports = ports;
    }

    /**
     * Carries out the actions. If one link fails, the others go on. New ports get their wires
     * before they come up, and all of them come up together.
     *
     * @return the reason for each link that failed
     */
    public Map<LinkId, String> run(List<Action> actions) {
        makePorts(actions);
        Level level = actions.size() > FEW ? Level.DEBUG : Level.INFO;
        for (Action action : actions) {
            if (action.link().filter(failed::containsKey).isPresent()) {
                continue;
            }
            try {
                run(action);
                if (action.link().filter(failed::containsKey).isEmpty()) {
                    tell(level, action);
                }
            } catch (NetlinkException | BpfException | IllegalArgumentException e) {
                LOG.log(Level.DEBUG, "not made is {0}: {1}", action, e.getMessage());
                action.link().ifPresent(link -> failed.put(link, e.getMessage()));
            }
        }
        panel.setUp(raised, true);
        settle();
        if (actions.size() > FEW) {
            LOG.log(
                    Level.INFO,
                    "pod {0}: made {1} changes, the first {2}; links that failed: {3}",
                    name,
                    Integer.toString(actions.size()),
                    actions.getFirst(),
                    Integer.toString(failed.size()));
        }
        return failed;
    }

    /** New interfaces without a wire as well: the kernel shows them as running until it has finished. */
    private void settle() {
        Map<Integer, ObservedPort> changed = new LinkedHashMap<>();
        made.forEach(ifindex -> panel.port(ifindex).ifPresent(port -> changed.put(ifindex, port)));
        raised.forEach(port -> changed.put(port.ifindex(), port));
        changed.values().forEach(panel::settle);
    }

    private void tell(Level level, Action action) {
        action.link()
                .ifPresentOrElse(
                        link -> LOG.log(level, "{0}: made {1}", link, action, name),
                        () -> LOG.log(level, "pod {0}: made {1}", name, action));
    }

    private void makePorts(List<Action> actions) {
        // Deletions first: a stale port may be in the way of a new one.
        actions.stream()
                .filter(Action.DeletePort.class::isInstance)
                .map(Action.DeletePort.class::cast)
                .forEach(action -> panel.delete(action.port()));
        Map<EndId, LinkId> links = new HashMap<>();
        List<PortSpec> specs = new ArrayList<>();
        for (Action action : actions) {
            if (action instanceof Action.MakePort(LinkId id, PortSpec spec)) {
                links.put(spec.end(), id);
                specs.add(spec);
            }
        }
        if (!specs.isEmpty()) {
            PortMaker maker = new PortMaker(panel, pod.orElseThrow(), group);
            maker.make(specs).forEach((end, reason) -> failed.put(links.get(end), reason));
            made.addAll(maker.made());
        }
    }

    private void run(Action action) {
        switch (action) {
            case Action.DeletePort _, Action.MakePort _ -> {
                // makePorts did these, all at once.
            }
            case Action.Cut(LinkId _, ObservedPort port) -> cut(port);
            case Action.Apply(LinkId _, ObservedPort port, PortMark before, PortMark after) ->
                apply(port, before, after);
            case Action.Connect(LinkId id, EndId near, EndId far) -> connect(id, near, far);
            case Action.ConnectNode(LinkId id, EndId near, int vni, InetAddress remote, boolean isFragmenting) ->
                connect(id, near, vni, remote, isFragmenting);
        }
    }

    private void cut(ObservedPort port) {
        List<ObservedPort> dark = new ArrayList<>(List.of(port));
        panel.disconnect(port.ifindex()).ifPresent(dark::add);
        panel.setUp(dark, false);
    }

    private void connect(LinkId id, EndId near, EndId far) {
        Optional<ObservedPort> from = ports.apply(near);
        Optional<ObservedPort> to = ports.apply(far);
        if (from.isEmpty() || to.isEmpty()) {
            failed.put(id, "the interface " + (from.isEmpty() ? near : far) + " is not made yet");
            return;
        }
        if (isOther(id, from.get()) || isOther(id, to.get())) {
            return;
        }
        unplug(from.get(), to.get().ifindex());
        unplug(to.get(), from.get().ifindex());
        panel.wires().connectPorts(from.get().ifindex(), to.get().ifindex());
        raised.add(from.get());
        raised.add(to.get());
    }

    /**
     * Whether a port that was made earlier has changed: somebody may have made another device under
     * its index.
     */
    private boolean isOther(LinkId id, ObservedPort port) {
        boolean isOther = !made.contains(port.ifindex()) && !panel.isSame(port);
        if (isOther) {
            failed.put(id, "port " + port.name() + " was changed by somebody else; the daemon looks again");
        }
        return isOther;
    }

    /** Cuts the wire of a port, unless it leads to the given port already. */
    private void unplug(ObservedPort port, int target) {
        Optional<PortWire> before = panel.wires().port(port.ifindex());
        if (before.isPresent() && (before.get().isTunnel() || before.get().target() != target)) {
            panel.disconnect(port.ifindex()).ifPresent(far -> panel.setUp(List.of(far), false));
        }
    }

    private void connect(LinkId id, EndId near, int vni, InetAddress remote, boolean isFragmenting) {
        Optional<ObservedPort> found = ports.apply(near);
        if (found.isEmpty()) {
            failed.put(id, "the interface " + near + " is not made yet");
            return;
        }
        if (isOther(id, found.get())) {
            return;
        }
        int port = found.get().ifindex();
        Optional<PortWire> before = panel.wires().port(port);
        if (before.isPresent() && before.get().vni() != vni) {
            panel.disconnect(port).ifPresent(far -> panel.setUp(List.of(far), false));
        }
        panel.wires().toNode(port, TunnelDevice.IFINDEX, vni, remote, isFragmenting);
        panel.wires().fromNode(vni, port, remote);
        raised.add(found.get());
    }

    /**
     * Applies what differs between two declarations, and only that. The rest of the interface
     * belongs to the pod.
     */
    private void apply(ObservedPort planned, PortMark before, PortMark after) {
        // The pod may have moved its interface since the last notification.
        ObservedPort port = panel.inspect(planned.ifindex()).map(planned::at).orElse(planned);
        boolean isMtuOther = before.mtu() != after.mtu() || before.isMtuDeclared() != after.isMtuDeclared();
        boolean isOther = isMtuOther || !before.address().equals(after.address());
        if (isOther) {
            mark(port, before.unfinished());
        }
        if (isMtuOther) {
            panel.socket().links().mtu(port.ifindex(), PortSpec.patchMtu(after));
        }
        if (isOther) {
            applyInPod(port, before, after);
        }
        mark(port, after);
    }

    private void mark(ObservedPort port, PortMark mark) {
        panel.socket().links().mark(port.ifindex(), port.group(), mark.alias());
        panel.put(port.withMark(mark));
    }

    private void applyInPod(ObservedPort port, PortMark before, PortMark after) {
        PodNamespace namespace = pod.orElseThrow();
        if (panel.socket().netnsids().find(namespace.netns()) != port.podNetnsid()) {
            LOG.log(
                    Level.WARNING,
                    "port {0}: the pod moved its interface to another namespace; the declaration \"{1}\" is not applied to it",
                    port.name(),
                    after.alias());
            return;
        }
        if (before.mtu() != after.mtu()) {
            namespace.socket().links().mtu(port.podIfindex(), after.mtu());
        }
        if (before.isUnfinished() || !before.address().equals(after.address())) {
            List<InterfaceAddress> added = PortSpec.addresses(after.address());
            Optional<Link> link = namespace.socket().links().find(port.podIfindex());
            link.ifPresent(found -> PortMaker.allow(namespace, found.name(), added));
            PortSpec.addresses(before.address())
                    .forEach(old -> namespace.socket().addresses().delete(port.podIfindex(), old));
            // If the daemon is killed now or later, the next one deletes this address or adds it,
            // whichever the declaration is by then.
            mark(port, after.unfinished());
            added.forEach(address -> namespace.socket().addresses().add(port.podIfindex(), address));
        }
    }
}
