package io.meshnet.reconciler.kernel;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.state.NodeIdentity;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Compares what the daemon knows of the patch namespace with the kernel, and repairs what belongs
 * to meshnet. A pod with CAP_NET_ADMIN in the user namespace of the node can change this namespace
 * by netlink: it names the namespace by the id that its own has for the peer of its veth. For the
 * kernel thread only.
 */
final class PanelInspector {

    private static final System.Logger LOG = System.getLogger(PanelInspector.class.getName());

    /** Kinds of the devices that the kernel makes in each namespace by itself: loopback, and the fallback devices of tunnels. */
    private static final Set<String> KERNELS_OWN =
            Set.of("", "ipip", "sit", "ip6tnl", "gre", "gretap", "ip6gre", "ip6gretap", "erspan", "vti", "vti6");

    /** The smallest index of a port: far above what the kernel hands out by itself. */
    static final int FIRST_PORT = 1 << 24;

    private final Panel panel;
    private final NodeIdentity node;
    private final RouteSocket socket;
    private final PortTable ports;
    private final TunnelDevice tunnel;
    private Wiring wiring;
    private boolean isListed;

    /**
     * @param socket a socket in the patch namespace
     * @param ports what the daemon knows
     */
    PanelInspector(Panel panel, NodeIdentity node, RouteSocket socket, PortTable ports, TunnelDevice tunnel) {
        this.panel = panel;
        this.node = node;
        this.socket = socket;
        this.ports = ports;
        this.tunnel = tunnel;
    }

    /** Programs and maps; null until {@link #refresh} was called. */
    Wiring wiring() {
        return wiring;
    }

    /**
     * Lists the namespace again. Makes the tunnel device and the programs if they are missing,
     * gives each port its program, deletes devices that meshnet did not make, and removes entries
     * of the maps that name no port.
     *
     * @param isContinuous whether the daemon got a notification of every change since the last
     *     look. Otherwise a port without the program may be a device that somebody put in the place
     *     of a port. It is deleted: only a process with CAP_SYS_ADMIN can attach the program.
     * @return the groups of the ports that differ from what the daemon knew
     */
    Set<Integer> refresh(RouteSocket nodeSocket, boolean isContinuous) {
        tunnel.require(nodeSocket);
        List<Link> links = socket.links().list();
        List<ObservedPort> found = links.stream()
                .filter(link -> link.ifindex() >= FIRST_PORT)
                .flatMap(link -> ObservedPort.of(link).stream())
                .toList();
        if (wiring == null) {
            wiring = Wiring.require(node, socket, TunnelDevice.IFINDEX, found);
        }
        tunnel.equip(wiring.tunnel());
        boolean isFirst = !isListed;
        Set<Integer> changed = new HashSet<>();
        List<ObservedPort> gone = new ArrayList<>(ports.missing(found));
        for (ObservedPort port : found) {
            take(port, isFirst, isContinuous, changed).ifPresent(gone::add);
        }
        // Only now: this sets the patch sides of their peers down, which the list does not know.
        gone.forEach(port -> {
            changed.add(port.group());
            forget(port);
        });
        deleteStrangers(links);
        sweepMaps();
        isListed = true;
        return changed;
    }

    /**
     * Takes over one listed port. A port that the daemon did not make is left for {@link
     * #deleteStrangers}.
     *
     * @return the port that the daemon knew if another device stands in its place
     */
    private Optional<ObservedPort> take(
            ObservedPort port, boolean isFirst, boolean isContinuous, Set<Integer> changed) {
        Optional<ObservedPort> known = ports.find(port.ifindex());
        if (known.isEmpty() && !isFirst) {
            return Optional.empty();
        }
        boolean isWhole = port.mark().isPresent() || known.isPresent();
        if (isWhole && !wiring.isEquipped(socket, port.ifindex())) {
            changed.add(known.orElse(port).group());
            if (isFirst || !isContinuous) {
                LOG.log(
                        Level.WARNING,
                        "tampering: port {0} of {1} does not run the program of ports, and is made anew",
                        port.name(),
                        serves(port));
                return known;
            }
            LOG.log(Level.WARNING, "tampering: port {0} of {1} lost its program", port.name(), serves(port));
            wiring.equip(socket, port.ifindex());
        }
        if (known.isEmpty()) {
            ports.put(port);
        } else if (!known.get().equals(port)) {
            changed.add(known.get().group());
            ports.put(repaired(known.get(), port));
        }
        return Optional.empty();
    }

