package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.tests.Node.HttpAnswer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Anybody who reaches a node's port can send it {@code PUT /vtep}. An update is a reason to look and no more: the topology and the
 * placements say what is made, so that a forged one changes nothing.
 */
class ForgedUpdateTest {

    /** The longest line that the daemon may log about an update, in bytes. */
    private static final int LONGEST_LINE = 1024;

    private static final int HUGE = 5 << 20;

    /** pod1 and pod3 on node1, pod2 on node2: link 11 is a tunnel, link 12 a wire of the node. */
    abstract static class World {
        Pod pod1;
        Pod pod2;
        Pod pod3;

        abstract Lab lab();

        @BeforeEach
        void start() {
            lab().upload(new Topology()
                    .link(11, end("pod1", "eth1", "10.11.0.1/24"), end("pod2", "eth1", "10.11.0.2/24"))
                    .link(12, end("pod1", "eth2", "10.12.0.1/24"), end("pod3", "eth1", "10.12.0.3/24")));
            pod1 = added("pod1", lab().node1());
            pod2 = added("pod2", lab().node2());
            pod3 = added("pod3", lab().node1());
            awaitPings();
        }

        Pod added(String name, Node node) {
            Pod pod = lab().pod(name, node);
            pod.add().succeeded();
            return pod;
        }

        void awaitPings() {
            eventually(() -> assertThat(pod1.pings("10.11.0.2")).isTrue());
            eventually(() -> assertThat(pod1.pings("10.12.0.3")).isTrue());
        }

        /** An update as pod2's node sends it. */
        ObjectNode genuine() {
            return Json.object()
                    .put("net_ns", pod1.netnsPath())
                    .put("link_name", "eth1")
                    .put("link_ip", "10.11.0.1/24")
                    .put("peer_vtep", lab().node2().address())
                    .put("vni", 5011);
        }

        HttpAnswer put(ObjectNode body) {
            return lab().node1().http("PUT", "/vtep", body.toString());
        }

        /** Sends an update, which gets one of the statuses and has no effect. */
        HttpAnswer assertHarmless(ObjectNode body, Integer... statuses) {
            Map<String, Object> before = seen();
            int lines = lines().size();

            HttpAnswer answer = put(body);

            assertThat(answer.status()).as("%s", shortened(answer)).isIn((Object[]) statuses);
            assertThat(seen()).isEqualTo(before);
            assertThat(pod1.pings("10.11.0.2")).isTrue();
            assertThat(pod1.pings("10.12.0.3")).isTrue();
            for (String line : lines().subList(lines, lines().size())) {
                assertThat(line.getBytes(StandardCharsets.UTF_8).length)
                        .as("bytes of a line of the log")
                        .isLessThanOrEqualTo(LONGEST_LINE);
                Json.parse(line);
            }
            return answer;
        }

        List<String> lines() {
            return lab().node1().log().lines().toList();
        }

        /** Every device on the node and where its wires lead. */
        Map<String, Object> seen() {
            Map<String, Object> seen = new TreeMap<>();
            for (Pod pod : List.of(pod1, pod2, pod3)) {
                pod.links().forEach((name, link) -> seen.put(pod.name() + ":" + name, link.likeness()));
            }
            seen.put("node", new TreeMap<>(lab().node1().links()).keySet());
            new PatchView(lab().node1())
                    .links()
                    .forEach((name, link) -> seen.put("patch:" + name, List.of(link.likeness(), link.group())));
            for (JsonNode link : lab().node1().told("/v1/links").path("links")) {
                seen.put(
                        "wire of " + link.path("pod") + link.path("interface"),
                        link.path("observed").path("wire"));
            }
            return seen;
        }

        private static String shortened(HttpAnswer answer) {
            String body = answer.body();
            return answer.status() + " " + body.substring(0, Math.min(500, body.length()));
        }
    }

    @Nested
    class OfATopology extends World {
        @RegisterExtension
        static final Lab LAB = new Lab();

        @TempDir
        Path directory;

        @Override
        Lab lab() {
            return LAB;
        }

