package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Filter;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdStoreTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final PodName POD1 = PodName.of("pod1");
    private static final PodName POD2 = PodName.of("pod2");
    private static final InetAddress VTEP = NumericAddress.parse("10.0.0.1");

    @TempDir
    private static Path directory;

    private static EtcdServer etcd;
    private static Client raw;
    private static EtcdStore store;

    @BeforeAll
    static void startEtcd() throws IOException {
        etcd = EtcdServer.start(directory);
        raw = Client.builder().target(etcd.endpoints().target()).build();
        store = EtcdStore.connect(etcd.endpoints(), DEADLINE);
    }

    @AfterAll
    static void stopEtcd() {
        store.close();
        raw.close();
        etcd.close();
    }

    @BeforeEach
    void emptyEtcd() {
        raw.getKVClient()
                .delete(
                        bytes("\0"),
                        DeleteOption.builder().withRange(bytes("\0")).build())
                .join();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static void put(String key, String value) {
        raw.getKVClient().put(bytes(key), bytes(value)).join();
    }

    private static List<KeyValue> pairs() {
        var all = GetOption.builder().withRange(bytes("\0")).build();
        return raw.getKVClient().get(bytes("\0"), all).join().getKvs();
    }

    private static Map<String, String> keys() {
        return pairs().stream()
                .collect(Collectors.toMap(
                        pair -> pair.getKey().toString(StandardCharsets.UTF_8),
                        pair -> pair.getValue().toString(StandardCharsets.UTF_8)));
    }

    private static Placement placement(String vtep, String containerId) {
        return new Placement(
                NumericAddress.parse(vtep),
                "/var/run/netns/" + containerId,
                containerId,
                "node1",
                "boot/4:" + containerId);
    }

    private static Optional<Placement> placementOf(PodName pod) throws StoreException {
        return store.read(pod).placement();
    }

    private static String linksJson() {
        return "[{\"uid\":21,\"peer_pod\":\"pod3\",\"local_intf\":\"eth2\",\"local_ip\":\"23.23.23.2/24\",\"peer_intf\":\"eth2\"}]";
    }

    private static final DeclaredLink LINK = new DeclaredLink(
            21,
            new LinkEnd(POD2, "eth2", Optional.of(Prefix.parse("23.23.23.2/24"))),
            new LinkEnd(PodName.of("pod3"), "eth2", Optional.empty()));

    @Test
    void a_pod_without_keys_is_in_no_topology_and_not_alive() throws StoreException {
        assertThat(Timeless.of(store.read(POD1))).isEqualTo(PodRecord.unknown(POD1));
        assertThat(store.readAll()).isEmpty();
    }

    @Test
    void links_are_read_from_the_key_of_the_seed() throws StoreException {
        put("/pod2/links", linksJson());
        assertThat(Timeless.of(store.read(POD2)))
                .isEqualTo(new PodRecord(POD2, new Declaration.Links(List.of(LINK)), Optional.empty(), 0));
    }

    @Test
    void registering_writes_five_keys_in_one_revision() throws StoreException {
        store.register(POD1, placement("10.0.0.1", "c1"));
        assertThat(keys())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "/pod1/src_ip", "10.0.0.1",
                        "/pod1/net_ns", "/var/run/netns/c1",
                        "/pod1/container_id", "c1",
                        "/pod1/node", "node1",
                        "/pod1/net_ns_id", "boot/4:c1"));
        assertThat(pairs().stream().map(KeyValue::getModRevision).distinct()).hasSize(1);
        assertThat(placementOf(POD1)).contains(placement("10.0.0.1", "c1"));
    }

    @Test
    void what_is_read_later_is_of_a_later_revision() throws StoreException {
        long registered = store.register(POD1, placement("10.0.0.1", "c1"));
        assertThat(store.read(POD1).revision()).isEqualTo(registered);
        long unregistered = store.unregister(POD1, "c1").orElseThrow();
        assertThat(unregistered).isGreaterThan(registered);
        assertThat(store.read(POD1).revision()).isEqualTo(unregistered);
    }

    @Test
    void an_ipv6_vtep_comes_back_as_it_was() throws StoreException {
        store.register(POD1, placement("fd00::1", "c1"));
        assertThat(keys()).containsEntry("/pod1/src_ip", "fd00::1");
        assertThat(placementOf(POD1)).contains(placement("fd00::1", "c1"));
    }

    @Test
    void unregistering_empties_what_the_original_empties_and_removes_the_rest_in_one_revision() throws StoreException {
        store.register(POD1, placement("10.0.0.1", "c1"));
        assertThat(store.unregister(POD1, "c1")).isPresent();
        assertThat(keys()).containsExactlyInAnyOrderEntriesOf(Map.of("/pod1/src_ip", "", "/pod1/net_ns", ""));
        assertThat(pairs().stream().map(KeyValue::getModRevision).distinct()).hasSize(1);
        assertThat(placementOf(POD1)).isEmpty();
        assertThat(store.unregister(POD1, "c1")).isEmpty();
    }

    @Test
    void a_late_unregister_leaves_the_new_incarnation_alone() throws StoreException {
        store.register(POD1, placement("10.0.0.1", "old"));
        store.register(POD1, placement("10.0.0.2", "new"));
        var before = keys();
        assertThat(store.unregister(POD1, "old")).isEmpty();
        assertThat(keys()).isEqualTo(before);
        assertThat(placementOf(POD1)).contains(placement("10.0.0.2", "new"));
    }

    @Test
    void unregistering_a_pod_that_never_was_changes_nothing() throws StoreException {
        assertThat(store.unregister(POD1, "c1")).isEmpty();
        assertThat(keys()).isEmpty();
    }

    @Test
    void a_placement_by_the_original_has_neither_container_nor_node_and_is_nobodys() throws StoreException {
        put("/pod1/src_ip", "10.0.0.7");
        put("/pod1/net_ns", "/proc/42/ns/net");
        assertThat(placementOf(POD1))
                .contains(new Placement(NumericAddress.parse("10.0.0.7"), "/proc/42/ns/net", "", ""));
        assertThat(store.unregister(POD1, "c1")).isEmpty();
        assertThat(placementOf(POD1)).isPresent();
    }

    @Test
    void what_the_original_writes_over_our_placement_is_not_taken_for_ours() throws StoreException {
        store.register(POD1, placement("10.0.0.1", "c1"));
        put("/pod1/src_ip", "10.0.0.7");
        put("/pod1/net_ns", "/proc/42/ns/net");
        assertThat(placementOf(POD1))
                .contains(new Placement(NumericAddress.parse("10.0.0.7"), "/proc/42/ns/net", "", ""));
        assertThat(store.unregister(POD1, "c1")).isEmpty();
        assertThat(placementOf(POD1)).isPresent();
    }

    @Test
    void what_the_original_has_emptied_can_be_registered_again() throws StoreException {
        store.register(POD1, placement("10.0.0.1", "c1"));
        put("/pod1/net_ns", "");
        put("/pod1/src_ip", "");
        assertThat(placementOf(POD1)).isEmpty();
        store.register(POD1, placement("10.0.0.2", "c2"));
        assertThat(placementOf(POD1)).contains(placement("10.0.0.2", "c2"));
    }

    @Test
    void registering_without_a_container_id_is_refused() {
        var anonymous = new Placement(NumericAddress.parse("10.0.0.1"), "/n", "", "node1");
        assertThatIllegalArgumentException().isThrownBy(() -> store.register(POD1, anonymous));
        assertThatIllegalArgumentException().isThrownBy(() -> store.unregister(POD1, ""));
        assertThat(keys()).isEmpty();
    }

    @Test
    void pods_outside_the_default_namespace_are_not_in_the_keys() throws StoreException {
        var elsewhere = new PodName("other", "pod1");
        store.register(POD1, placement("10.0.0.1", "c1"));
        assertThat(Timeless.of(store.read(elsewhere))).isEqualTo(PodRecord.unknown(elsewhere));
        assertThat(store.unregister(elsewhere, "c1")).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.register(elsewhere, placement("10.0.0.1", "c1")))
                .withMessageContaining("other/pod1");
        assertThat(placementOf(POD1)).isPresent();
    }

    @Test
    void pod1_and_pod10_do_not_mix() throws StoreException {
        put("/pod10/links", "[]");
        store.register(PodName.of("pod10"), placement("10.0.0.10", "c10"));
        assertThat(Timeless.of(store.read(POD1))).isEqualTo(PodRecord.unknown(POD1));
        assertThat(store.unregister(POD1, "c10")).isEmpty();
        assertThat(placementOf(PodName.of("pod10"))).isPresent();
    }

    @Test
    void a_broken_list_breaks_the_declaration_of_its_pod_alone() throws StoreException {
        put("/pod1/links", "[{\"uuid\":11}]");
        put("/pod2/links", linksJson());
        store.register(POD1, placement("10.0.0.1", "c1"));
        var all = store.readAll();
        assertThat(all.get(POD1).declaration())
                .isInstanceOfSatisfying(
                        Declaration.Broken.class,
                        broken -> assertThat(broken.reason())
                                .startsWith("/pod1/links: link 0: uid: is missing; \"uuid\" was probably meant"));
        assertThat(all.get(POD1).placement()).isPresent();
        assertThat(all.get(POD2).declaration()).isEqualTo(new Declaration.Links(List.of(LINK)));
    }

    @Test
    void keys_that_are_none_of_ours_harm_nobody() throws StoreException {
        put("/pod2/links", linksJson());
        put("/pod1/skipped/pod2", "true");
        put("/pod1/skipped/links", "true");
        put("/", "x");
        put("//links", "[]");
        put("/links", "[]");
        put("/pod 9/links", "[]");
        put("/pod1", "x");
        put("/pod1/", "x");
        put("/pod1/links/", "x");
        put("/pod1/LINKS", "x");
        put("pod1/links", "[]");
        put("0", "x");
        raw.getKVClient()
                .put(ByteSequence.from(new byte[] {'/', (byte) 0xff, '/', 'l', 'i', 'n', 'k', 's'}), bytes("[]"))
                .join();
        assertThat(Timeless.of(store.readAll()))
                .containsOnly(Map.entry(
                        POD2, new PodRecord(POD2, new Declaration.Links(List.of(LINK)), Optional.empty(), 0)));
        assertThat(Timeless.of(store.read(POD1))).isEqualTo(PodRecord.unknown(POD1));
    }

    @Test
    void a_placement_that_cannot_be_understood_is_none() throws StoreException {
        put("/pod1/src_ip", "not an address");
        put("/pod1/net_ns", "/n");
        put("/pod2/src_ip", "10.0.0.1");
        put("/pod3/net_ns", "/n");
        put("/pod4/src_ip", "0.0.0.0");
        put("/pod4/net_ns", "/n");
        put("/pod5/src_ip", "10.0.0.1");
        raw.getKVClient()
                .put(bytes("/pod5/net_ns"), ByteSequence.from(new byte[] {(byte) 0xff}))
                .join();
        put("/pod6/links", "[]");
        assertThat(store.readAll()).containsOnlyKeys(PodName.of("pod6"));
    }

    @Test
    void a_link_list_that_is_no_text_is_broken() throws StoreException {
        raw.getKVClient()
                .put(bytes("/pod1/links"), ByteSequence.from(new byte[] {'[', '"', (byte) 0xff}))
                .join();
        put("/pod2/links", "");
        assertThat(store.readAll().values())
                .extracting(PodRecord::declaration)
                .hasSize(2)
                .allMatch(Declaration.Broken.class::isInstance);
    }

    @Test
    void more_pods_than_fit_a_page_are_all_read() throws StoreException {
        for (int i = 0; i < 1_201; i++) {
            put("/pod" + i + "/links", "[]");
        }
        assertThat(store.readAll()).hasSize(1_201).containsKey(PodName.of("pod1200"));
    }

    @Test
    void a_closed_store_says_so() {
        var closed = EtcdStore.connect(etcd.endpoints(), DEADLINE);
        closed.close();
        assertThatThrownBy(() -> closed.read(POD1))
                .isInstanceOf(StoreException.class)
                .hasMessage("the store is closed");
        assertThatIllegalStateException().isThrownBy(() -> closed.subscribe(new Deaf()));
        assertThatIllegalStateException().isThrownBy(() -> closed.announce("node1", VTEP, Duration.ofSeconds(2)));
    }

    private record Deaf() implements Listener {
        @Override
        public void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision) {}

        @Override
        public void nodes(Set<String> alive) {}

        @Override
        public void changed(PodRecord pod) {}

        @Override
        public void interrupted(StoreException why) {}
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "node 1", "node1\n"})
    void a_node_whose_name_is_no_segment_of_a_key_is_refused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.announce(name, VTEP, Duration.ofSeconds(2)))
                .withMessageStartingWith("the name of a node is one segment of a key like a pod's: ");
        assertThat(keys()).isEmpty();
    }

    @Test
    void a_time_to_live_of_less_than_a_second_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.announce("node1", VTEP, Duration.ofMillis(999)))
                .withMessage("time to live PT0.999S is less than PT1S");
    }

    @Test
    void a_pod_named_like_the_nodes_keys_and_the_nodes_do_not_mix() throws StoreException {
        var meshnet = PodName.of("meshnet");
        put("/meshnet/nodes/links", "10.0.0.9");
        put("/meshnet/nodes/node1", "10.0.0.1");
        put("/meshnet/nodes", "[]");
        assertThat(store.readAll()).isEmpty();
        put("/meshnet/links", "[]");
        store.register(meshnet, placement("10.0.0.1", "c1"));
        assertThat(store.readAll()).containsOnlyKeys(meshnet);
        assertThat(store.read(meshnet).declaration()).isEqualTo(new Declaration.Links(List.of()));
        assertThat(store.unregister(meshnet, "c1")).isPresent();
        assertThat(keys()).containsKeys("/meshnet/nodes/links", "/meshnet/nodes/node1", "/meshnet/nodes");
        assertThat(NodeKey.parse("/meshnet/node".getBytes(StandardCharsets.UTF_8)))
                .isEmpty();
    }

    @Test
    void the_same_fault_of_a_key_is_logged_once() throws StoreException {
        put("/pod77/src_ip", "nowhere");
        put("/pod77/net_ns", "/n");
        List<String> entries = new CopyOnWriteArrayList<>();
        var logger = Logger.getLogger(EtcdStore.class.getPackageName());
        Filter ear = entry -> {
            entries.add(new SimpleFormatter().formatMessage(entry));
            return false;
        };
        logger.setFilter(ear);
        try {
            store.read(PodName.of("pod77"));
            store.readAll();
            store.read(PodName.of("pod77"));
        } finally {
            logger.setFilter(null);
        }
        assertThat(entries).singleElement().asString().startsWith("/pod77/src_ip is not an address: \"nowhere\"");
    }
}
