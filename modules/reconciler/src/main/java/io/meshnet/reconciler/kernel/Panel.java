package io.meshnet.reconciler.kernel;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.LinkBatch;
import io.meshnet.netlink.LinkDeletion;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import io.meshnet.reconciler.state.NodeIdentity;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/**
 * The patch namespace of the node while the daemon works in it: its ports, their wires, and the tunnel device. Each port is a veth
 * between a pod and this namespace; a wire is an entry in a map that the ports' program follows. For the kernel thread only.
 */
public final class Panel implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Panel.class.getName());

    private final Netns netns;
    private final RouteSocket socket;
    private final ExecutorService freeing;
    private final TunnelDevice tunnel;
    private final PortTable ports = new PortTable();
    private final PanelInspector inspector;

    /**
     * Opens what is there, and makes what is missing.
     *
     * @param nodeSocket a socket in the node's own namespace, where the tunnel's UDP socket lives
     * @param node this node
     * @param netns the patch namespace; the panel closes it
     * @param freeing runs system calls that return long after their effect
     */
    public Panel(RouteSocket nodeSocket, NodeIdentity node, Netns netns, ExecutorService freeing) {
        this.netns = netns;
        this.freeing = freeing;
        // With IPv6 all ports share one list of fe80::/64 routes, and the 8,000th port takes nine
        // times as long as the first (measured).
        netns.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        netns.sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        this.socket = RouteSocket.open(netns);
        this.tunnel = new TunnelDevice(node, netns, socket);
        this.inspector = new PanelInspector(this, node, socket, ports, tunnel);
        boolean isOpen = false;
        try {
            inspector.refresh(nodeSocket, true);
            isOpen = true;
        } finally {
            if (!isOpen) {
                socket.close();
            }
        }
    }

    /** The namespace. */
    public Netns netns() {
        return netns;
    }

    /** A socket in the namespace. */
    public RouteSocket socket() {
        return socket;
    }

    /** Has a port run the program of ports. */
    void equip(int ifindex) {
        inspector.wiring().equip(socket, ifindex);
    }

    /** The wires. */
    public WireMaps wires() {
        return inspector.wiring().maps();
    }

    /** Whether a device of the patch namespace is the tunnel. */
    public static boolean isTunnel(Link link) {
        return link.ifindex() == TunnelDevice.IFINDEX;
    }

    /** Why there is no tunnel device; empty when there is one. */
    public Optional<String> tunnelProblem() {
        return tunnel.problem();
    }

    /** All ports of a pod, by the number of its namespace. */
    public List<ObservedPort> ports(int group) {
        return ports.of(group);
    }

    /** All ports. */
    public List<ObservedPort> ports() {
        return ports.all();
    }

    /** The port of that index. */
    public Optional<ObservedPort> port(int ifindex) {
        return ports.find(ifindex);
    }

    /** The port of an interface of a pod, by the number of the pod's namespace. */
    public Optional<ObservedPort> port(int group, String ifname) {
        return ports.find(group, ifname);
    }

    /** Records a port that was made or changed. */
    void put(ObservedPort port) {
        ports.put(port);
    }

    /** Compares everything with the kernel; see {@link PanelInspector#refresh}. */
    public Set<Integer> refresh(RouteSocket nodeSocket, boolean isContinuous) {
        return inspector.refresh(nodeSocket, isContinuous);
    }

    /** Compares one device with the kernel; see {@link PanelInspector#look}. */
    public Set<Integer> look(int ifindex, boolean wasDeleted) {
        return inspector.look(ifindex, wasDeleted);
    }

    /** Whether the device of that index is the port that the daemon knows. */
    boolean isSame(ObservedPort port) {
        return socket.links()
                .find(port.ifindex())
                .flatMap(ObservedPort::of)
                .filter(now -> port.at(now).equals(now))
                .isPresent();
    }

    /** The port of that index as the kernel has it now. What the panel knows of it stays: a notification tells, or the next look. */
    public Optional<ObservedPort> inspect(int ifindex) {
        return socket.links().find(ifindex).flatMap(ObservedPort::of);
    }

    /**
     * Cuts the wire of a port in both directions.
     *
     * @return the port of this node that was connected with it; the caller sets it down
     */
    Optional<ObservedPort> disconnect(int ifindex) {
        Optional<PortWire> wire = wires().port(ifindex);
        wires().cutPort(ifindex);
        if (wire.isEmpty()) {
            return Optional.empty();
        }
        if (wire.get().isTunnel()) {
            cutTunnel(wire.get().vni(), ifindex);
            return Optional.empty();
        }
        int far = wire.get().target();
        boolean leadsBack = wires().port(far)
                .filter(back -> !back.isTunnel() && back.target() == ifindex)
                .isPresent();
        if (!leadsBack) {
            return Optional.empty();
        }
        wires().cutPort(far);
        return ports.find(far);
    }

    /** Removes the tunnel entry of a VNI, if it leads to that port. */
    void cutTunnel(int vni, int port) {
        Optional<TunnelWire> arriving = wires().tunnel(vni);
        if (arriving.isPresent() && arriving.get().port() == port) {
            wires().cutTunnel(vni);
        }
    }

    /** Sets patch sides up or down, which gives the interfaces in the pods their carrier or takes it away. */
    void setUp(List<ObservedPort> some, boolean up) {
        // By index: the hash of a whole port costs as much as a system call.
        Map<Integer, ObservedPort> other = new LinkedHashMap<>();
        for (ObservedPort port : some) {
            ports.find(port.ifindex())
                    .filter(known -> known.isUp() != up)
                    .ifPresent(known -> other.put(known.ifindex(), known));
        }
        if (other.isEmpty()) {
            return;
        }
        try (LinkBatch batch = new LinkBatch(socket, other.size())) {
            other.keySet().forEach(ifindex -> batch.up(ifindex, up));
            batch.send();
        }
        other.values().forEach(port -> ports.put(port.withUp(up)));
        if (!up) {
            // The kernel may tell of a lost carrier a second later (linkwatch_urgent_event).
            other.values().forEach(this::settle);
        }
    }

    /**
     * Cuts the wires of all ports of a pod, then deletes the ports.
     *
     * @param unlisted run as soon as no namespace lists any of the ports and their interfaces
     * @return how many ports there were
     */
    public int release(int group, Runnable unlisted) {
        List<ObservedPort> mine = ports.of(group);
        List<ObservedPort> far = new ArrayList<>();
        Set<Integer> ifindexes = new HashSet<>();
        for (ObservedPort port : mine) {
            ifindexes.add(port.ifindex());
            disconnect(port.ifindex()).ifPresent(far::add);
            ports.remove(port.ifindex());
        }
        if (group == 0) {
            // All devices without a group have this one. Only a process that can change this
            // namespace by netlink gives it to a port.
            ifindexes.forEach(deletion()::link);
        } else if (!mine.isEmpty()) {
            deletion().group(group, ifindexes, unlisted);
        }
        far.removeIf(port -> port.group() == group);
        setUp(far, false);
        return mine.size();
    }

    /** Cuts the wire of a port, then deletes the port. */
    void delete(ObservedPort port) {
        Optional<ObservedPort> far = disconnect(port.ifindex());
        deletion().link(port.ifindex());
        ports.remove(port.ifindex());
        far.ifPresent(other -> setUp(List.of(other), false));
    }

    LinkDeletion deletion() {
        return new LinkDeletion(netns, socket, freeing);
    }

    /**
     * Makes the kernel finish its work for a device that came up; until then the device is up and
     * sends nothing. Otherwise it takes seconds when thousands of devices wait.
     */
    void settle(ObservedPort port) {
        if (!socket.links().settle(port.podIfindex(), port.podNetnsid())) {
            // The pod may just have deleted its interface; then a notification follows.
            LOG.log(Level.DEBUG, "port {0}: its interface cannot be asked for", port.name());
        }
    }

    @Override
    public void close() {
        inspector.wiring().close();
        socket.close();
        netns.close();
    }
}
