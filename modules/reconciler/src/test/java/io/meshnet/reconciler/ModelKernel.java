package io.meshnet.reconciler;

import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortMark;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import io.meshnet.topology.Prefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The kernel of one node as far as ports and wires need it: namespaces of pods with interfaces, one
 * patch namespace with ports, and the maps. What a daemon changes goes step by step, each of the
 * size of a system call, and the daemon can be killed before any of them.
 */
public final class ModelKernel {

    /** Index of the tunnel device in every patch namespace. */
    public static final int TUNNEL = 1 << 23;

    private static final int FIRST_PORT = 1 << 24;
    private static final int ANY_STEPS = Integer.MAX_VALUE;

    /** The daemon is killed. */
    static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** The kernel refuses a request. */
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    /** A namespace of a pod. Its number is also the group of its ports and its nsid. */
    public static final class Namespace {
        private final int number;
        private final Map<Integer, ModelInterface> interfaces = new TreeMap<>();
        private boolean isAlive = true;

        private Namespace(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }

        boolean isAlive() {
            return isAlive;
        }

        List<ModelInterface> interfaces() {
            return List.copyOf(interfaces.values());
        }

        Optional<ModelInterface> find(int ifindex) {
            return Optional.ofNullable(interfaces.get(ifindex));
        }

        Optional<ModelInterface> find(String name) {
            return interfaces.values().stream()
                    .filter(each -> each.name().equals(name))
                    .findFirst();
        }
    }

    /** The patch side of a port. */
    private static final class Port {
        private final int ifindex;
        private final int group;
        private final ModelInterface end;
        private Optional<PortMark> mark = Optional.empty();
        private boolean isUp;
        private boolean hasProgram;
        private int mtu;

        private Port(int ifindex, int group, ModelInterface end, int mtu) {
            this.ifindex = ifindex;
            this.group = group;
            this.end = end;
            this.mtu = mtu;
        }
    }

    private final List<Namespace> namespaces = new ArrayList<>();
    private final Map<Integer, Port> ports = new TreeMap<>();
    private final Map<Integer, PortWire> wires = new TreeMap<>();
    private final Map<Integer, TunnelWire> tunnels = new TreeMap<>();
    private final Set<Integer> used = new HashSet<>();
    private final Set<Integer> notified = new LinkedHashSet<>();
    private int nextPort = FIRST_PORT;
    private int steps = ANY_STEPS;

    /** Nothing is there yet. */
    public ModelKernel() {}

    /** Makes a namespace. */
    public Namespace create() {
        Namespace made = new Namespace(namespaces.size() + 1);
        namespaces.add(made);
        return made;
    }

    /** Ends a namespace, and with it everything in it. */
    void destroy(Namespace namespace) {
        namespace.isAlive = false;
        namespace.interfaces().forEach(this::remove);
    }

    /** All namespaces that are alive. */
    List<Namespace> namespaces() {
        return namespaces.stream().filter(Namespace::isAlive).toList();
    }

    /** Has the daemon be killed after so many more steps. */
    void killAfter(int count) {
        steps = count;
    }

    /** The daemon is not killed any more. */
    void killNever() {
        steps = ANY_STEPS;
    }

    private void step() {
        if (steps == 0) {
            throw new Killed();
        }
        steps -= steps == ANY_STEPS ? 0 : 1;
    }

    // What people in a pod do.

    /** An interface goes, and with it the port that it is the end of. */
    void remove(ModelInterface gone) {
        gone.namespace().interfaces.remove(gone.ifindex());
        List.copyOf(ports.values()).stream().filter(port -> port.end == gone).forEach(port -> {
            ports.remove(port.ifindex);
            notified.add(port.ifindex);
        });
    }

    /** A pod deletes the interface that a port ends in. */
    public void deleteAsPod(int port) {
        remove(ports.get(port).end);
    }

    /** A pod moves an interface to another namespace; no notification comes in time. */
    void move(ModelInterface moved, Namespace to) {
        moved.namespace().interfaces.remove(moved.ifindex());
        moved.move(to);
        to.interfaces.put(moved.ifindex(), moved);
    }

    /** Somebody in a pod makes an interface; nothing when its name is taken. */
    void foreign(Namespace namespace, String name) {
        if (namespace.find(name).isEmpty()) {
            int ifindex = 2 + namespace.interfaces.size();
            while (namespace.interfaces.containsKey(ifindex)) {
                ifindex++;
            }
            namespace.interfaces.put(ifindex, new ModelInterface(ifindex, name, 1500, namespace));
        }
    }

    /** Everything in the patch namespace is gone, and the maps with it. */
    void losePatch() {
        List.copyOf(ports.values()).forEach(port -> remove(port.end));
        wires.clear();
        tunnels.clear();
        used.clear();
        notified.clear();
        nextPort = FIRST_PORT;
    }

