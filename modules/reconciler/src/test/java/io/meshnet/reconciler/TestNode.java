package io.meshnet.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.Examples;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A node in one process: its own network namespace, a patch namespace, the real reconciler, and
 * pods that are no more than namespaces. All mounts are below one directory and go with the node.
 */
final class TestNode implements AutoCloseable {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int POLL_MILLIS = 5;

    private final NodeIdentity identity = Examples.NODE1;
    private final Path directory;
    private final Cluster cluster = new Cluster();
    private final Map<PodName, LocalPod> pods = new HashMap<>();
    private int revision = 1;
    private int namespaces;
    private KernelThread kernel;
    private PatchNamespace patch;
    private Reconciler reconciler;

    /** Makes the node's namespace, and starts the daemon's part. */
    TestNode(Path directory) {
        this.directory = directory;
        Netns.createAt(netns()).close();
        cluster.nodes(Set.of(identity.name()));
        start();
    }

    private Path netns() {
        return directory.resolve("node");
    }

    /** Where the patch namespace is mounted. */
    Path mount() {
        return directory.resolve("patch");
    }

    /** As a daemon starts: nothing is known but the topology and the pods that were attached. */
    void start() {
        // A thread inherits the namespace of the thread that starts it.
        kernel = InNamespace.call(netns(), () -> {
            KernelThread started = new KernelThread(error -> {});
            started.submit(_ -> null).join();
            return started;
        });
        patch = new PatchNamespace(identity, kernel, mount(), /* isFrontMounting= */ false);
        reconciler = new Reconciler(identity, cluster, kernel, patch, pod -> Optional.ofNullable(pods.get(pod)));
    }

    /** As a daemon stops. */
    void stop() {
        reconciler.close();
        patch.close();
        kernel.close();
    }

    Cluster cluster() {
        return cluster;
    }

    /** Something that ends when it is closed. */
    interface Hold extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Keeps the kernel thread busy until the result is closed: what is handed to the thread waits.
     */
    Hold holdKernelThread() {
        CountDownLatch released = new CountDownLatch(1);
        CompletableFuture<Void> busy = kernel.submit(_ -> {
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return null;
        });
        return () -> {
            released.countDown();
            busy.join();
        };
    }

    Reconciler reconciler() {
        return reconciler;
    }

    NodeIdentity identity() {
        return identity;
    }

    LocalPod pod(PodName pod) {
        return pods.get(pod);
    }

    /** What the periodic inspection does. */
    void inspect() {
        patch.inspect(reconciler::groups).join();
    }

    /**
     * Makes the namespace of a pod, and has the cluster know that the pod runs; nothing is
     * reconciled.
     */
    void place(PodName pod, DeclaredLink... links) {
        Path path = directory.resolve(pod.name() + "-" + namespaces++);
        try (Netns netns = Netns.createAt(path)) {
            netns.sysctl("net/ipv6/conf/default/accept_dad", "0");
            pods.put(pod, new LocalPod(pod, path, Optional.of(netns.id())));
        }
        Placement placement = new Placement(
                identity.vtep(), path.toString(), path.getFileName().toString(), "node1");
        put(pod, Optional.of(placement), links);
    }

    /** Declares the links of a pod anew; nothing is reconciled. */
    void declare(PodName pod, DeclaredLink... links) {
        put(pod, cluster.find(pod).flatMap(PodRecord::placement), links);
    }

    private void put(PodName pod, Optional<Placement> placement, DeclaredLink... links) {
        cluster.put(new PodRecord(pod, new Declaration.Links(List.of(links)), placement, ++revision));
    }

    /** A pod comes: its links are made. */
    PodStatus add(PodName pod, DeclaredLink... links) {
        place(pod, links);
        return reconcile(pod);
    }

    PodStatus reconcile(PodName pod) {
        return reconciler.reconcile(pod).join();
    }

    /** A pod goes: its ports, its namespace, and its place in the topology. */
    void delete(PodName pod) {
        LocalPod gone = pods.get(pod);
        cluster.place(pod, Optional.empty(), ++revision);
        reconciler.release(gone).join();
        pods.remove(pod);
        Netns.unmount(gone.netns());
        cluster.all().forEach(each -> reconcile(each.pod()));
    }

    /** The phases of a pod's links, in the order of uids. */
    static List<LinkStatus.Phase> phases(PodStatus status) {
        return status.links().stream().map(LinkStatus::phase).toList();
    }

    /** What the patch namespace lists: ports and the tunnel device, without loopback. */
    List<Link> patchLinks() {
        return links(mount()).stream().filter(link -> link.ifindex() >= 1 << 23).toList();
    }

    /** What makes the devices of the patch namespace the same as before. */
    List<String> patchIdentities() {
        return patchLinks().stream().map(TestNode::identity).toList();
    }

    /** A link without its flags: the kernel is late with some of them. */
    static String identity(Link link) {
        return String.join(
                " ",
                List.of(
                        link.name(),
                        Integer.toString(link.ifindex()),
                        link.mac().toString(),
                        Integer.toString(link.group()),
                        link.alias()));
    }

    /** The interface of a pod. */
    Optional<Link> find(PodName pod, String ifname) {
        return links(pods.get(pod).netns()).stream()
                .filter(link -> link.name().equals(ifname))
                .findFirst();
    }

    /** The patch side of an interface of a pod. */
    Link port(PodName pod, String ifname) {
        return findPort(pod, ifname).orElseThrow();
    }

    Optional<Link> findPort(PodName pod, String ifname) {
        return find(pod, ifname)
                .flatMap(end -> patchLinks().stream()
                        .filter(link -> link.ifindex() == end.peer())
                        .findFirst());
    }

    /** Whether an interface has its carrier, with another port than the given one. */
    boolean isRemade(PodName pod, String ifname, Link port) {
        return find(pod, ifname).filter(Link::hasCarrier).isPresent()
                && findPort(pod, ifname)
                        .filter(other -> other.ifindex() != port.ifindex())
                        .isPresent();
    }

    static List<Link> links(Path path) {
        try (Netns netns = Netns.open(path);
                RouteSocket socket = RouteSocket.open(netns)) {
            return socket.links().list();
        }
    }

    /** Runs a command in a namespace, which has to succeed. */
    static String run(Path netns, String command) {
        return run(netns, List.of(command.split(" ")));
    }

    /** Runs a command in a namespace, which has to succeed. */
    static String run(Path netns, List<String> command) {
        Process process = start(netns, command);
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Starts a command in a namespace. */
    static Process start(Path netns, List<String> command) {
        List<String> whole = new ArrayList<>(List.of("nsenter", "--net=" + netns));
        whole.addAll(command);
        try {
            return new ProcessBuilder(whole).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String inPod(PodName pod, String command) {
        return run(pods.get(pod).netns(), command);
    }

    String inPatch(String command) {
        return run(mount(), command);
    }

    /** Fails unless a pod is answered by an address. */
    void ping(PodName pod, String address) {
        inPod(pod, "ping -n -c 1 -W 20 " + address);
    }

    /** Waits until something is true. */
    static void await(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start)
                    .as("nanoseconds without: %s", what)
                    .isLessThan(PATIENCE_NANOS);
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void close() {
        stop();
        pods.values().forEach(pod -> Netns.unmount(pod.netns()));
        Netns.unmount(mount());
        Netns.unmount(netns());
    }
}
