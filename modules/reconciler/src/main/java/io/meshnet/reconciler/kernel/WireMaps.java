package io.meshnet.reconciler.kernel;

import io.meshnet.bpf.BpfMap;
import io.meshnet.bpf.BpfProgram;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The three maps by which {@link WirePrograms} forward frames. Their entries are the wires:
 * connecting, cutting and redirecting are updates of entries, which the programs see at once.
 *
 * <pre>
 * ports    key:   u32 ifindex of the port
 *          value:  0 u32 target   4 u32 vni   8 remote (16)   24 u32 flags   28 u32 0   32 u64 tooBig
 * tunnels  key:   u32 vni
 *          value:  0 u32 port     4 u32 0     8 remote (16)   24 u64 wrongSender
 * numbers  key:   u32 0
 *          value:  0 u64 the ifindex of the next port
 * </pre>
 *
 * A remote has the layout of {@link WireRemote}. The programs count in {@code tooBig} and {@code
 * wrongSender}. Redirecting an entry keeps its count, except for frames that are counted during the
 * update.
 *
 * <p>Not thread-safe, but not bound to a thread. Connecting and cutting with a {@link WireRemote}
 * allocate nothing. The opener closes it; the maps live as long as a filter runs one of the
 * programs.
 */
public final class WireMaps implements AutoCloseable {

    /** The first ifindex that is given to a port: above all that the kernel gives by itself. */
    public static final int FIRST_IFINDEX = 1 << 24;

    private static final String PORTS = "meshnet_ports";
    private static final String TUNNELS = "meshnet_tunnels";
    private static final String NUMBERS = "meshnet_numbers";

    /** Entries of {@link #PORTS} and of {@link #TUNNELS}; the table for as many takes 1 MB of kernel memory each. */
    private static final int ENTRIES = 1 << 16;

    static final int TARGET = 0;
    static final int VNI = 4;
    static final int REMOTE = 8;
    static final int FLAGS = 24;
    static final int TOO_BIG = 32;
    static final int WRONG_SENDER = 24;
    static final int FRAGMENT = 1;

    private static final int PORT_BYTES = 40;
    private static final int TUNNEL_BYTES = 32;

    private final BpfMap ports;
    private final BpfMap tunnels;
    private final BpfMap numbers;

    private WireMaps(BpfMap ports, BpfMap tunnels, BpfMap numbers) {
        this.ports = ports;
        this.tunnels = tunnels;
        this.numbers = numbers;
        numbers.key().putInt(0, 0);
    }

    /**
     * Makes empty maps.
     *
     * @throws io.meshnet.bpf.BpfException when the kernel refuses one
     */
    public static WireMaps create() {
        List<BpfMap> open = new ArrayList<>();
        try {
            open.add(BpfMap.hash(PORTS, Integer.BYTES, PORT_BYTES, ENTRIES));
            open.add(BpfMap.hash(TUNNELS, Integer.BYTES, TUNNEL_BYTES, ENTRIES));
            open.add(BpfMap.array(NUMBERS, Long.BYTES, 1));
            WireMaps maps = new WireMaps(open.get(0), open.get(1), open.get(2));
            maps.raiseNextIfindex(FIRST_IFINDEX);
            return maps;
        } catch (Throwable t) {
            open.forEach(BpfMap::close);
            throw t;
        }
    }

    /**
     * Opens the maps of a program that was loaded before, maybe by another process.
     *
     * @return empty when the program has no such maps, or maps of another layout
     * @throws io.meshnet.bpf.BpfException when the kernel refuses to open one
     */
    public static Optional<WireMaps> of(BpfProgram program) {
        Map<String, BpfMap> open = new HashMap<>();
        boolean complete = false;
        try {
            for (int id : program.mapIds()) {
                BpfMap map = BpfMap.open(id);
                BpfMap other = open.put(map.name(), map);
                if (other != null) {
                    other.close();
                }
            }
            complete = open.size() == 3
                    && hasLayout(open.get(PORTS), PORT_BYTES)
                    && hasLayout(open.get(TUNNELS), TUNNEL_BYTES)
                    && hasLayout(open.get(NUMBERS), Long.BYTES);
            return complete
                    ? Optional.of(new WireMaps(open.get(PORTS), open.get(TUNNELS), open.get(NUMBERS)))
                    : Optional.empty();
        } finally {
            if (!complete) {
                open.values().forEach(BpfMap::close);
            }
        }
    }

    private static boolean hasLayout(BpfMap map, int valueBytes) {
        return map != null && map.keyBytes() == Integer.BYTES && map.valueBytes() == valueBytes;
    }

    /** Keys are the ifindexes of ports. */
    public BpfMap ports() {
        return ports;
    }

    /** Keys are VNIs. */
    public BpfMap tunnels() {
        return tunnels;
    }

    /** Its only entry is the ifindex of the next port. */
    public BpfMap numbers() {
        return numbers;
    }

    /** Joins two ports of this node: the frames of each go to the other. */
    public void connectPorts(int a, int b) {
        toPort(a, b);
        toPort(b, a);
    }

    /** Sends the frames of a port to another port of this node. */
    public void toPort(int port, int target) {
        ByteBuffer value = portValue(port);
        value.putInt(TARGET, target).putInt(VNI, 0).putInt(FLAGS, 0);
        value.putLong(REMOTE, 0).putLong(REMOTE + Long.BYTES, 0);
        ports.put();
    }

