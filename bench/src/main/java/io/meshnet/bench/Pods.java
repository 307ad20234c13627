package io.meshnet.bench;

import io.meshnet.netlink.Addresses;
import io.meshnet.netlink.EmptyExchange;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.NewLink;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.netlink.Vxlan;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The namespaces of some pods, opened, and links between them as the floor in C makes them too: the same names, indices, addresses and
 * order of pods. For one platform thread.
 */
final class Pods implements AutoCloseable {

    /** The group of every link that is made here: meshnet's own, since the reconciler deletes by it. */
    private static final int GROUP = 0x6d657368;

    private static final int FIRST_IFINDEX = 100_000;
    private static final int FIRST_ADDRESS = 0x0a000000;
    private static final int MTU = 1450;
    private static final int PREFIX_LENGTH = 30;
    private static final int VXLAN_PORT = 4789;
    private static final int FIRST_VNI = 5000;
    private static final Optional<InetAddress> REMOTE = Optional.of(InetAddress.ofLiteral("192.0.2.2"));
    private static final Optional<InetAddress> LOCAL = Optional.of(InetAddress.ofLiteral("192.0.2.1"));

    private record Pod(Netns netns, RouteSocket socket) {}

    /** An end of a link that is not there yet. */
    private record PreparedEnd(NewLink link, RouteSocket socket, String alias, List<InterfaceAddress> addresses) {}

    private record Prepared(PreparedEnd near, PreparedEnd far) {}

    private final List<Pod> pods = new ArrayList<>();
    private final List<Prepared> prepared = new ArrayList<>();
    private final RouteSocket node;
    private final String prefix;
    private final int underlay;

    /**
     * Opens the namespaces {@code PREFIX0} and so on in {@code /run/netns}.
     *
     * @param node a socket in the node's namespace; stays the caller's
     * @param underlay ifindex of the device below a vxlan
     */
    Pods(RouteSocket node, String prefix, int count, int underlay) {
        this.node = node;
        this.prefix = prefix;
        this.underlay = underlay;
        for (int i = 0; i < count; i++) {
            Netns netns = Netns.open(path(prefix, i));
            pods.add(new Pod(netns, RouteSocket.open(netns)));
        }
    }

    /** Where the namespace of a pod is. */
    Path path(int pod) {
        return path(prefix, pod);
    }

    /** Where the namespace of a pod is when names begin with {@code prefix}. */
    static Path path(String prefix, int pod) {
        return Path.of("/run/netns/" + prefix + pod);
    }

    /** Makes veth {@code i}: both ends in place, marked, up and addressed. */
    void veth(int i) {
        int first = first(i);
        int second = second(i);
        node.links().createVeth(end(first, i, 0), end(second, i, 1));
        raise(first, i, 0);
        raise(second, i, 1);
    }

    /** Makes all that is said in the messages of so many veths. */
    void prepare(int count) {
        for (int i = 0; i < count; i++) {
            prepared.add(new Prepared(prepared(i, first(i), 0), prepared(i, second(i), 1)));
        }
    }

    private PreparedEnd prepared(int i, int pod, int side) {
        InterfaceAddress address = interfaceAddress(i, side);
        return new PreparedEnd(end(pod, i, side), pods.get(pod).socket(), alias(i, address), List.of(address));
    }

    /** Makes veth {@code i}, of those that were prepared. */
    void prepared(int i) {
        Prepared link = prepared.get(i);
        node.links().createVeth(link.near().link(), link.far().link());
        raise(link.near());
        raise(link.far());
    }

    /** Sets both ends of the first of them up that are up, and gives them the aliases that they have. */
    void raisedAgain() {
        Prepared link = prepared.getFirst();
        again(link.near());
        again(link.far());
    }

    private static void again(PreparedEnd end) {
        end.socket().links().raise(end.link().ifindex(), end.alias(), List.of());
    }

    private static void raise(PreparedEnd end) {
        end.socket().links().raise(end.link().ifindex(), end.alias(), end.addresses());
    }

    /** Makes one end of a tunnel, complete. */
    void vxlan(int i) {
        int pod = first(i);
        Vxlan vxlan = new Vxlan(FIRST_VNI + i, REMOTE, LOCAL, VXLAN_PORT, underlay, false);
        node.links().createVxlan(end(pod, i, 0), vxlan);
        raise(pod, i, 0);
    }

    /** Makes veth {@code i} between the first pod and the second. */
    void vethOfFirst(int i) {
        node.links().createVeth(end(0, i, 0), end(1, i, 1));
        raise(0, i, 0);
        raise(1, i, 1);
    }

    /** Deletes link {@code i}. */
    void delete(int i) {
        pods.get(first(i)).socket().links().delete(ifindex(i, 0));
    }

    /** Gives the first pod's loopback an address more. */
    void addAddress(int i) {
        pods.getFirst().socket().addresses().add(1, interfaceAddress(i, 0));
    }

    /** Takes away what {@link #addAddress} gave. */
    void removeAddresses() {
        Addresses addresses = pods.getFirst().socket().addresses();
        addresses.list().getOrDefault(1, List.of()).forEach(each -> addresses.delete(1, each));
    }

    /** Every link of a pod. */
    List<Link> list(int pod) {
        return pods.get(pod).socket().links().list();
    }

    /** Sends the kernel a request that means nothing, and takes its ack. */
    int exchange() {
        return EmptyExchange.with(node);
    }

    /** Whether a pod has a link of that name. */
    boolean has(int pod, String name) {
        return pods.get(pod).socket().links().find(name).isPresent();
    }

    /** Takes all links away. */
    void clear() {
        pods.forEach(pod -> pod.socket().links().deleteGroup(GROUP));
    }

    private int first(int i) {
        return i % pods.size();
    }

    private int second(int i) {
        return (first(i) + 1 + i / pods.size() % (pods.size() - 1)) % pods.size();
    }

    private NewLink end(int pod, int i, int side) {
        return new NewLink(
                pods.get(pod).netns(),
                name(i, side),
                ifindex(i, side),
                MTU,
                new MacAddress(0x02L << 40 | (long) side << 32 | i),
                GROUP,
                "");
    }

    private static InterfaceAddress interfaceAddress(int i, int side) {
        return new InterfaceAddress(address(ip(i, side)), PREFIX_LENGTH);
    }

    private static String alias(int i, InterfaceAddress address) {
        return "meshnet:" + i + " " + address + " default/pod" + i + ":eth0 default/pod" + (i + 1) + ":eth1";
    }

    private void raise(int pod, int i, int side) {
        InterfaceAddress address = interfaceAddress(i, side);
        pods.get(pod).socket().links().raise(ifindex(i, side), alias(i, address), List.of(address));
    }

    static String name(int i, int side) {
        return (side == 0 ? "a" : "b") + i;
    }

    private static int ifindex(int i, int side) {
        return FIRST_IFINDEX + 2 * i + side;
    }

    private static int ip(int i, int side) {
        return FIRST_ADDRESS + (i << 2) + 1 + side;
    }

    private static InetAddress address(int bits) {
        try {
            return InetAddress.getByAddress(
                    new byte[] {(byte) (bits >> 24), (byte) (bits >> 16), (byte) (bits >> 8), (byte) bits});
        } catch (UnknownHostException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        pods.forEach(pod -> {
            pod.socket().close();
            pod.netns().close();
        });
    }
}
