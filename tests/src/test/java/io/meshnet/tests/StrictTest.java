package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An ADD whose configuration says {@code "strict": true}. When it returns, all links whose peers are alive are up at both ends, also at the
 * end on another node. It does not wait for what cannot be.
 */
class StrictTest {
    private static final int INVALID_CONFIG = 7;

    @RegisterExtension
    static final Lab LAB = new Lab();

    @Test
    void has_both_ends_of_every_link_up_when_it_returns() {
        LAB.upload(Topology.triangle());
        Pod pod1 = strictlyAdded("pod1", LAB.node1());

        Pod pod3 = strictlyAdded("pod3", LAB.node2());
        assertUp(pod1, "eth2");
        assertUp(pod3, "eth1");

        Pod pod2 = strictlyAdded("pod2", LAB.node1());
        assertUp(pod2, "eth1");
        assertUp(pod1, "eth1");
        assertUp(pod2, "eth2");
        assertUp(pod3, "eth2");
    }

    @Test
    void of_several_pods_at_once_wait_for_each_other_and_all_succeed() {
        LAB.upload(Topology.triangle());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        Pod pod3 = LAB.pod("pod3", LAB.node2());

        CompletableFuture.allOf(Stream.of(pod1, pod2, pod3)
                        .map(pod -> CompletableFuture.runAsync(
                                () -> pod.add(strict(pod)).succeeded(), Thread::startVirtualThread))
                        .toArray(CompletableFuture<?>[]::new))
                .join();

        for (Pod pod : List.of(pod1, pod2, pod3)) {
            assertUp(pod, "eth1");
            assertUp(pod, "eth2");
        }
    }

    @Test
    void has_both_ends_up_again_when_the_peer_was_waiting_without_a_carrier() {
        LAB.upload(Topology.pair());
        Pod pod1 = strictlyAdded("pod1", LAB.node1());
        Pod pod2 = strictlyAdded("pod2", LAB.node2());
        pod2.del().succeeded();
        eventually(() -> assertThat(pod1.link("eth1").saysNoCarrier()).isTrue());
        LAB.removeNamespace(pod2);

        Pod successor = strictlyAdded("pod2", LAB.node2());

        assertThat(pod1.link("eth1").likeness().up()).isTrue();
        assertUp(pod1, "eth1");
        assertUp(successor, "eth1");
    }

    @Test
    void does_not_wait_for_links_whose_peers_do_not_run() {
        LAB.upload(Topology.triangle());

        Pod pod1 = strictlyAdded("pod1", LAB.node1());

        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
        assertThat(pod1.link("eth1").saysNoCarrier()).isTrue();
        assertThat(pod1.link("eth2").saysNoCarrier()).isTrue();
        assertThat(LAB.etcd().get("/pod1/src_ip")).isEqualTo(LAB.node1().address());
    }

    @Test
    void needs_no_links() {
        assertThat(strictlyAdded("pod1", LAB.node1()).links()).containsOnlyKeys("lo", "eth0");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void is_what_nobody_asked_for_unless_he_did(boolean saysFalse) {
        LAB.upload(Topology.triangle());
        obstructedPod3();
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        ObjectNode config = LAB.node1().config();
        if (saysFalse) {
            config.put("strict", false);
        }

        pod1.add(config).succeeded();

        assertThat(LAB.node1().wireOf(pod1, "eth2"))
                .isEqualTo("VNI 5013 to " + LAB.node2().address());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"true\"", "1", "[true]", "{}"})
    void is_true_or_false_and_nothing_else(String value) {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        ObjectNode config = LAB.node1().config();
        config.set("strict", Json.parse(value));

        CniAnswer answer = pod1.add(config);

        answer.failedWith(INVALID_CONFIG);
        assertThat(answer.text()).contains("strict");
        assertThat(pod1.links()).containsOnlyKeys("lo");
        assertThat(LAB.node1().leases()).isEmpty();
    }

    /** A pod on the other node that has an interface of its own where its link to pod1 belongs. */
    private static Pod obstructedPod3() {
        Pod pod3 = LAB.pod("pod3", LAB.node2());
        pod3.add().succeeded();
        pod3.obstruct("eth1");
        return pod3;
    }

    private static ObjectNode strict(Pod pod) {
        return pod.node().config().put("strict", true);
    }

    private static Pod strictlyAdded(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add(strict(pod)).succeeded();
        return pod;
    }

    /** Looks at once, and once. */
    private static void assertUp(Pod pod, String ifname) {
        assertThat(pod.link(ifname).carrier())
                .as("%s of %s is up: %s", ifname, pod.name(), pod.link(ifname))
                .isTrue();
        assertThat(pod.link(ifname).addresses()).hasSize(1);
    }
}
