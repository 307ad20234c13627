package io.meshnet.bench;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.kernel.ActionRunner;
import io.meshnet.reconciler.kernel.Panel;
import io.meshnet.reconciler.kernel.PodNamespace;
import io.meshnet.reconciler.plan.Action;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortMark;
import io.meshnet.reconciler.plan.PortSpec;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.PodName;
import io.meshnet.topology.Prefix;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The patch namespace and the namespaces of some pods, opened, and ports between them as the floor in C makes them too: the same names,
 * addresses and order of pods. The product's own classes make and delete them. For one platform thread.
 */
final class Ports implements AutoCloseable {

    /** The node that benchmarks pretend to be. */
    static final NodeIdentity NODE =
            new NodeIdentity("bench", InetAddress.ofLiteral("192.0.2.1"), 4789, 1450, OptionalInt.empty());

    private static final InetAddress REMOTE = InetAddress.ofLiteral("192.0.2.2");
    private static final int FIRST_IFINDEX = 100_000;
    private static final int FIRST_ADDRESS = 0x0a000000;
    private static final int MTU = 1450;
    private static final int PREFIX_LENGTH = 30;
    private static final int FIRST_VNI = 5000;

    private record Pod(PodName name, PodNamespace namespace) {}

    private final List<Pod> pods = new ArrayList<>();
    private final ExecutorService freeing = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("freeing").daemon().factory());
    private final Panel panel;
    private final String prefix;

    /**
     * Opens the namespaces {@code PREFIXpatch}, {@code PREFIX0} and so on in {@code /run/netns}.
     *
     * @param node a socket in the node's namespace; stays the caller's
     */
    Ports(RouteSocket node, String prefix, int count) {
        this.prefix = prefix;
        this.panel = new Panel(node, NODE, Netns.open(patch(prefix)), freeing);
        for (int i = 0; i < count; i++) {
            PodName name = PodName.of("pod" + i);
            LocalPod pod = new LocalPod(name, path(prefix, i), Optional.empty());
            pods.add(new Pod(name, PodNamespace.open(node, pod).orElseThrow()));
        }
    }

    /** Where the patch namespace is when names begin with {@code prefix}. */
    static Path patch(String prefix) {
        return Path.of("/run/netns/" + prefix + "patch");
    }

    /** Where the namespace of a pod is when names begin with {@code prefix}. */
    static Path path(String prefix, int pod) {
        return Path.of("/run/netns/" + prefix + pod);
    }

    /** Where the namespace of a pod is. */
    Path path(int pod) {
        return path(prefix, pod);
    }

    /** Makes port {@code i}, complete, with a wire to another node. */
    void port(int i) {
        make(i % pods.size(), i);
    }

    /** Makes port {@code i} for the first pod. */
    void portOfFirst(int i) {
        make(0, i);
    }

    private void make(int number, int i) {
        Pod pod = pods.get(number);
        EndId end = new EndId(pod.name(), name(i));
        Optional<Prefix> address = Optional.of(new Prefix(address(FIRST_ADDRESS + (i << 2) + 1), PREFIX_LENGTH));
        PortMark mark = PortMark.of(end, new PortMark.OfTopology(i), address, MTU, false);
        PortSpec spec = new PortSpec(end, FIRST_IFINDEX + i, new MacAddress(0x02L << 40 | i), mark);
        LinkId id = new LinkId(i, end, end);
        ActionRunner runner =
                new ActionRunner(panel, pod.name(), Optional.of(pod.namespace()), number + 1, far -> find(number, far));
        Map<LinkId, String> failed = runner.run(
                List.of(new Action.MakePort(id, spec), new Action.ConnectNode(id, end, FIRST_VNI + i, REMOTE, false)));
        if (!failed.isEmpty()) {
            throw new IllegalStateException(failed.toString());
        }
    }

    private Optional<ObservedPort> find(int pod, EndId end) {
        return panel.port(pod + 1, end.ifname());
    }

    /** Joins two ports of those indices. */
    void wire(int one, int other) {
        panel.wires().connectPorts(one, other);
    }

    /** Sets the interface of port {@code i} up that is up; it is no more than an exchange. */
    void raisedAgain(int i) {
        pods.get(i % pods.size()).namespace().socket().links().raise(FIRST_IFINDEX + i, List.of());
    }

    /** Every device of the patch namespace. */
    List<Link> list() {
        return panel.socket().links().list();
    }

    /** Gives the first pod's loopback an address more. */
    void addAddress(int i) {
        InterfaceAddress address = new InterfaceAddress(address(FIRST_ADDRESS + (i << 2) + 1), PREFIX_LENGTH);
        pods.getFirst().namespace().socket().addresses().add(1, address);
    }

    /** Takes away what {@link #addAddress} gave. */
    void removeAddresses() {
        var addresses = pods.getFirst().namespace().socket().addresses();
        addresses.list().getOrDefault(1, List.of()).forEach(each -> addresses.delete(1, each));
    }

    /** Deletes the ports of all pods, and cuts their wires. */
    void clear() {
        for (int pod = 0; pod < pods.size(); pod++) {
            panel.release(pod + 1, () -> {});
        }
    }

    static String name(int i) {
        return "a" + i;
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
        pods.forEach(pod -> pod.namespace().close());
        panel.close();
        freeing.shutdown();
    }
}
