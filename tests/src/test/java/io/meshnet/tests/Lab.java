package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An underlay, an etcd and two nodes, shared by the tests of a class. After each test the pods are deleted and the keys removed, and
 * nothing may be left; after a test that failed everything is thrown away and made anew.
 */
final class Lab implements BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private final List<Pod> pods = new ArrayList<>();
    private final Map<String, String> settings;
    private final int members;
    private Underlay underlay;
    private Etcd etcd;
    private Node node1;
    private Node node2;
    private OriginalNode original;
    private Node node3;

    Lab() {
        this(Map.of());
    }

    /** @param settings variables of the environment of both daemons */
    Lab(Map<String, String> settings) {
        this(settings, 1);
    }

    /**
     * @param settings variables of the environment of both daemons
     * @param members of etcd, of which the daemons are told them all
     */
    Lab(Map<String, String> settings, int members) {
        var all = new HashMap<>(settings);
        all.put("MESHNET_ETCD_ENDPOINTS", Etcd.endpoints(members));
        this.settings = Map.copyOf(all);
        this.members = members;
    }

    Etcd etcd() {
        return etcd;
    }

    Underlay underlay() {
        return underlay;
    }

    Node node1() {
        return node1;
    }

    Node node2() {
        return node2;
    }

    /** A third node, which runs the original; there once it is asked for. */
    OriginalNode original() {
        if (original == null) {
            original = new OriginalNode(underlay, etcd, 3);
            original.start();
        }
        return original;
    }

    /** One more node, made when it is first asked for. */
    Node node3() {
        if (node3 == null) {
            node3 = new Node(underlay, 3, Underlay.addressOf(3), settings);
            node3.start();
        }
        return node3;
    }

    List<Node> nodes() {
        return Stream.of(node1, node2, node3).filter(Objects::nonNull).toList();
    }

    /** A pod's first or next incarnation, in a namespace of its own; ADD has not been called. */
    Pod pod(String name, Node node) {
        return remember(Pod.of(name, node, underlay.addNamespace(name)));
    }

    /** The next incarnation of a pod, in a new namespace that has the path of the old one. */
    Pod successorAtSamePath(Pod pod) {
        underlay.renewNamespace(pod.netns());
        return remember(Pod.of(pod.name(), pod.node(), pod.netns()));
    }

    /** Removes a pod's namespace, and with it its interfaces, without telling the plugin. */
    void removeNamespace(Pod pod) {
        underlay.removeNamespace(pod.netns());
    }

    /** Writes a topology into etcd. */
    void upload(Topology topology) {
        topology.keys().forEach(etcd::put);
    }

    /** Makes sure that nothing tells that a pod once lived: no placement in etcd, no link of ours in its namespace. */
    void assertReleased(Pod pod) {
        assertThat(etcd.get("/" + pod.name() + "/src_ip"))
                .as("src_ip of %s", pod.name())
                .isEmpty();
        assertThat(etcd.get("/" + pod.name() + "/net_ns"))
                .as("net_ns of %s", pod.name())
                .isEmpty();
        if (Files.exists(Path.of(pod.netnsPath()))) {
            assertThat(pod.links()).as("links in %s", pod.name()).containsOnlyKeys("lo");
        }
    }

    /** Makes sure that the nodes hold nothing of any pod. */
    void assertNodesClean() {
        for (Node node : nodes()) {
            assertThat(node.leases()).as("addresses leased on %s", node.name()).isEmpty();
            eventually(() -> assertThat(node.strayLinks())
                    .as("stray links on %s", node.name())
                    .isEmpty());
            eventually(() -> assertThat(node.patch().remains())
                    .as("ports on %s", node.name())
                    .isEmpty());
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (underlay == null) {
            build();
        }
    }

    private void build() {
        requireParts();
        underlay = new Underlay();
        try {
            etcd = new Etcd(underlay, members);
            etcd.start();
            node1 = new Node(underlay, 1, Underlay.addressOf(1), settings);
            node2 = new Node(underlay, 2, Underlay.UPLINK, settings);
            node1.begin();
            node2.begin();
            node1.awaitReady();
            node2.awaitReady();
        } catch (RuntimeException | AssertionError e) {
            System.err.println(logs());
            tearDown();
            throw e;
        }
    }

    private static void requireParts() {
        assertThat(Command.of("id", "-u").output().strip())
                .as("these tests make network namespaces and must run as root; user id")
                .isEqualTo("0");
        for (String program : List.of("etcd", "etcdctl", "ip", "nsenter", "tc", "ping", "curl", "iptables")) {
            assertThat(Command.of("sh", "-c", "command -v " + program).run().status())
                    .as("exit status of the search for %s, which these tests need", program)
                    .isZero();
        }
        for (String plugin : List.of("bridge", "host-local")) {
            assertThat(Node.PLUGINS.resolve(plugin)).isExecutable();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        boolean good = context.getExecutionException().isEmpty();
        try {
            if (good) {
                cleanUp();
            }
        } catch (RuntimeException | AssertionError e) {
            good = false;
            throw e;
        } finally {
            pods.clear();
            if (!good) {
                System.err.printf("%s failed%n%s", context.getDisplayName(), logs());
                tearDown();
            }
        }
    }

    /** Brings back what a test has stopped, and deletes its pods as a runtime does. */
    private void cleanUp() {
        if (!etcd.running()) {
            etcd.start();
        }
        for (Node node : nodes()) {
            if (!node.running()) {
                node.start();
            }
        }
        deleteAll();
        for (Pod pod : pods) {
            underlay.removeNamespace(pod.netns());
        }
        if (original != null) {
            original.clear();
        }
        etcd.clear();
        assertNodesClean();
    }

    /** Deletes all pods at once, save that those which share a namespace's path go one after the other. */
    private void deleteAll() {
        var byPath =
                pods.stream().collect(Collectors.groupingBy(Pod::netnsPath)).values();
        CompletableFuture.allOf(byPath.stream()
                        .map(some -> CompletableFuture.runAsync(
                                () -> some.forEach(pod -> pod.del().succeeded()), Thread::startVirtualThread))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        tearDown();
    }

    private void tearDown() {
        if (underlay != null) {
            underlay.close();
            underlay = null;
            etcd = null;
            node1 = null;
            node2 = null;
            original = null;
            node3 = null;
        }
    }

    private String logs() {
        return nodes().stream()
                        .map(node -> "--- log of %s%n%s%n".formatted(node.name(), node.log()))
                        .collect(Collectors.joining())
                + (original == null ? "" : "--- log of the original%n%s%n".formatted(original.log()));
    }

    private Pod remember(Pod pod) {
        pods.add(pod);
        return pod;
    }
}
