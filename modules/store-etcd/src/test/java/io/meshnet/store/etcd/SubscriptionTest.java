package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.meshnet.store.etcd.Told.Changed;
import io.meshnet.store.etcd.Told.Interrupted;
import io.meshnet.store.etcd.Told.Nodes;
import io.meshnet.store.etcd.Told.Snapshot;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Listener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SubscriptionTest {
    private static final Duration DEADLINE = Duration.ofSeconds(1);
    private static final PodName POD1 = PodName.of("pod1");
    private static final PodName POD2 = PodName.of("pod2");

    @TempDir
    private Path directory;

    private EtcdServer etcd;
    private EtcdStore store;
    private final Told told = new Told();

    @BeforeEach
    void start() throws IOException {
        etcd = EtcdServer.start(directory);
        store = EtcdStore.connect(etcd.endpoints(), DEADLINE);
    }

    @AfterEach
    void stop() {
        store.close();
        etcd.close();
    }

    private static PodRecord declared(PodName pod) {
        return new PodRecord(pod, new Declaration.Links(List.of()), Optional.empty(), 0);
    }

    private static PodRecord placed(PodName pod, Placement placement) {
        return new PodRecord(pod, new Declaration.Absent(), Optional.of(placement), 0);
    }

    private static Placement placement(String vtep, String containerId) {
        return new Placement(NumericAddress.parse(vtep), "/var/run/netns/" + containerId, containerId, "node1");
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static Client client(EtcdServer server) {
        return Client.builder().target(server.endpoints().target()).build();
    }

    private void put(String key, String value) {
        try (var client = client(etcd)) {
            client.getKVClient().put(bytes(key), bytes(value)).join();
        }
    }

    private void delete(String key) {
        try (var client = client(etcd)) {
            client.getKVClient().delete(bytes(key)).join();
        }
    }

    @Test
    void the_state_is_told_first_and_then_every_change() throws Exception {
        put("/pod1/links", "[]");
        try (var _ = store.subscribe(told)) {
            assertThat(told.next()).isEqualTo(new Snapshot(Map.of(POD1, declared(POD1))));
            put("/pod2/links", "[]");
            assertThat(told.next()).isEqualTo(new Changed(declared(POD2)));
            put("/pod2/links", "{}");
            assertThat(told.next())
                    .isInstanceOfSatisfying(
                            Changed.class,
                            changed -> assertThat(changed.pod().declaration()).isInstanceOf(Declaration.Broken.class));
            delete("/pod2/links");
            assertThat(told.next()).isEqualTo(new Changed(PodRecord.unknown(POD2)));
        }
    }

    @Test
    void a_placement_is_told_as_one_change_and_so_is_its_end() throws Exception {
        try (var _ = store.subscribe(told)) {
            assertThat(told.snapshot()).isEmpty();
            store.register(POD1, placement("10.0.0.1", "c1"));
            assertThat(told.next()).isEqualTo(new Changed(placed(POD1, placement("10.0.0.1", "c1"))));
            store.register(POD1, placement("10.0.0.2", "c2"));
            assertThat(told.next()).isEqualTo(new Changed(placed(POD1, placement("10.0.0.2", "c2"))));
            store.unregister(POD1, "c2");
            assertThat(told.next()).isEqualTo(new Changed(PodRecord.unknown(POD1)));
            store.register(POD2, placement("10.0.0.3", "c3"));
            assertThat(told.next()).isEqualTo(new Changed(placed(POD2, placement("10.0.0.3", "c3"))));
        }
    }

    private void together(Op... operations) {
        try (var client = client(etcd)) {
            client.getKVClient().txn().Then(operations).commit().join();
        }
    }

    private static Op putting(String key, String value) {
        return Op.put(bytes(key), bytes(value), PutOption.DEFAULT);
    }

    private static Op deleting(String key) {
        return Op.delete(bytes(key), DeleteOption.DEFAULT);
    }

    @Test
    void a_node_that_comes_is_told_before_the_pods_that_changed_with_it_and_one_that_goes_after_them()
            throws Exception {
        put("/meshnet/nodes/node1", "10.0.0.1");
        try (var _ = store.subscribe(told)) {
            assertThat(told.next()).isEqualTo(new Snapshot(Map.of(), Set.of("node1")));
            together(putting("/pod1/links", "[]"), putting("/meshnet/nodes/node2", "10.0.0.2"));
            assertThat(told.next()).isEqualTo(new Nodes(Set.of("node1", "node2")));
            assertThat(told.next()).isEqualTo(new Changed(declared(POD1)));
            together(deleting("/meshnet/nodes/node1"), deleting("/pod1/links"));
            assertThat(told.next()).isEqualTo(new Changed(PodRecord.unknown(POD1)));
            assertThat(told.next()).isEqualTo(new Nodes(Set.of("node2")));
            together(
                    deleting("/meshnet/nodes/node2"),
                    putting("/pod2/links", "[]"),
                    putting("/meshnet/nodes/node3", "10.0.0.3"));
            assertThat(told.next()).isEqualTo(new Nodes(Set.of("node2", "node3")));
            assertThat(told.next()).isEqualTo(new Changed(declared(POD2)));
            assertThat(told.next()).isEqualTo(new Nodes(Set.of("node3")));
            put("/meshnet/nodes/node3", "10.0.0.4");
            delete("/meshnet/nodes/node3");
            assertThat(told.next()).isEqualTo(new Nodes(Set.of()));
        }
    }

    @Test
    void keys_that_are_none_of_ours_and_values_that_stay_are_not_told() throws Exception {
        put("/pod1/links", "[]");
        try (var _ = store.subscribe(told)) {
            assertThat(told.snapshot()).hasSize(1);
            put("/pod1/skipped/pod2", "true");
            put("/garbage", "x");
            put("/pod1/links", "[ ]");
            put("/pod2/links", "[]");
            assertThat(told.next()).isEqualTo(new Changed(declared(POD2)));
        }
    }

    @Test
    void a_restart_of_etcd_is_one_interruption_and_then_a_snapshot_with_what_was_missed() throws Exception {
        put("/pod1/links", "[]");
        try (var _ = store.subscribe(told)) {
            assertThat(told.snapshot()).containsOnlyKeys(POD1);
            etcd.stop();
            assertThat(told.next())
                    .isInstanceOfSatisfying(
                            Interrupted.class,
                            interrupted -> assertThat(interrupted.why())
                                    .hasMessageContaining(etcd.endpoints().toString()));
            // Meanwhile the world changes, and the revisions in between are compacted away.
            try (var elsewhere = etcd.elsewhere();
                    var client = client(elsewhere)) {
                client.getKVClient().delete(bytes("/pod1/links")).join();
                client.getKVClient().put(bytes("/pod2/links"), bytes("x")).join();
                long revision = client.getKVClient()
                        .put(bytes("/pod2/links"), bytes("[]"))
                        .join()
                        .getHeader()
                        .getRevision();
                client.getKVClient().compact(revision).join();
            }
            etcd.start();
            assertThat(told.next()).isEqualTo(new Snapshot(Map.of(POD2, declared(POD2))));
            put("/pod1/links", "[]");
            assertThat(told.next()).isEqualTo(new Changed(declared(POD1)));
        }
    }

    @Test
    void an_etcd_that_hangs_is_noticed_and_so_is_its_return() throws Exception {
        try (var _ = store.subscribe(told)) {
            assertThat(told.snapshot()).isEmpty();
            etcd.pause();
            try {
                assertThat(told.next()).isInstanceOf(Interrupted.class);
            } finally {
                etcd.resume();
            }
            assertThat(told.snapshot()).isEmpty();
        }
    }

    @Test
    void silence_alone_is_no_interruption() throws Exception {
        try (var connection = Connection.open(etcd.endpoints(), DEADLINE);
                var watch = WatchStream.open(connection, 1)) {
            var events = new CompletableFuture<List<WatchEvent>>();
            var reader = Thread.ofPlatform().daemon().start(() -> {
                try {
                    events.complete(watch.next());
                } catch (StoreException e) {
                    events.completeExceptionally(e);
                }
            });
            // Longer than it takes to ask for a sign of life twice.
            reader.join(Duration.ofSeconds(5));
            assertThat(events).isNotDone();
            put("/pod1/links", "[]");
            assertThat(events.get(60, TimeUnit.SECONDS)).hasSize(1);
        }
    }

    @Test
    void a_subscription_may_begin_before_etcd_does() throws Exception {
        etcd.stop();
        try (var _ = store.subscribe(told)) {
            assertThat(told.next()).isInstanceOf(Interrupted.class);
            etcd.start();
            assertThat(told.snapshot()).isEmpty();
        }
    }

    @Test
    void a_watch_from_a_revision_that_is_compacted_says_so() throws Exception {
        put("/pod1/links", "[]");
        put("/pod1/links", "[ ]");
        try (var client = client(etcd)) {
            long revision = client.getKVClient()
                    .put(bytes("/x"), bytes(""))
                    .join()
                    .getHeader()
                    .getRevision();
            client.getKVClient().compact(revision).join();
        }
        try (var connection = Connection.open(etcd.endpoints(), DEADLINE);
                var watch = WatchStream.open(connection, 1)) {
            assertThatThrownBy(watch::next).isInstanceOf(StoreException.class).hasMessageContaining("compacted");
        }
    }

    @Test
    void a_listener_that_throws_is_told_the_next_change_all_the_same() throws Exception {
        Listener angry = new Listener() {
            @Override
            public void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision) {
                told.snapshot(pods, nodes, revision);
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void changed(PodRecord pod) {
                told.changed(pod);
                throw new AssertionError("on purpose");
            }

            @Override
            public void nodes(Set<String> alive) {
                told.nodes(alive);
            }

            @Override
            public void interrupted(StoreException why) {
                told.interrupted(why);
            }
        };
        try (var _ = store.subscribe(angry)) {
            assertThat(told.snapshot()).isEmpty();
            put("/pod1/links", "[]");
            assertThat(told.next()).isEqualTo(new Changed(declared(POD1)));
            put("/pod2/links", "[]");
            assertThat(told.next()).isEqualTo(new Changed(declared(POD2)));
        }
    }

    @Test
    void after_closing_nothing_more_is_told_and_no_thread_is_left() throws Exception {
        var closed = store.subscribe(told);
        assertThat(told.snapshot()).isEmpty();
        closed.close();
        closed.close();
        try (var _ = store.subscribe(new Told())) {
            put("/pod1/links", "[]");
        }
        assertThat(told.isEmpty()).isTrue();
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("etcd-watch"));
    }

    @Test
    void a_listener_may_close_its_own_subscription() throws Exception {
        var subscription = new LinkedBlockingQueue<AutoCloseable>();
        subscription.add(store.subscribe(new Listener() {
            @Override
            public void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision) {
                try {
                    subscription.take().close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                told.snapshot(pods, nodes, revision);
            }

            @Override
            public void changed(PodRecord pod) {
                told.changed(pod);
            }

            @Override
            public void nodes(Set<String> alive) {
                told.nodes(alive);
            }

            @Override
            public void interrupted(StoreException why) {
                told.interrupted(why);
            }
        }));
        assertThat(told.snapshot()).isEmpty();
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("etcd-watch"));
        assertThat(told.isEmpty()).isTrue();
    }
}
