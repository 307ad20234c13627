package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.DeleteOption;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.TopologyStore.Announcement;
import io.meshnet.topology.TopologyStore.Subscription;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A subscription and an announcement go on while the members of a cluster come and go. */
@Timeout(120)
class EtcdClusterTest {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final Duration DEADLINE = Duration.ofSeconds(2);
    /** Longer than any member is missed here, so that a node that goes away goes for another reason. */
    private static final Duration TTL = Duration.ofSeconds(30);

    private static final InetAddress VTEP = NumericAddress.parse("10.0.0.1");

    @TempDir
    private static Path directory;

    private static EtcdCluster cluster;

    private final View view = new View();
    private EtcdStore store;
    private Subscription subscription;
    private Announcement announcement;
    private int registered;

    @BeforeAll
    static void startCluster() throws IOException {
        cluster = EtcdCluster.start(directory);
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    @BeforeEach
    void follow() throws IOException {
        cluster.startMissing();
        empty();
        store = EtcdStore.connect(cluster.endpoints(), DEADLINE);
        subscription = store.subscribe(view);
        announcement = store.announce("node1", VTEP, TTL);
        view.awaitNodes(Set.of("node1"));
    }

    @AfterEach
    void stop() {
        announcement.close();
        subscription.close();
        store.close();
    }

    private static void empty() {
        try (var client = Client.builder().target(cluster.endpoints().target()).build()) {
            var all = DeleteOption.builder().isPrefix(true).build();
            client.getKVClient()
                    .delete(ByteSequence.from("/", StandardCharsets.UTF_8), all)
                    .join();
        }
    }

    /** Registers one pod more, however many attempts that takes, and waits until all are seen. */
    private void registerOneMore() {
        int number = ++registered;
        var placement = new Placement(VTEP, "/n", "c" + number, "node1");
        await("registering")
                .atMost(BOUND)
                .ignoreExceptions()
                .untilAsserted(() -> store.register(pod(number), placement));
        view.awaitPods(
                IntStream.rangeClosed(1, number).mapToObj(EtcdClusterTest::pod).collect(Collectors.toSet()));
    }

    private static PodName pod(int number) {
        return PodName.of("pod" + number);
    }

    private void assertThatNodeWasNeverMissed() {
        assertThat(view.nodes().stream().dropWhile(Set::isEmpty)).containsOnly(Set.of("node1"));
    }

    @Test
    void the_leader_is_killed() throws Exception {
        cluster.leader().stop();
        registerOneMore();
        cluster.startMissing();
        registerOneMore();
        assertThatNodeWasNeverMissed();
    }

    @Test
    void each_follower_is_killed() throws Exception {
        for (EtcdServer follower : cluster.followers()) {
            follower.stop();
            registerOneMore();
            cluster.startMissing();
            registerOneMore();
        }
        assertThatNodeWasNeverMissed();
    }

    @Test
    void the_leader_hangs() throws Exception {
        EtcdServer leader = cluster.leader();
        leader.pause();
        try {
            registerOneMore();
        } finally {
            leader.resume();
        }
        registerOneMore();
        assertThatNodeWasNeverMissed();
    }

    @Test
    void the_leader_hands_over() throws Exception {
        for (int i = 0; i < 3; i++) {
            cluster.moveLeader();
            registerOneMore();
        }
        assertThatNodeWasNeverMissed();
    }

    @Test
    void most_members_are_killed_and_come_back() throws Exception {
        cluster.followers().forEach(EtcdServer::stop);
        view.awaitInterruption();
        cluster.startMissing();
        registerOneMore();
        assertThatNodeWasNeverMissed();
    }

    @Test
    void all_members_are_killed_and_come_back() throws Exception {
        registerOneMore();
        cluster.stop();
        view.awaitInterruption();
        cluster.startMissing();
        registerOneMore();
        assertThatNodeWasNeverMissed();
    }

    @Test
    void revisions_are_compacted_under_the_watch() {
        try (var client = Client.builder().target(cluster.endpoints().target()).build()) {
            for (int i = 0; i < 5; i++) {
                registerOneMore();
                client.getKVClient().compact(revision(client)).join();
            }
        }
        assertThat(view.interruptions()).isEmpty();
        assertThatNodeWasNeverMissed();
    }

    private static long revision(Client client) {
        return client.getKVClient()
                .get(ByteSequence.from("/", StandardCharsets.UTF_8))
                .join()
                .getHeader()
                .getRevision();
    }
}
