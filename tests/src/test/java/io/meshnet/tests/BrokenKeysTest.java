package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Someone writes nonsense into a key of a pod that runs: its pod is shown as broken and keeps the links it has, no other pod is harmed or
 * held up, and all is as before once the key is put right. Where a pod runs its own node knows best, and says it again.
 */
class BrokenKeysTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @TempDir
    private Path directory;

    private Pod pod1;
    private Pod pod2;
    private Pod pod3;

    @BeforeEach
    void addTriangle() {
        LAB.upload(Topology.triangle());
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", LAB.node1());
        pod3 = added("pod3", LAB.node2());
        eventually(this::assertTriangleReachable);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "42",
                "{\"uid\": 11}",
                "[{\"uid\": 11",
                "[{\"uid\": \"eleven\", \"peer_pod\": \"pod1\", \"local_intf\": \"eth1\", \"peer_intf\": \"eth1\"}]"
            })
    void of_a_topology_harm_no_other_pod(String value) {
        Map<String, Integer> before = ifindexes();

        LAB.etcd().put("/pod2/links", value);

        for (Node node : LAB.nodes()) {
            eventually(() -> {
                JsonNode pod = node.toldOf(pod2);
                assertThat(pod.path("declaration").asText()).as("%s", pod).isEqualTo("broken");
                assertThat(pod.path("reason").asText()).contains("broken");
            });
            assertThat(node.toldOf(pod1).path("declaration").asText()).isEqualTo("links");
        }
        assertOthersAreWired("pod1", "pod3");
        assertTriangleReachable();
        assertThat(ifindexes()).containsAllEntriesOf(before);

        LAB.upload(Topology.triangle());

        eventually(() -> assertThat(LAB.node2().toldOf(pod2).path("declaration").asText())
                .isEqualTo("links"));
        eventually(() -> assertThat(ifindexes()).isEqualTo(before));
        assertTriangleReachable();
    }

    @ParameterizedTest
    @CsvSource({
        "src_ip, nowhere",
        "src_ip, ''",
        "net_ns, ''",
        "net_ns, /run/netns/no-such-namespace",
        "net_ns, /etc/passwd",
        "container_id, another"
    })
    void of_a_placement_are_written_again(String item, String value) {
        Map<String, String> placement = placementOfPod2();
        int ifindex = pod1.link("eth2").ifindex();
        try (EndlessPing ping = EndlessPing.start(pod1, "13.13.13.3", directory.resolve("ping"))) {
            LAB.etcd().put("/pod2/" + item, value);

            eventually(() -> assertThat(placementOfPod2()).isEqualTo(placement));
            assertOthersAreWired("pod1", "pod2", "pod3");
            eventually(this::assertTriangleReachable);
            assertThat(LAB.node2().toldOf(pod2).path("alive").asBoolean()).isTrue();
            assertThat(pod1.link("eth2").ifindex()).isEqualTo(ifindex);
            ping.assertNothingLost();
        }
    }

    @ParameterizedTest
    @CsvSource({"node, {}", "net_ns_id, nonsense", "skipped/pod1, [1]", "colour, red"})
    void beside_a_placement_cost_no_link(String item, String value) {
        int ifindex = pod1.link("eth2").ifindex();
        try (EndlessPing ping = EndlessPing.start(pod1, "13.13.13.3", directory.resolve("ping"))) {
            LAB.etcd().put("/pod2/" + item, value);

            assertOthersAreWired("pod1", "pod2", "pod3");
            eventually(this::assertTriangleReachable);
            assertThat(pod1.link("eth2").ifindex()).isEqualTo(ifindex);
            ping.assertNothingLost();
        }
    }

    /**
     * Has another link declared between pod1 and pod3 and waits until it is there; whatever was written before has been seen by then.
     *
     * @param pods whose lists are written
     */
    private void assertOthersAreWired(String... pods) {
        Map<String, String> keys = Topology.triangle()
                .link(14, end("pod1", "eth4", "14.14.14.1/24"), end("pod3", "eth4", "14.14.14.3/24"))
                .keys();
        for (String pod : pods) {
            String key = "/" + pod + "/links";
            LAB.etcd().put(key, keys.get(key));
        }
        eventually(() -> assertThat(pod1.pings("14.14.14.3")).isTrue());
    }

    private static Map<String, String> placementOfPod2() {
        var placement = new TreeMap<>(LAB.etcd().all());
        placement.keySet().removeIf(key -> !key.startsWith("/pod2/"));
        return placement;
    }

    private void assertTriangleReachable() {
        assertThat(pod1.pings("12.12.12.2")).as("pod1 pings pod2").isTrue();
        assertThat(pod2.pings("23.23.23.3")).as("pod2 pings pod3").isTrue();
        assertThat(pod3.pings("13.13.13.1")).as("pod3 pings pod1").isTrue();
    }

    private Map<String, Integer> ifindexes() {
        var ifindexes = new TreeMap<String, Integer>();
        for (Pod pod : new Pod[] {pod1, pod2, pod3}) {
            pod.links().forEach((ifname, link) -> ifindexes.put(pod.name() + " " + ifname, link.ifindex()));
        }
        return ifindexes;
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
