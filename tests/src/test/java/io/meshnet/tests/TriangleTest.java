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

/** The three pods of legacy meshnet's example on two nodes: pod1 and pod2 on the first, pod3 on the second. */
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
    void has_wires_between_ports_within_a_node_and_tunnels_between_nodes() {
        add("pod1 pod2 pod3");
        eventually(() -> assertThat(pods.get("pod1").link("eth2").carrier()).isTrue());

        assertThat(meshLinks()).allSatisfy(end -> assertThat(link(end).kind()).isEqualTo("veth"));
        assertWire("pod1", "eth1", "port " + pods.get("pod2").link("eth1").peer());
        assertWire("pod2", "eth1", "port " + pods.get("pod1").link("eth1").peer());
        assertWire("pod1", "eth2", "VNI 5013 to " + LAB.node2().address());
        assertWire("pod2", "eth2", "VNI 5021 to " + LAB.node2().address());
        assertWire("pod3", "eth1", "VNI 5013 to " + LAB.node1().address());
        assertWire("pod3", "eth2", "VNI 5021 to " + LAB.node1().address());
        for (Node node : LAB.nodes()) {
            ObservedLink tunnel = node.patch().links().get(PatchView.TUNNEL);
            assertThat(tunnel.kind()).isEqualTo("vxlan");
            assertThat(tunnel.port()).isEqualTo(4789);
        }
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
    void marks_its_links_on_the_patch_side_and_nothing_in_the_pods() {
        add("pod1 pod2 pod3");

        assertThat(meshLinks()).allSatisfy(end -> {
            assertThat(link(end).group()).as("group of %s", end).isEqualTo(ObservedLink.NO_GROUP);
            assertThat(link(end).alias()).as("alias of %s", end).isEmpty();
            Pod pod = pods.get(end.pod());
            ObservedLink port = pod.node().patch().port(pod, end.ifname());
            assertThat(port.group()).as("group of the port of %s", end).isNotEqualTo(ObservedLink.NO_GROUP);
            assertThat(port.alias())
                    .as("alias of the port of %s", end)
                    .startsWith("meshnet " + end.ifname() + " ")
                    .endsWith(" default/" + end.pod());
        });
        assertThat(LAB.node1().patch().served())
                .containsExactlyInAnyOrder("pod1:eth1", "pod1:eth2", "pod2:eth1", "pod2:eth2");
        assertThat(LAB.node2().patch().served()).containsExactlyInAnyOrder("pod3:eth1", "pod3:eth2");
    }

    @Test
    void has_its_interfaces_before_their_peers_run() {
        Pod pod1 = pods.get("pod1");
        pod1.add().succeeded();

        Map<String, ObservedLink> alone = pod1.links();
        assertThat(alone).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
        assertThat(alone.get("eth1").saysNoCarrier()).isTrue();
        assertThat(alone.get("eth2").saysNoCarrier()).isTrue();
        assertThat(alone.get("eth1").addresses()).containsExactly("12.12.12.1/24");
        add("pod2 pod3");
        assertAllReachable();
        for (String ifname : new String[] {"eth1", "eth2"}) {
            assertThat(pod1.link(ifname).ifindex()).isEqualTo(alone.get(ifname).ifindex());
        }
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
    void is_not_disturbed_by_handshake_flags_that_legacy_meshnet_left() {
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

    private void assertWire(String pod, String ifname, String wire) {
        Pod its = pods.get(pod);
        eventually(() -> assertThat(its.node().wireOf(its, ifname)).isEqualTo(wire));
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
