package io.meshnet.reconciler.kernel;

import io.meshnet.bpf.Assembler;
import io.meshnet.bpf.BpfException;
import io.meshnet.bpf.BpfProgram;
import io.meshnet.netlink.BpfFilter;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.state.NodeIdentity;
import java.lang.System.Logger.Level;
import java.net.Inet6Address;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The programs of ports and tunnel, and their maps. They outlive the daemon: the filters hold the
 * programs, and the programs hold the maps. A daemon finds both by any filter. For the kernel
 * thread only.
 *
 * @param maps the wires
 * @param port the program that each port runs on what a pod sends
 * @param tunnel the program that the tunnel device runs on what arrives
 */
record Wiring(WireMaps maps, BpfProgram port, BpfProgram tunnel) implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Wiring.class.getName());

    /** Names of the filters. */
    static final String PORT = "meshnet_port";

    static final String TUNNEL = "meshnet_tunnel";

    /**
     * The blocks that all ports share, for incoming and for outgoing frames. The port program is
     * attached to the first, once for all ports; the second is empty.
     */
    static final int PORTS = 1;

    static final int FROM_PORTS = 2;

    /** The loopback of the patch namespace has the blocks too, which keeps them while there is no port. */
    private static final int LOOPBACK = 1;

    /**
     * Finds the maps and loads the programs. A running program with equal instructions is kept.
     *
     * @param tunnelIfindex index of the tunnel device
     * @param ports every port of the namespace
     */
    static Wiring require(NodeIdentity node, RouteSocket socket, int tunnelIfindex, List<ObservedPort> ports) {
        Optional<BpfProgram> runningTunnel = running(socket, tunnelIfindex);
        Optional<BpfProgram> runningPort = running(socket, LOOPBACK);
        WireMaps maps =
                runningTunnel.or(() -> runningPort).flatMap(WireMaps::of).orElseGet(() -> create(ports));
        boolean isIpv6 = node.vtep() instanceof Inet6Address;
        Assembler portCode =
                WirePrograms.port(maps.ports(), maps.tunnels(), maps.numbers(), tunnelIfindex, isIpv6, node.vtep());
        Assembler tunnelCode = WirePrograms.tunnel(maps.ports(), maps.tunnels(), maps.numbers(), isIpv6);
        BpfProgram port = newest(BpfProgram.load(PORT, portCode), runningPort);
        BpfProgram tunnel = newest(BpfProgram.load(TUNNEL, tunnelCode), runningTunnel);
        Wiring wiring = new Wiring(maps, port, tunnel);
        try {
            if (!isEquipped(socket, LOOPBACK, port)) {
                wiring.equip(socket, LOOPBACK);
            }
            return wiring;
        } catch (NetlinkException e) {
            wiring.close();
            throw e;
        }
    }

    /**
     * Makes new maps. They give no port an index that one of these ports has. Devices without a mark
     * do not count: a stranger could use the numbers up.
     */
    private static WireMaps create(List<ObservedPort> ports) {
        WireMaps maps = WireMaps.create();
        ports.stream()
                .filter(port -> port.mark().isPresent())
                .mapToInt(ObservedPort::ifindex)
                .max()
                .ifPresent(last -> maps.raiseNextIfindex(last + 1));
        return maps;
    }

    private static Optional<BpfProgram> running(RouteSocket socket, int ifindex) {
        try {
            return socket.trafficControl()
                    .filter(ifindex)
                    .map(BpfFilter::programId)
                    .map(BpfProgram::open);
        } catch (NetlinkException | BpfException e) {
            LOG.log(Level.DEBUG, "ifindex {0} has no program: {1}", Integer.toString(ifindex), e.getMessage());
            return Optional.empty();
        }
    }

    private static BpfProgram newest(BpfProgram loaded, Optional<BpfProgram> running) {
        if (running.isEmpty()) {
            return loaded;
        }
        boolean isSame = running.get().tag() == loaded.tag()
                && Set.copyOf(running.get().mapIds()).equals(Set.copyOf(loaded.mapIds()));
        (isSame ? loaded : running.get()).close();
        return isSame ? running.get() : loaded;
    }

    /** Whether a device runs that program. */
    static boolean isEquipped(RouteSocket socket, int ifindex, BpfProgram program) {
        try {
            return socket.trafficControl()
                    .filter(ifindex)
                    .filter(filter -> filter.programId() == program.id())
                    .isPresent();
        } catch (NetlinkException e) {
            return false;
        }
    }

    /**
     * Attaches a program to a device. A program that runs there is replaced without the loss of a
     * frame.
     */
    static void equip(RouteSocket socket, int ifindex, BpfProgram program, String name) {
        socket.trafficControl().attachClsact(ifindex);
        socket.trafficControl().attachBpf(ifindex, program.fd(), name);
    }

    /** Whether a port runs the port program. */
    boolean isEquipped(RouteSocket socket, int ifindex) {
        return isEquipped(socket, ifindex, port);
    }

    /** Gives a port the blocks of ports, and attaches the port program to them. */
    void equip(RouteSocket socket, int ifindex) {
        socket.trafficControl().attachClsact(ifindex, PORTS, FROM_PORTS);
        socket.trafficControl().attachBpfToBlock(PORTS, port.fd(), PORT);
    }

    @Override
    public void close() {
        port.close();
        tunnel.close();
        maps.close();
    }
}
