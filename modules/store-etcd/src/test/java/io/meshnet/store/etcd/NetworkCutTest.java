package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The network fails, and no process does. Makes network namespaces, so it has to be root. */
@Timeout(180)
class NetworkCutTest {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final String NEAR = "10.255.2.1";

    @TempDir
    private Path directory;

    private NetnsPair netns;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    @BeforeEach
    void setUp() throws IOException {
        netns = NetnsPair.create();
    }

    @AfterEach
    void tearDown() throws Exception {
        while (!running.isEmpty()) {
            running.pop().close();
        }
        netns.close();
    }

    private void etcd(List<String> prefix, String name, String clients, String peers, String cluster)
            throws IOException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(
                "etcd",
                "--name=" + name,
                "--data-dir=" + directory.resolve(name),
                "--listen-client-urls=" + clients,
                "--advertise-client-urls=" + clients,
                "--listen-peer-urls=" + peers,
                "--initial-advertise-peer-urls=" + peers,
                "--initial-cluster=" + cluster,
                "--heartbeat-interval=50",
                "--election-timeout=500",
                "--logger=zap",
                "--log-level=error"));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(name + ".log").toFile())
                .start();
        running.push(() -> process.destroyForcibly().onExit().join());
    }

    private NodeProcess node(List<String> prefix, Endpoints endpoints, String node, String file) throws IOException {
        var process = NodeProcess.start(prefix, endpoints, node, directory.resolve(file));
        running.push(process);
        return process;
    }

    private String etcdctl(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("etcdctl", "--endpoints=http://" + NEAR + ":2379"));
        command.addAll(List.of(arguments));
        return NetnsPair.run(netns.near(), command.toArray(String[]::new));
    }

    private void awaitHealthy() {
        await("etcd serves")
                .atMost(BOUND)
                .ignoreExceptions()
                .until(() -> etcdctl("endpoint", "health").contains("is healthy"));
    }

    @Test
    void a_node_that_is_cut_off_for_longer_than_its_lease_is_missed_and_comes_back() throws Exception {
        String peers = "http://127.0.0.1:2380";
        etcd(netns.near(), "single", "http://" + NEAR + ":2379", peers, "single=" + peers);
        awaitHealthy();
        var endpoints = Endpoints.parse(NEAR + ":2379");
        var observer = node(netns.near(), endpoints, "", "observer");
        var node = node(netns.far(), endpoints, "node1", "node");
        etcdctl("put", "/pod1/links", "[]");
        observer.awaitState(List.of("node1"), List.of("pod1"));
        node.awaitState(List.of("node1"), List.of("pod1"));

        netns.cut(2);
        observer.awaitState(List.of(), List.of("pod1"));
        node.awaitInterruption();
        etcdctl("put", "/pod2/links", "[]");
        etcdctl("del", "/pod1/links");
        compact();
        observer.awaitState(List.of(), List.of("pod2"));

        netns.mend(2);
        observer.awaitState(List.of("node1"), List.of("pod2"));
        node.awaitState(List.of("node1"), List.of("pod2"));
        etcdctl("put", "/pod3/links", "[]");
        node.awaitState(List.of("node1"), List.of("pod2", "pod3"));
        assertThat(node.lines()).doesNotContainSequence(NodeProcess.INTERRUPTED, NodeProcess.INTERRUPTED);
    }

    private void compact() throws IOException {
        String status = etcdctl("endpoint", "status", "--write-out=json");
        etcdctl("compact", status.replaceFirst("(?s).*\"revision\":([0-9]+).*", "$1"));
    }

    @Test
    void a_member_that_is_cut_off_from_the_others_but_not_from_us_costs_no_lease() throws Exception {
        String cluster = "one=http://10.255.1.1:2380,two=http://10.255.1.1:2390,three=http://10.255.1.2:2380";
        etcd(netns.near(), "one", "http://" + NEAR + ":2379", "http://10.255.1.1:2380", cluster);
        etcd(netns.near(), "two", "http://" + NEAR + ":2389", "http://10.255.1.1:2390", cluster);
        etcd(netns.far(), "three", "http://10.255.2.2:2379", "http://10.255.1.2:2380", cluster);
        awaitHealthy();
        var all = Endpoints.parse(NEAR + ":2379," + NEAR + ":2389,10.255.2.2:2379");
        var node = node(netns.near(), all, "node1", "node");
        node.awaitState(List.of("node1"), List.of());
        String created = created();

        netns.cut(1);
        await().pollDelay(NodeProcess.TTL.multipliedBy(3))
                .atMost(BOUND)
                .ignoreExceptions()
                .until(() -> etcdctl("put", "/pod1/links", "[]").contains("OK"));
        node.awaitState(List.of("node1"), List.of("pod1"));
        assertThat(created()).isEqualTo(created);
    }

    /** Since when the node has been announced without a gap. */
    private String created() throws IOException {
        return etcdctl("get", "/meshnet/nodes/node1", "--write-out=fields")
                .lines()
                .filter(line -> line.startsWith("\"CreateRevision\""))
                .findFirst()
                .orElseThrow();
    }
}