    /**
     * Restores name, group and mark of the patch side. Accepts where the pod's end is, and whether
     * the patch side is up.
     */
    private ObservedPort repaired(ObservedPort known, ObservedPort now) {
        boolean isHarmed = known.group() != now.group()
                || !known.mark().equals(now.mark())
                || !known.name().equals(now.name());
        if (isHarmed && known.mark().isPresent()) {
            LOG.log(
                    Level.WARNING,
                    "tampering: somebody changed name, group or mark of port {0} of {1}, which is put back",
                    known.name(),
                    serves(known));
            socket.links()
                    .mark(known.ifindex(), known.group(), known.mark().get().alias());
            if (!known.name().equals(now.name())) {
                socket.links().rename(known.ifindex(), known.name());
            }
        }
        return known.at(now);
    }

    private static String serves(ObservedPort port) {
        return port.mark().map(mark -> mark.pod() + ":" + mark.ifname()).orElse("no interface");
    }

    /**
     * Deletes devices that meshnet did not make. Besides root only a pod that can change this
     * namespace by netlink can have made them.
     */
    private void deleteStrangers(List<Link> links) {
        for (Link link : links) {
            boolean isKnown =
                    Panel.isTunnel(link) || ports.find(link.ifindex()).isPresent() || KERNELS_OWN.contains(link.kind());
            if (!isKnown) {
                deleteStranger(link);
            }
        }
    }

    private void deleteStranger(Link link) {
        String owner = ports.all().stream()
                .filter(port ->
                        port.podNetnsid() == link.peerNetnsid() && port.mark().isPresent())
                .findFirst()
                .map(port -> "it leads to pod " + port.mark().get().pod())
                .orElse("it leads to no pod of this node");
        LOG.log(
                Level.WARNING,
                "tampering: {0} {1} (ifindex {2}) in the patch namespace is none of meshnet''s, and is deleted; {3}",
                link.kind(),
                link.name(),
                Integer.toString(link.ifindex()),
                owner);
        panel.deletion().link(link.ifindex());
    }

    /** Removes entries of the maps that name a port which does not exist, or which sends elsewhere. */
    private void sweepMaps() {
        wiring.maps().allPorts().forEach((ifindex, wire) -> {
            boolean isWhole = ports.find(ifindex).isPresent()
                    && (wire.isTunnel() || ports.find(wire.target()).isPresent());
            if (!isWhole) {
                wiring.maps().cutPort(ifindex);
            }
        });
        wiring.maps().allTunnels().forEach((vni, wire) -> {
            // A daemon that was killed while it cut a wire may have left the entry of the VNI.
            boolean isWhole = ports.find(wire.port()).isPresent()
                    && wiring.maps()
                            .port(wire.port())
                            .filter(port -> port.vni() == vni)
                            .isPresent();
            if (!isWhole) {
                wiring.maps().cutTunnel(vni);
            }
        });
    }

    /**
     * Looks at one device again after a notification.
     *
     * @param wasDeleted whether the kernel has deleted a device of that index. The daemon gives no
     *     index twice, so another device of that index is not meshnet's.
     * @return the groups of the ports that differ from what the daemon knew
     */
    Set<Integer> look(int ifindex, boolean wasDeleted) {
        Optional<Link> link = socket.links().find(ifindex);
        Optional<ObservedPort> known = ports.find(ifindex);
        boolean isGone = known.isPresent() && (wasDeleted || link.isEmpty());
        if (isGone) {
            LOG.log(Level.INFO, "port {0} of {1} is gone", known.get().name(), serves(known.get()));
            forget(known.get());
        }
        if (link.isPresent() && (known.isEmpty() || isGone)) {
            deleteStrangers(List.of(link.get()));
        }
        if (known.isEmpty()) {
            return Set.of();
        }
        Optional<ObservedPort> now = link.flatMap(ObservedPort::of);
        if (!isGone && now.isPresent()) {
            if (now.equals(known)) {
                return Set.of();
            }
            ports.put(repaired(known.get(), now.get()));
        }
        return Set.of(known.get().group());
    }

    /**
     * Records that a port is gone, and removes the entries that name its index. If the interface in
     * the pod is still there, somebody moved the patch side to another namespace. Then the
     * interface is deleted, and the next reconciliation makes it again.
     */
    private void forget(ObservedPort port) {
        ports.remove(port.ifindex());
        panel.disconnect(port.ifindex()).ifPresent(far -> panel.setUp(List.of(far), false));
        try {
            Optional<Link> left = socket.links().find(port.podIfindex(), port.podNetnsid());
            boolean isLedElsewhere = port.podNetnsid() >= 0
                    && left.filter(link -> link.kind().equals("veth") && link.peer() == port.ifindex())
                            .isPresent();
            if (isLedElsewhere) {
                LOG.log(
                        Level.WARNING,
                        "tampering: somebody moved port {0} of {1} out of the patch namespace; the interface is made anew",
                        port.name(),
                        serves(port));
                socket.links().delete(port.podIfindex(), port.podNetnsid());
            }
        } catch (NetlinkException e) {
            LOG.log(Level.DEBUG, "the namespace of port {0} is gone: {1}", port.name(), e.getMessage());
        }
    }
}