    // What a daemon asks for.

    /** Every port, as the patch namespace lists them. */
    List<ObservedPort> list() {
        return ports.values().stream().map(this::observed).toList();
    }

    Optional<ObservedPort> find(int ifindex) {
        return Optional.ofNullable(ports.get(ifindex)).map(this::observed);
    }

    private ObservedPort observed(Port port) {
        return new ObservedPort(
                port.ifindex,
                "port" + port.ifindex,
                port.group,
                port.mark,
                port.isUp,
                port.end.ifindex(),
                port.end.namespace().number());
    }

    /** The interface that a port ends in. */
    Optional<ModelInterface> end(int port) {
        return Optional.ofNullable(ports.get(port)).map(found -> found.end);
    }

    boolean hasProgram(int port) {
        return ports.get(port).hasProgram;
    }

    int mtu(int port) {
        return ports.get(port).mtu;
    }

    Map<Integer, PortWire> wires() {
        return Map.copyOf(wires);
    }

    Map<Integer, TunnelWire> tunnels() {
        return Map.copyOf(tunnels);
    }

    /** The ports that the kernel notified of since the last call. */
    List<Integer> notifications() {
        List<Integer> all = List.copyOf(notified);
        notified.clear();
        return all;
    }

    // What a daemon changes, one step each.

    int takeNumbers(int count) {
        step();
        nextPort += count;
        return nextPort - count;
    }

    /** @param podIfindex the index that the interface asks for; 0 for any */
    void createPort(int ifindex, int group, int patchMtu, Namespace pod, String name, int podIfindex, int mtu) {
        step();
        if (!used.add(ifindex)) {
            throw new AssertionError("port number " + ifindex + " is given again");
        }
        int index = podIfindex == 0 ? 200_000 + ifindex - FIRST_PORT : podIfindex;
        if (!pod.isAlive || pod.find(name).isPresent() || pod.find(index).isPresent()) {
            throw new Refusal("File exists");
        }
        ModelInterface end = new ModelInterface(index, name, mtu, pod);
        pod.interfaces.put(index, end);
        ports.put(ifindex, new Port(ifindex, group, end, patchMtu));
        notified.add(ifindex);
    }

    void equip(int ifindex) {
        step();
        ports.get(ifindex).hasProgram = true;
    }

    void mark(int ifindex, PortMark mark) {
        step();
        existing(ifindex).mark = Optional.of(mark);
        notified.add(ifindex);
    }

    void patchMtu(int ifindex, int mtu) {
        step();
        existing(ifindex).mtu = mtu;
    }

    void setUp(int ifindex, boolean up) {
        step();
        if (ports.containsKey(ifindex)) {
            ports.get(ifindex).isUp = up;
            notified.add(ifindex);
        }
    }

    void delete(int ifindex) {
        step();
        if (ports.containsKey(ifindex)) {
            remove(ports.get(ifindex).end);
        }
    }

    void deleteGroup(int group) {
        step();
        list().stream().filter(port -> port.group() == group).forEach(port -> remove(ports.get(port.ifindex()).end));
    }

    private Port existing(int ifindex) {
        Port port = ports.get(ifindex);
        if (port == null) {
            throw new Refusal("No such device");
        }
        return port;
    }

    void raise(Namespace pod, int ifindex, Optional<Prefix> address) {
        step();
        pod.find(ifindex).orElseThrow(() -> new Refusal("No such device")).born(address);
    }

    void interfaceMtu(Namespace pod, int ifindex, int mtu) {
        step();
        pod.find(ifindex).orElseThrow(() -> new Refusal("No such device")).declareMtu(mtu);
    }

    void withdraw(Namespace pod, int ifindex, Prefix address) {
        step();
        pod.find(ifindex).orElseThrow(() -> new Refusal("No such device")).withdraw(address);
    }

    void declare(Namespace pod, int ifindex, Prefix address) {
        step();
        pod.find(ifindex).orElseThrow(() -> new Refusal("No such device")).declare(address);
    }

    void toPort(int port, int target) {
        step();
        wires.put(port, new PortWire(target, 0, Optional.empty(), false, 0));
    }

    void toNode(int port, int vni, InetAddress remote, boolean isFragmenting) {
        step();
        wires.put(port, new PortWire(TUNNEL, vni, Optional.of(remote), isFragmenting, 0));
    }

    void fromNode(int vni, int port, InetAddress remote) {
        step();
        tunnels.put(vni, new TunnelWire(port, remote, 0));
    }

    void cutPort(int port) {
        step();
        wires.remove(port);
    }

    void cutTunnel(int vni) {
        step();
        tunnels.remove(vni);
    }
}