        @Test
        void is_refused_for_a_namespace_that_nobody_attached() {
            Pod stranger = LAB.pod("stranger", LAB.node1());

            HttpAnswer answer = assertHarmless(genuine().put("net_ns", stranger.netnsPath()), 403);

            assertThat(answer.body()).contains("net_ns", stranger.netns());
            assertThat(stranger.links()).containsOnlyKeys("lo");
        }

        @Test
        void is_refused_for_the_namespaces_of_the_nodes_and_for_what_is_no_namespace() {
            for (String path : List.of(
                    "/run/netns/" + LAB.node1().netns(),
                    "/run/netns/" + LAB.node2().netns(),
                    new PatchView(LAB.node1()).path().toString(),
                    "/proc/self/ns/net",
                    "/proc/1/ns/net",
                    "/run/netns",
                    "/run/netns/none",
                    "/dev/zero",
                    pod2.netnsPath(),
                    pod1.netnsPath() + "/../none")) {
                assertHarmless(genuine().put("net_ns", path), 403);
            }
        }

        @ParameterizedTest
        @CsvSource({
            "the interface of the delegate, eth0, 5011",
            "an unknown VNI, eth1, 5999",
            "the VNI of another link, eth1, 5012",
            "the VNI of another link, eth2, 5011",
            "an unknown interface, eth9, 5011",
            "an unknown link, eth9, 5999",
        })
        void is_refused_for(String what, String ifname, int vni) {
            HttpAnswer answer =
                    assertHarmless(genuine().put("link_name", ifname).put("vni", vni), 403);

            assertThat(answer.body()).as(what).contains(ifname);
        }

        @Test
        void is_refused_for_a_link_of_another_pod() {
            assertHarmless(genuine().put("net_ns", pod3.netnsPath()).put("vni", 5011), 403);
        }

        @Test
        void does_not_lead_a_link_elsewhere() {
            assertHarmless(genuine().put("peer_vtep", "10.99.0.77"), 200);
            assertHarmless(genuine().put("peer_vtep", LAB.node1().address()), 200);
            assertHarmless(genuine().put("peer_vtep", "fd00::1"), 200);
            assertHarmless(genuine().put("peer_vtep", "127.0.0.1"), 200);
            assertHarmless(genuine().put("peer_vtep", "224.0.0.1"), 400);
            assertHarmless(genuine().put("peer_vtep", "0.0.0.0"), 400);
        }

        @Test
        void gives_no_other_address_and_makes_no_tunnel_of_a_wire() {
            assertHarmless(genuine().put("link_ip", "10.66.0.1/24"), 200);
            assertHarmless(genuine().put("link_ip", ""), 200);
            assertHarmless(genuine().put("link_name", "eth2").put("vni", 5012), 200);
        }

        @ParameterizedTest
        @ValueSource(strings = {"net_ns", "link_name", "link_ip", "peer_vtep", "vni", "anything"})
        void fills_no_log(String member) {
            for (String text : List.of(
                    "/" + "n".repeat(HUGE),
                    "/" + "n/".repeat(HUGE / 2),
                    "ü".repeat(HUGE / 2),
                    "/\n{}\n".repeat(9999))) {
                assertHarmless(genuine().put(member, text), 200, 400, 403, 413);
            }
        }

        @Test
        void that_is_genuine_and_repeated_changes_nothing() {
            Map<String, Object> before = seen();
            try (EndlessPing ping = EndlessPing.start(pod1, "10.11.0.2", directory.resolve("ping"))) {
                CompletableFuture.allOf(IntStream.range(0, 40)
                                .mapToObj(_ -> CompletableFuture.runAsync(
                                        () -> assertThat(put(genuine())).isEqualTo(new HttpAnswer(200, "")),
                                        Thread::startVirtualThread))
                                .toArray(CompletableFuture<?>[]::new))
                        .join();
                ping.assertNothingLost();
            }
            assertThat(seen()).isEqualTo(before);
        }

