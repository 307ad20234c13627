package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The seed's three pods on two nodes: pod1 and pod2 on the first, pod3 on the second. */
class TriangleTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static final Pattern SPACE = Pattern.compile(" ");

    private record LinkEnd(String pod, String ifname) {}

    private final Map<String, Pod> pods = new TreeMap<>();

    @BeforeEach
    void uploadTriangle() {
        LAB.upload(Topology.triangle());
        pods.put("pod1", LAB.pod("pod1", LAB.node1()));
        pods.put("pod2", LAB.pod("pod2", LAB.node1()));
        pods.put("pod3", LAB.pod("pod3", LAB.node2()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pod1 pod2 pod3",
                "pod1 pod3 pod2",
                "pod2 pod1 pod3",
                "pod2 pod3 pod1",
                "pod3 pod1 pod2",
                "pod3 pod2 pod1"
            })
    void comes_up_in_whatever_order_the_pods_are_added(String order) {
        add(order);

        assertAllReachable();
    }

    @Test
    void is_a_veth_within_a_node_and_a_vxlan_between_nodes() {
        add("pod1 pod2 pod3");
        eventually(() -> assertThat(pods.get("pod1").link("eth2").carrier()).isTrue());

        assertThat(pods.get("pod1").link("eth1").kind()).isEqualTo("veth");
        assertThat(pods.get("pod2").link("eth1").kind()).isEqualTo("veth");
        assertVxlan("pod1", "eth2", 5013, LAB.node2());
        assertVxlan("pod2", "eth2", 5021, LAB.node2());
        assertVxlan("pod3", "eth1", 5013, LAB.node1());
        assertVxlan("pod3", "eth2", 5021, LAB.node1());
    }

    @Test
    void has_one_mtu_on_all_links_and_full_frames_pass() {
        add("pod1 pod2 pod3");
        assertAllReachable();

        Set<Integer> mtus = meshLinks().map(end -> link(end).mtu()).collect(Collectors.toSet());
        assertThat(mtus).hasSize(1);
        int mtu = mtus.iterator().next();
        assertThat(pingsInOnePiece("pod1", "12.12.12.2", mtu)).isTrue();
        assertThat(pingsInOnePiece("pod1", "13.13.13.3", mtu)).isTrue();
        assertThat(pingsInOnePiece("pod2", "23.23.23.3", mtu)).isTrue();
    }

    @Test
    void marks_its_links_and_only_those() {
        add("pod1 pod2 pod3");

        assertThat(meshLinks()).allSatisfy(end -> {
            assertThat(link(end).group()).as("group of %s", end).isNotEqualTo(ObservedLink.NO_GROUP);
            assertThat(link(end).alias()).as("alias of %s", end).isNotBlank();
        });
        assertThat(pods.values()).allSatisfy(pod -> {
            assertThat(pod.link("eth0").group()).isEqualTo(ObservedLink.NO_GROUP);
            assertThat(pod.link("eth0").alias()).isEmpty();
        });
    }

    @Test
    void is_in_place_on_a_node_when_the_last_add_there_returns() {
        pods.get("pod1").add().succeeded();
        pods.get("pod2").add().succeeded();

        assertThat(pods.get("pod1").link("eth1").carrier()).isTrue();
        assertThat(pods.get("pod2").link("eth1").carrier()).isTrue();
        assertThat(pods.get("pod1").pings("12.12.12.2")).isTrue();

        pods.get("pod3").add().succeeded();

        assertThat(pods.get("pod3").links()).containsKeys("eth0", "eth1", "eth2");
    }

    @Test
    void gives_back_the_delegates_result_and_nothing_of_the_mesh() {
        CniAnswer answer = pods.get("pod1").add().succeeded();

        assertThat(answer.json().path("cniVersion").asText()).isEqualTo("0.1.0");
        assertThat(answer.address()).startsWith("10.244.1.");
        assertThat(answer.json().path("ip4").path("gateway").asText()).isEqualTo("10.244.1.1");
        assertThat(answer.outcome().out()).doesNotContain("12.12.12.1").doesNotContain("eth1");
        assertThat(pods.get("pod1").link("eth0").addresses()).containsExactly(answer.address() + "/24");
    }

    @Test
    void writes_the_placement_of_each_pod_into_etcd() {
        add("pod1 pod2 pod3");

        Map<String, String> keys = LAB.etcd().all();
        assertThat(keys)
                .containsEntry("/pod1/src_ip", LAB.node1().address())
                .containsEntry("/pod2/src_ip", LAB.node1().address())
                .containsEntry("/pod3/src_ip", LAB.node2().address());
        pods.forEach((name, pod) -> assertThat(keys)
                .containsEntry("/" + name + "/net_ns", pod.netnsPath())
                .containsEntry("/" + name + "/container_id", pod.containerId())
                .containsEntry("/" + name + "/node", pod.node().name()));
        assertThat(keys).containsAllEntriesOf(Topology.triangle().keys());
        assertThat(keys.keySet()).noneMatch(key -> key.contains("skipped"));
    }

    @Test
    void leaves_nothing_behind_when_its_pods_are_deleted() {
        add("pod1 pod2 pod3");
        assertAllReachable();

        for (Pod pod : pods.values()) {
            assertThat(pod.del().succeeded().outcome().out()).isEmpty();
        }

        pods.values().forEach(LAB::assertReleased);
        LAB.assertNodesClean();
        assertThat(LAB.etcd().all()).containsAllEntriesOf(Topology.triangle().keys());
    }

    @Test
    void is_not_disturbed_by_handshake_flags_that_the_original_left() {
        LAB.etcd().put("/pod1/skipped/pod2", "true");
        LAB.etcd().put("/pod2/skipped/pod1", "true");
        LAB.etcd().put("/pod3/skipped/pod1", "true");

        add("pod2 pod3 pod1");

        assertAllReachable();
        assertThat(LAB.etcd().get("/pod1/skipped/pod2")).isEqualTo("true");
    }

    @Test
    void is_left_as_it_is_when_a_pod_is_added_twice() {
        add("pod1 pod2 pod3");
        assertAllReachable();
        Map<LinkEnd, Integer> before = ifindexes();
        Set<String> leases = LAB.node1().leases();

        CniAnswer second = pods.get("pod1").add();

        assertThat(second.outcome().status()).as("%s", second).isEqualTo(1);
        assertThat(second.text()).contains("already");
        assertThat(ifindexes()).isEqualTo(before);
        assertThat(pods.get("pod1").links()).containsKey("eth0");
        assertThat(LAB.node1().leases()).isEqualTo(leases);
        assertThat(LAB.etcd().get("/pod1/src_ip")).isEqualTo(LAB.node1().address());
        assertAllReachable();
    }

    private void add(String order) {
        SPACE.splitAsStream(order).forEach(name -> pods.get(name).add().succeeded());
    }

    private void assertAllReachable() {
        assertReachable("pod1", "12.12.12.2");
        assertReachable("pod2", "23.23.23.3");
        assertReachable("pod3", "13.13.13.1");
    }

    private void assertReachable(String pod, String address) {
        eventually(() -> assertThat(pods.get(pod).pings(address))
                .as("%s pings %s", pod, address)
                .isTrue());
    }

    /** Sends one frame that just fits the MTU, which no one may fragment. */
    private boolean pingsInOnePiece(String pod, String address, int mtu) {
        int payload = mtu - 20 - 8;
        return Command.of("ping", "-n", "-c", "1", "-W", "5", "-M", "do", "-s", Integer.toString(payload), address)
                        .inside(pods.get(pod).netns())
                        .run()
                        .status()
                == 0;
    }

    private void assertVxlan(String pod, String ifname, int vni, Node remote) {
        ObservedLink link = pods.get(pod).link(ifname);
        assertThat(link.kind()).isEqualTo("vxlan");
        assertThat(link.vni()).isEqualTo(vni);
        assertThat(link.port()).isEqualTo(4789);
        eventually(() -> assertThat(pods.get(pod).link(ifname).remote()).isEqualTo(remote.address()));
    }

    private static Stream<LinkEnd> meshLinks() {
        return Stream.of(
                new LinkEnd("pod1", "eth1"),
                new LinkEnd("pod1", "eth2"),
                new LinkEnd("pod2", "eth1"),
                new LinkEnd("pod2", "eth2"),
                new LinkEnd("pod3", "eth1"),
                new LinkEnd("pod3", "eth2"));
    }

    private ObservedLink link(LinkEnd end) {
        return pods.get(end.pod()).link(end.ifname());
    }

    private Map<LinkEnd, Integer> ifindexes() {
        return meshLinks().collect(Collectors.toMap(end -> end, end -> link(end).ifindex()));
    }
}
