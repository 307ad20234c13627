package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.TopologyStore.Subscription;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever lies under the keys of one pod or node, at whatever time it comes there, the others go on. */
@Timeout(120)
class BrokenKeysTest {
    private static final PodName BROKEN = PodName.of("broken");
    private static final PodName WHOLE = PodName.of("whole");

    private static final List<String> KEYS = List.of("links", "src_ip", "net_ns", "container_id", "node");

    @TempDir
    private static Path directory;

    private static EtcdServer etcd;
    private static Client raw;
    private static EtcdStore store;
    private static Subscription subscription;
    private static View view;
    private static int containers;

    @BeforeAll
    static void start() throws IOException {
        etcd = EtcdServer.start(directory);
        raw = Client.builder().target(etcd.endpoints().target()).build();
        store = EtcdStore.connect(etcd.endpoints(), Duration.ofSeconds(5));
        view = new View();
        subscription = store.subscribe(view);
        view.awaitPods(Set.of());
    }

    @AfterAll
    static void stop() {
        subscription.close();
        store.close();
        raw.close();
        etcd.close();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static Placement another() {
        String id = "c" + ++containers;
        return new Placement(NumericAddress.parse("10.0.0.1"), "/run/netns/" + id, id, "node1");
    }

    private static void put(String key, ByteSequence value) {
        raw.getKVClient().put(bytes(key), value).join();
    }

    static Stream<ByteSequence> values() {
        return Stream.of(
                bytes(""),
                bytes("["),
                bytes("{}"),
                bytes("null"),
                bytes("7"),
                bytes("\"[]\""),
                bytes("[{\"uid\":\"eleven\",\"peer_pod\":7,\"local_intf\":[],\"peer_intf\":{},\"mtu\":true}]"),
                bytes("[".repeat(10_000)),
                bytes("x".repeat(1_000_000)),
                bytes("10.0.0.256"),
                bytes("ff02::1"),
                bytes("\0"),
                ByteSequence.from(new byte[] {(byte) 0xff, (byte) 0xfe, 0}));
    }

    @ParameterizedTest
    @MethodSource("values")
    void a_broken_value_under_any_key_harms_no_other_pod_that_is_followed(ByteSequence value) throws Exception {
        for (String key : KEYS) {
            store.register(BROKEN, another());
            put("/broken/" + key, value);
            assertThatAnotherPodIsTold();
        }
        assertThat(view.interruptions()).isEmpty();
        PodRecord broken = store.readAll().get(BROKEN);
        assertThat(broken.declaration()).isInstanceOf(Declaration.Broken.class);
        assertThat(broken.saysSameAs(view.pods().get(BROKEN))).isTrue();
    }

    @ParameterizedTest
    @MethodSource("values")
    void a_node_may_have_any_value(ByteSequence value) throws Exception {
        put("/meshnet/nodes/broken", value);
        view.awaitNodes(Set.of("broken"));
        raw.getKVClient().delete(bytes("/meshnet/nodes/broken")).join();
        view.awaitNodes(Set.of());
        assertThatAnotherPodIsTold();
    }

    @Test
    void broken_values_that_are_there_at_the_beginning_harm_no_other_pod() throws Exception {
        int number = 0;
        for (ByteSequence value : values().toList()) {
            number++;
            for (String key : KEYS) {
                var pod = PodName.of("broken-" + key + number);
                store.register(pod, another());
                put("/" + pod.name() + "/" + key, value);
            }
        }
        var placement = another();
        store.register(WHOLE, placement);
        var fresh = new View();
        try (var _ = store.subscribe(fresh)) {
            fresh.awaitNodes(Set.of());
            assertThat(fresh.pods().get(WHOLE).placement()).contains(placement);
        }
    }

    private static void assertThatAnotherPodIsTold() throws Exception {
        var placement = another();
        long revision = store.register(WHOLE, placement);
        view.awaitRevision(WHOLE, revision);
        assertThat(view.pods().get(WHOLE).placement()).contains(placement);
    }
}