        @Test
        void that_comes_late_harms_no_pod_that_was_deleted() {
            ObjectNode late = genuine();
            pod1.del().succeeded();

            HttpAnswer answer = put(late);

            assertThat(answer.status()).as("%s", answer).isEqualTo(403);
            assertThat(pod1.links()).containsOnlyKeys("lo");
            assertThat(new PatchView(LAB.node1()).ports()).hasSize(1);
        }

        @Test
        void that_comes_late_harms_no_pod_that_has_moved() {
            ObjectNode late = genuine();
            pod1.del().succeeded();
            Pod moved = added("pod1", LAB.node2());
            eventually(() -> assertThat(moved.pings("10.11.0.2")).isTrue());
            eventually(() -> assertThat(moved.pings("10.12.0.3")).isTrue());
            Map<String, ObservedLink> links = moved.links();

            assertThat(put(late).status()).isEqualTo(403);
            assertThat(LAB.node2().http("PUT", "/vtep", late.toString()).status())
                    .isEqualTo(403);

            assertThat(pod1.links()).containsOnlyKeys("lo");
            assertThat(moved.links()).isEqualTo(links);
            assertThat(moved.pings("10.11.0.2")).isTrue();
            assertThat(moved.pings("10.12.0.3")).isTrue();
        }

        @Test
        void that_comes_late_harms_no_pod_that_was_restarted_at_the_same_path() {
            ObjectNode late = genuine();
            pod1.del().succeeded();
            Pod again = LAB.successorAtSamePath(pod1);

            assertThat(put(late).status()).isEqualTo(403);
            assertThat(again.links()).containsOnlyKeys("lo");

            again.add().succeeded();
            pod1 = again;
            awaitPings();
            assertHarmless(late, 200);
        }
    }

    @Nested
    class OfNoTopologyOnInsecureNodes extends World {
        @RegisterExtension
        static final Lab LAB = new Lab(Map.of("MESHNET_INSECURE_PEERS", "true"));

        @Override
        Lab lab() {
            return LAB;
        }

        @Test
        void makes_a_link_that_follows_it_and_goes_with_the_pod() {
            ObjectNode update =
                    genuine().put("link_name", "eth7").put("vni", 5077).put("link_ip", "10.77.0.1/24");

            assertThat(put(update)).isEqualTo(new HttpAnswer(200, ""));

            ObservedLink made = pod1.link("eth7");
            assertThat(made.addresses()).containsExactly("10.77.0.1/24");
            assertThat(made.carrier()).isTrue();
            assertHarmless(update, 200);
            assertThat(put(update.deepCopy().put("peer_vtep", "10.99.0.77")).status())
                    .isEqualTo(200);
            assertThat(pod1.link("eth7").likeness()).isEqualTo(made.likeness());
            assertThat(new PatchView(LAB.node1()).port(pod1, "eth7").alias()).contains("10.99.0.77");
            awaitPings();
            pod1.del().succeeded();
            assertThat(pod1.links()).containsOnlyKeys("lo");
        }

        @Test
        void is_still_refused_for_what_is_not_a_pods_or_has_another_use() {
            Pod stranger = LAB.pod("stranger", LAB.node1());
            ObjectNode update = genuine().put("link_name", "eth7").put("vni", 5077);

            assertHarmless(update.deepCopy().put("net_ns", stranger.netnsPath()), 403);
            assertHarmless(
                    update.deepCopy().put("net_ns", "/run/netns/" + LAB.node1().netns()), 403);
            assertHarmless(update.deepCopy().put("link_name", "eth0"), 403);
            assertHarmless(update.deepCopy().put("link_name", "eth1"), 403);
            assertHarmless(update.deepCopy().put("link_name", "eth2"), 403);
            assertHarmless(update.deepCopy().put("link_name", "lo"), 400, 403, 500);
            assertThat(stranger.links()).containsOnlyKeys("lo");
        }

        @Test
        void takes_no_VNI_from_a_link_of_the_topology() {
            assertHarmless(genuine().put("net_ns", pod3.netnsPath()).put("link_name", "eth7"), 403, 500);
            assertHarmless(genuine().put("link_name", "eth7"), 403, 500);
        }
    }
}
