package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An underlay, an etcd and two nodes with a container runtime each, one configured in the seed's form and one chained. After each test
 * the pods are deleted and the keys removed, and nothing may be left; after a test that failed everything is thrown away and made anew.
 */
final class RuntimeLab implements BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private Underlay underlay;
    private Etcd etcd;
    private RuntimeNode node1;
    private RuntimeNode node2;

    Etcd etcd() {
        return etcd;
    }

    RuntimeNode node1() {
        return node1;
    }

    RuntimeNode node2() {
        return node2;
    }

    List<RuntimeNode> nodes() {
        return List.of(node1, node2);
    }

    /** Writes a topology into etcd. */
    void upload(Topology topology) {
        topology.keys().forEach(etcd::put);
    }

    /** Does something for each of a list at once, and gives what came of it in the same order. */
    static <T, R> List<R> atOnce(List<T> all, Function<T, R> action) {
        return all.stream()
                .map(each -> CompletableFuture.supplyAsync(() -> action.apply(each), Thread::startVirtualThread))
                .toList()
                .stream()
                .map(CompletableFuture::join)
                .toList();
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
            etcd = new Etcd(underlay, 1);
            etcd.start();
            node1 = new RuntimeNode(underlay, 1, RuntimeNode.Form.DELEGATE);
            node2 = new RuntimeNode(underlay, 2, RuntimeNode.Form.CHAINED);
            nodes().forEach(RuntimeNode::begin);
            nodes().forEach(RuntimeNode::awaitReady);
        } catch (RuntimeException | AssertionError e) {
            System.err.println(logs());
            tearDown();
            throw e;
        }
    }

    private static void requireParts() {
        for (String program :
                List.of("containerd", "containerd-shim-runc-v2", "ctr", "runc", "gcc", "unshare", "tar")) {
            assertThat(Command.of("sh", "-c", "command -v " + program).run().status())
                    .as("exit status of the search for %s, which these tests need", program)
                    .isZero();
        }
        assertThat(Node.PLUGINS.resolve("loopback")).isExecutable();
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
            if (!good) {
                System.err.printf("%s failed%n%s", context.getDisplayName(), logs());
                tearDown();
            }
        }
    }

    /** Brings back what a test has stopped, and deletes its pods as a kubelet does. */
    private void cleanUp() {
        if (!etcd.running()) {
            etcd.start();
        }
        for (RuntimeNode node : nodes()) {
            if (!node.runtime().running()) {
                node.runtime().start();
            }
            if (!node.node().running()) {
                node.node().start();
            }
        }
        atOnce(nodes(), node -> {
            List<String> pods = node.kubelet().sandboxes().stream()
                    .map(sandbox -> sandbox.getMetadata().getName())
                    .distinct()
                    .toList();
            return atOnce(pods, pod -> {
                node.kubelet().delete(pod);
                return pod;
            });
        });
        etcd.clear();
        nodes().forEach(RuntimeLab::assertClean);
    }

    /** Makes sure that a node holds nothing of any pod. */
    static void assertClean(RuntimeNode node) {
        assertThat(node.kubelet().sandboxes()).as("pods on %s", node.name()).isEmpty();
        assertThat(node.node().leases())
                .as("addresses leased on %s", node.name())
                .isEmpty();
        eventually(() -> assertThat(node.node().strayLinks())
                .as("stray links on %s", node.name())
                .isEmpty());
        eventually(() -> assertThat(node.node().patch().remains())
                .as("ports on %s", node.name())
                .isEmpty());
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
        }
    }

    private String logs() {
        return Stream.of(node1, node2)
                .filter(Objects::nonNull)
                .map(RuntimeNode::logs)
                .collect(Collectors.joining());
    }
}