    /**
     * Sends the frames of a port to another node.
     *
     * @param vxlanIfindex the vxlan device
     * @param vni 1 to 2^24-1
     * @param fragment whether frames above the MTU of the vxlan device are sent too; not over an IPv6 underlay, which loses them
     */
    public void toNode(int port, int vxlanIfindex, int vni, InetAddress remote, boolean fragment) {
        toNode(port, vxlanIfindex, vni, WireRemote.of(remote), fragment);
    }

    /** Sends the frames of a port to another node, as {@link #toNode(int, int, int, InetAddress, boolean)} does. */
    public void toNode(int port, int vxlanIfindex, int vni, WireRemote remote, boolean fragment) {
        requireVni(vni);
        ByteBuffer value = portValue(port);
        value.putInt(TARGET, vxlanIfindex).putInt(VNI, vni).putInt(FLAGS, fragment ? FRAGMENT : 0);
        remote.write(value, REMOTE);
        ports.put();
    }

    /** Prepares the entry of a port for {@code ports.put()}, with the count that it has so far. */
    private ByteBuffer portValue(int port) {
        ports.key().putInt(0, port);
        ByteBuffer value = ports.value();
        if (!ports.get()) {
            value.putLong(TOO_BIG, 0);
        }
        return value.putInt(FLAGS + Integer.BYTES, 0);
    }

    /**
     * Sends the frames of a VNI to a port, as long as they come from one node.
     *
     * @param vni 1 to 2^24-1
     */
    public void fromNode(int vni, int port, InetAddress remote) {
        fromNode(vni, port, WireRemote.of(remote));
    }

    /** Sends the frames of a VNI to a port, as {@link #fromNode(int, int, InetAddress)} does. */
    public void fromNode(int vni, int port, WireRemote remote) {
        requireVni(vni);
        tunnels.key().putInt(0, vni);
        ByteBuffer value = tunnels.value();
        if (!tunnels.get()) {
            value.putLong(WRONG_SENDER, 0);
        }
        value.putInt(TARGET, port).putInt(TARGET + Integer.BYTES, 0);
        remote.write(value, REMOTE);
        tunnels.put();
    }

    private static void requireVni(int vni) {
        if (vni < 1 || vni >= 1 << 24) {
            throw new IllegalArgumentException("VNI " + vni + " is not in 1 to " + ((1 << 24) - 1));
        }
    }

    /** Drops the frames of a port from now on; false when they went nowhere before. */
    public boolean cutPort(int port) {
        ports.key().putInt(0, port);
        return ports.remove();
    }

    /** Drops the frames of a VNI from now on; false when they went nowhere before. */
    public boolean cutTunnel(int vni) {
        tunnels.key().putInt(0, vni);
        return tunnels.remove();
    }

    /** Where the frames of a port go; empty when they are dropped. */
    public Optional<PortWire> port(int ifindex) {
        ports.key().putInt(0, ifindex);
        return ports.get() ? Optional.of(portWire()) : Optional.empty();
    }

    private PortWire portWire() {
        ByteBuffer value = ports.value();
        int vni = value.getInt(VNI);
        return new PortWire(
                value.getInt(TARGET),
                vni,
                vni == 0
                        ? Optional.empty()
                        : Optional.of(WireRemote.read(value, REMOTE).address()),
                (value.getInt(FLAGS) & FRAGMENT) != 0,
                value.getLong(TOO_BIG));
    }

    /** Where the frames of a VNI go; empty when they are dropped. */
    public Optional<TunnelWire> tunnel(int vni) {
        tunnels.key().putInt(0, vni);
        return tunnels.get() ? Optional.of(tunnelWire()) : Optional.empty();
    }

    private TunnelWire tunnelWire() {
        ByteBuffer value = tunnels.value();
        return new TunnelWire(
                value.getInt(TARGET), WireRemote.read(value, REMOTE).address(), value.getLong(WRONG_SENDER));
    }

    /** Every entry of {@code ports}, by ifindex. */
    public Map<Integer, PortWire> allPorts() {
        Map<Integer, PortWire> all = new HashMap<>();
        for (boolean more = ports.first(); more; more = ports.next()) {
            if (ports.get()) {
                all.put(ports.key().getInt(0), portWire());
            }
        }
        return all;
    }

    /** Every entry of {@code tunnels}, by VNI. */
    public Map<Integer, TunnelWire> allTunnels() {
        Map<Integer, TunnelWire> all = new HashMap<>();
        for (boolean more = tunnels.first(); more; more = tunnels.next()) {
            if (tunnels.get()) {
                all.put(tunnels.key().getInt(0), tunnelWire());
            }
        }
        return all;
    }

    /**
     * Takes ifindexes for new ports. They are recorded as taken before this returns, so that no
     * other port ever gets one of them, even if this process dies before it makes the ports.
     *
     * @param count above 0
     * @return the first of {@code count} ifindexes in a row
     */
    public int takeIfindexes(int count) {
        int first = nextIfindex();
        if (count < 1 || count > Integer.MAX_VALUE - first) {
            throw new IllegalArgumentException("there are no " + count + " ifindexes from " + first + " on");
        }
        setNextIfindex(first + count);
        return first;
    }

    /** The ifindex that the next port gets. */
    public int nextIfindex() {
        if (!numbers.get()) {
            throw new IllegalStateException(numbers + " has no entry");
        }
        return Math.toIntExact(numbers.value().getLong(0));
    }

    /** Makes sure that the next port gets no ifindex below {@code atLeast}. */
    public void raiseNextIfindex(int atLeast) {
        if (atLeast > nextIfindex()) {
            setNextIfindex(atLeast);
        }
    }

    private void setNextIfindex(int next) {
        numbers.value().putLong(0, next);
        numbers.put();
    }

    @Override
    public void close() {
        ports.close();
        tunnels.close();
        numbers.close();
    }
}
