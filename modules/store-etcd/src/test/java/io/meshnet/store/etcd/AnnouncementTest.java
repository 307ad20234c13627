package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.LeaseOption;
import io.meshnet.topology.NumericAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class AnnouncementTest {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final Duration TTL = Duration.ofSeconds(2);
    private static final InetAddress VTEP = NumericAddress.parse("10.0.0.1");
    private static final ByteSequence KEY = bytes("/meshnet/nodes/node1");

    @TempDir
    private Path directory;

    private EtcdServer etcd;
    private EtcdStore store;
    private Client raw;
    private final View view = new View();

    @BeforeEach
    void start() throws IOException {
        etcd = EtcdServer.start(directory);
        store = EtcdStore.connect(etcd.endpoints(), Duration.ofSeconds(1));
        raw = Client.builder().target(etcd.endpoints().target()).build();
    }

    @AfterEach
    void stop() {
        store.close();
        raw.close();
        etcd.close();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private List<KeyValue> found() {
        return raw.getKVClient().get(KEY).join().getKvs();
    }

    private KeyValue announced() {
        return await().atMost(BOUND)
                .until(this::found, found -> !found.isEmpty())
                .getFirst();
    }

    /** What is left of the lease of a key, in whole seconds; below zero if it is gone. */
    private long remaining(KeyValue pair) {
        return raw.getLeaseClient()
                .timeToLive(pair.getLease(), LeaseOption.DEFAULT)
                .join()
                .getTTL();
    }

    private long revision() {
        return raw.getKVClient().get(bytes("/")).join().getHeader().getRevision();
    }

    @Test
    void a_node_is_announced_by_its_vtep_under_a_lease() {
        try (var _ = store.announce("node1", VTEP, TTL)) {
            KeyValue pair = announced();
            assertThat(pair.getValue()).hasToString("10.0.0.1");
            assertThat(pair.getLease()).isNotZero();
        }
    }

    @Test
    void an_announcement_is_told_and_so_is_its_end_which_comes_only_with_the_end_of_the_lease() {
        try (var _ = store.subscribe(view)) {
            view.awaitNodes(Set.of());
            var announcement = store.announce("node1", VTEP, TTL);
            view.awaitNodes(Set.of("node1"));
            announcement.close();
            announcement.close();
            assertThat(found()).hasSize(1);
            view.awaitNodes(Set.of());
            try (var _ = store.announce("node1", VTEP, TTL)) {
                view.awaitNodes(Set.of("node1"));
            }
            assertThat(view.nodes()).containsExactly(Set.of(), Set.of("node1"), Set.of(), Set.of("node1"));
        }
    }

    @Test
    void nothing_is_written_while_the_announcement_stands() {
        try (var _ = store.announce("node1", VTEP, TTL)) {
            KeyValue pair = announced();
            long revision = revision();
            // The lease outlives its time to live, so it was kept alive.
            await().pollDelay(TTL.multipliedBy(2)).atMost(BOUND).until(() -> remaining(pair) > 0);
            assertThat(revision()).isEqualTo(revision);
        }
    }

    @Test
    void a_key_that_was_deleted_by_hand_is_written_again() {
        try (var _ = store.announce("node1", VTEP, TTL)) {
            announced();
            raw.getKVClient().delete(KEY).join();
            assertThat(announced().getValue()).hasToString("10.0.0.1");
        }
    }

    @Test
    void a_key_that_was_overwritten_by_hand_is_written_again_under_the_lease() {
        try (var _ = store.announce("node1", VTEP, TTL)) {
            long lease = announced().getLease();
            raw.getKVClient().put(KEY, bytes("nonsense")).join();
            await().atMost(BOUND).until(() -> found().getFirst().getLease() == lease);
            assertThat(found().getFirst().getValue()).hasToString("10.0.0.1");
        }
    }

    @Test
    void a_lease_that_was_revoked_by_hand_is_replaced() {
        try (var _ = store.announce("node1", VTEP, TTL)) {
            long lease = announced().getLease();
            raw.getLeaseClient().revoke(lease).join();
            assertThat(announced().getLease()).isNotEqualTo(lease);
        }
    }

    @Test
    void a_restarted_daemon_takes_the_key_over_without_a_gap() {
        try (var _ = store.subscribe(view)) {
            KeyValue old;
            try (var first = EtcdStore.connect(etcd.endpoints(), Duration.ofSeconds(1));
                    var _ = first.announce("node1", VTEP, TTL)) {
                old = announced();
            }
            try (var _ = store.announce("node1", VTEP, TTL)) {
                await().atMost(BOUND).until(() -> remaining(old) < 0);
                assertThat(found()).hasSize(1);
                view.awaitNodes(Set.of("node1"));
                assertThat(view.nodes()).doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void an_announcement_may_begin_before_etcd_does() throws Exception {
        etcd.stop();
        try (var _ = store.announce("node1", VTEP, TTL)) {
            etcd.start();
            announced();
        }
    }

    @Test
    void an_etcd_that_lost_all_it_knew_is_told_again() throws Exception {
        try (var _ = store.subscribe(view);
                var _ = store.announce("node1", VTEP, TTL)) {
            view.awaitNodes(Set.of("node1"));
            etcd.stop();
            view.awaitInterruption();
            etcd.loseData();
            etcd.start();
            view.awaitNodes(Set.of("node1"));
        }
    }

    @Test
    void a_process_that_is_killed_is_missed_when_its_lease_is_over_and_told_when_it_is_back() throws Exception {
        try (var _ = store.subscribe(view)) {
            try (var _ = NodeProcess.start(List.of(), etcd.endpoints(), "node1", directory.resolve("node"))) {
                view.awaitNodes(Set.of("node1"));
            }
            view.awaitNodes(Set.of());
            try (var _ = store.announce("node1", VTEP, TTL)) {
                view.awaitNodes(Set.of("node1"));
            }
        }
    }

    @Test
    void after_closing_no_thread_is_left() {
        var announcement = store.announce("node1", VTEP, TTL);
        announced();
        announcement.close();
        store.announce("node2", VTEP, TTL);
        store.close();
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("etcd-announce"));
    }

    @Test
    void keys_that_are_no_nodes_harm_nobody_and_any_value_is_a_node() {
        try (var _ = store.subscribe(view)) {
            for (String name : List.of("", "a/b", "/", "a b", "a/")) {
                raw.getKVClient()
                        .put(bytes("/meshnet/nodes/" + name), bytes("x"))
                        .join();
            }
            raw.getKVClient()
                    .put(
                            bytes("/meshnet/nodes/").concat(ByteSequence.from(new byte[] {(byte) 0xff})),
                            ByteSequence.from(new byte[] {(byte) 0xff}))
                    .join();
            raw.getKVClient()
                    .put(bytes("/meshnet/nodes/node2"), ByteSequence.from(new byte[] {(byte) 0xff}))
                    .join();
            view.awaitNodes(Set.of("node2"));
            raw.getKVClient().put(bytes("/meshnet/nodes/node2"), bytes("")).join();
            raw.getKVClient().put(bytes("/meshnet/nodes/node3"), bytes("[]")).join();
            view.awaitNodes(Set.of("node2", "node3"));
            assertThat(view.nodes()).containsExactly(Set.of(), Set.of("node2"), Set.of("node2", "node3"));
        }
    }
}
