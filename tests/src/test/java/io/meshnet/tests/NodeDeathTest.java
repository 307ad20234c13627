package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A node dies: it holds up no ADD of its neighbours; once its lease ran out its pods are shown as not alive, and the living ends of their
 * links say so and stay. When it comes back, so do the links, with the same ifindexes.
 */
class NodeDeathTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_NODE_TTL", "2"));

    private Pod pod1;
    private Pod pod2;

    @BeforeEach
    void addPair() {
        LAB.upload(new Topology()
                .link(11, end("pod1", "eth1", "12.12.12.1/24"), end("pod2", "eth1", "12.12.12.2/24"))
                .link(12, end("pod1", "eth2", "13.13.13.1/24"), end("pod3", "eth1", "13.13.13.3/24"))
                .link(13, end("pod2", "eth2", "23.23.23.2/24"), end("pod3", "eth2", "23.23.23.3/24")));
        pod1 = added("pod1");
        pod2 = LAB.pod("pod2", LAB.node2());
        pod2.add().succeeded();
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
    }

    /** Lab would wait for it in vain. */
    @AfterEach
    void bringBack() {
        LAB.node2().plug();
    }

    @Test
    void holds_up_no_neighbours_add() {
        die();

        Pod pod3 = added("pod3");

        assertThat(LAB.node2().running()).isFalse();
        assertThat(pod3.pings("13.13.13.1")).isTrue();
    }

    @Test
    void is_no_reason_for_a_strict_add_to_fail_once_it_is_noticed() {
        die();
        eventually(() ->
                assertThat(LAB.node1().toldOf(pod2).path("alive").asBoolean()).isFalse());

        Pod pod3 = LAB.pod("pod3", LAB.node1());
        pod3.add(LAB.node1().config().put("strict", true)).succeeded();

        assertThat(pod3.pings("13.13.13.1")).isTrue();
    }

    @Test
    void is_shown_and_undone_by_its_return() {
        int ifindex = pod1.link("eth1").ifindex();
        assertThat(LAB.node1().toldOf(pod2).path("alive").asBoolean()).isTrue();

        die();

        eventually(() -> {
            JsonNode pod = LAB.node1().toldOf(pod2);
            assertThat(pod.path("alive").asBoolean()).as("%s", pod).isFalse();
            assertThat(pod.path("reason").asText()).contains(LAB.node2().name(), "not alive");
        });
        eventually(() -> assertThat(pod1.link("eth1").carrier()).isFalse());
        JsonNode link = LAB.node1().toldOf(pod1, "eth1");
        assertThat(link.path("state").asText()).as("%s", link).isEqualTo("waiting");
        assertThat(link.path("reason").asText()).contains(LAB.node2().name(), "not alive", "pod2");
        assertThat(link.path("since").asText()).isNotBlank();
        assertThat(link.path("observed").path("wire").isNull()).isTrue();
        assertThat(link.path("in_pod").path("carrier").asBoolean()).isFalse();
        assertThat(link.path("in_pod").path("ifindex").asInt()).isEqualTo(ifindex);
        assertThat(pod1.link("eth1").ifindex()).isEqualTo(ifindex);

        LAB.node2().plug();
        LAB.node2().start();

        eventually(() -> assertThat(pod1.link("eth1").carrier()).isTrue());
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        assertThat(pod1.link("eth1").ifindex()).isEqualTo(ifindex);
        assertThat(LAB.node1().toldOf(pod1, "eth1").path("state").asText()).isEqualTo("in place");
    }

    private static void die() {
        LAB.node2().unplug();
        LAB.node2().kill();
    }

    private static Pod added(String name) {
        Pod pod = LAB.pod(name, LAB.node1());
        pod.add().succeeded();
        return pod;
    }
}
