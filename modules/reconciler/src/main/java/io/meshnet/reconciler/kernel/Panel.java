package io.meshnet.reconciler.kernel;

import io.meshnet.bpf.BpfProgram;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.LinkBatch;
import io.meshnet.netlink.LinkDeletion;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import io.meshnet.reconciler.state.NodeIdentity;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/**
 * The patch namespace of the node while the daemon works in it: its ports, their wires, and the tunnel device. Each port is a veth
 * between a pod and this namespace; a wire is an entry in a map that the ports' program follows. For the kernel thread only.
 */
public final class Panel implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Panel.class.getName());

    /** Kinds of the devices that the kernel makes in each namespace by itself: loopback, and the fallback devices of tunnels. */
    private static final Set<String> KERNELS_OWN =
            Set.of("", "ipip", "sit", "ip6tnl", "gre", "gretap", "ip6gre", "ip6gretap", "erspan", "vti", "vti6");

    /** The smallest index of a port: far above what the kernel hands out by itself. */
    static final int FIRST_PORT = 1 << 24;

    private final NodeIdentity node;
    private final Netns netns;
    private final RouteSocket socket;
    private final ExecutorService freeing;
    private final TunnelDevice tunnel;
    private final PortTable ports = new PortTable();
    private Wiring wiring;
    private boolean isListed;

    /**
     * Opens what is there, and makes what is missing.
     *
     * @param nodeSocket a socket in the node's own namespace, where the tunnel's UDP socket lives
     * @param node this node
     * @param netns the patch namespace; the panel closes it
     * @param freeing runs system calls that return long after their effect
     */
    public Panel(RouteSocket nodeSocket, NodeIdentity node, Netns netns, ExecutorService freeing) {
        this.node = node;
        this.netns = netns;
        this.freeing = freeing;
        // One list of fe80::/64 routes for all ports makes the 8,000th nine times as dear as the first.
        netns.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        netns.sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        this.socket = RouteSocket.open(netns);
        this.tunnel = new TunnelDevice(node, netns, socket);
        refresh(nodeSocket);
    }

    /** The namespace. */
    public Netns netns() {
        return netns;
    }

    /** A socket in the namespace. */
    public RouteSocket socket() {
        return socket;
    }

    /** The program that each port runs. */
    BpfProgram portProgram() {
        return wiring.port();
    }

    /** The wires. */
    public WireMaps wires() {
        return wiring.maps();
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

    /** Takes note of a port that was made or changed. */
    void put(ObservedPort port) {
        ports.put(port);
    }

    /**
     * Looks at everything anew: lists the namespace, makes the tunnel device and the programs if they are missing, gives each port its
     * program, and takes entries out of the maps that name no port.
     *
     * @return the groups whose ports are not as the daemon knew them
     */
    public Set<Integer> refresh(RouteSocket nodeSocket) {
        tunnel.require(nodeSocket);
        List<Link> links = socket.links().list();
        List<ObservedPort> found = links.stream()
                .filter(link -> link.ifindex() >= FIRST_PORT)
                .flatMap(link -> ObservedPort.of(link).stream())
                .toList();
        Wiring before = wiring;
        wiring = Wiring.require(node, socket, TunnelDevice.IFINDEX, found, before);
        tunnel.equip(wiring.tunnel());
        Set<Integer> changed = differences(found);
        ports.replace(found);
        deleteStrangers(links);
        changed.addAll(wiring.equip(socket, found));
        found.stream().mapToInt(ObservedPort::ifindex).max().ifPresent(last -> wires().raiseNextIfindex(last + 1));
        sweepMaps();
        isListed = true;
        return changed;
    }

    private Set<Integer> differences(List<ObservedPort> found) {
        Set<Integer> changed = new HashSet<>();
        if (!isListed) {
            return changed;
        }
        Set<Integer> missing = new HashSet<>();
        ports.all().forEach(port -> missing.add(port.ifindex()));
        for (ObservedPort port : found) {
            missing.remove(port.ifindex());
            Optional<ObservedPort> known = ports.find(port.ifindex());
            if (!known.equals(Optional.of(port))) {
                changed.add(port.group());
                known.ifPresent(old -> changed.add(old.group()));
            }
        }
        missing.forEach(gone -> ports.find(gone).ifPresent(old -> changed.add(old.group())));
        return changed;
    }

    /** Deletes devices that meshnet did not make: only a pod that may reach this namespace by netlink can have put them here. */
    private void deleteStrangers(List<Link> links) {
        for (Link link : links) {
            boolean isKnown = link.ifindex() == TunnelDevice.IFINDEX
                    || ports.find(link.ifindex()).isPresent()
                    || KERNELS_OWN.contains(link.kind());
            if (!isKnown) {
                LOG.log(
                        Level.WARNING,
                        "tampering: {0} {1} (ifindex {2}) in the patch namespace is none of meshnet''s, and is deleted",
                        link.kind(),
                        link.name(),
                        Integer.toString(link.ifindex()));
                deletion().link(link.ifindex());
            }
        }
    }

    /** Takes entries out of the maps that name a port which does not exist. */
    private void sweepMaps() {
        wires().allPorts().forEach((ifindex, wire) -> {
            boolean isWhole = ports.find(ifindex).isPresent()
                    && (wire.isTunnel() || ports.find(wire.target()).isPresent());
            if (!isWhole) {
                wires().cutPort(ifindex);
            }
        });
        wires().allTunnels().forEach((vni, wire) -> {
            if (ports.find(wire.port()).isEmpty()) {
                wires().cutTunnel(vni);
            }
        });
    }

    /**
     * Looks at one port again.
     *
     * @return whether the daemon knew it otherwise
     */
    public boolean look(int ifindex) {
        Optional<ObservedPort> now = socket.links().find(ifindex).flatMap(ObservedPort::of);
        Optional<ObservedPort> before = ports.find(ifindex);
        if (now.equals(before)) {
            return false;
        }
        if (now.isPresent()) {
            ports.put(now.get());
        } else {
            forget(ifindex);
        }
        return true;
    }

    /** Takes note that a port is gone: no wire may name its index any more. */
    void forget(int ifindex) {
        ports.remove(ifindex);
        disconnect(ifindex).ifPresent(far -> setUp(List.of(far), false));
    }

    /**
     * Cuts the wire of a port in both directions.
     *
     * @return the port of this node that was connected with it, which is to lose its carrier
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

    /** Cuts what arrives under a VNI, if it is delivered to that port. */
    void cutTunnel(int vni, int port) {
        Optional<TunnelWire> arriving = wires().tunnel(vni);
        if (arriving.isPresent() && arriving.get().port() == port) {
            wires().cutTunnel(vni);
        }
    }

    /** Sets patch sides up or down, which gives the interfaces in the pods their carrier or takes it away. */
    void setUp(List<ObservedPort> some, boolean up) {
        List<ObservedPort> other = some.stream()
                .flatMap(port -> ports.find(port.ifindex()).stream())
                .filter(port -> port.isUp() != up)
                .distinct()
                .toList();
        if (other.isEmpty()) {
            return;
        }
        try (LinkBatch batch = new LinkBatch(socket, other.size())) {
            other.forEach(port -> batch.up(port.ifindex(), up));
            batch.send();
        }
        other.forEach(port -> ports.put(port.withUp(up)));
    }

    /**
     * Deletes all ports of a pod, and cuts their wires before.
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
        if (!mine.isEmpty()) {
            deletion().group(group, ifindexes, unlisted);
        }
        far.removeIf(port -> port.group() == group);
        setUp(far, false);
        return mine.size();
    }

    /** Deletes one port, and cuts its wire before. */
    void delete(ObservedPort port) {
        Optional<ObservedPort> far = disconnect(port.ifindex());
        deletion().link(port.ifindex());
        ports.remove(port.ifindex());
        far.ifPresent(other -> setUp(List.of(other), false));
    }

    private LinkDeletion deletion() {
        return new LinkDeletion(netns, socket, freeing);
    }

    /**
     * Has the kernel finish what it does later for a device that came up: until then the device is up and sends nothing. To ask for a
     * device does that for just this one (linkwatch_sync_dev); with thousands of others waiting it takes seconds by itself.
     */
    void settle(ObservedPort port) {
        try {
            socket.links().find(port.podIfindex(), port.podNetnsid());
        } catch (NetlinkException e) {
            // The pod may have taken its interface away at this moment; a notification tells.
            LOG.log(Level.DEBUG, "port {0}: its interface cannot be asked for: {1}", port.name(), e.getMessage());
        }
    }

    @Override
    public void close() {
        if (wiring != null) {
            wiring.close();
        }
        socket.close();
        netns.close();
    }
}
