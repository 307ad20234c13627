package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DEL in all the ways in which runtimes call it: twice, late, without a namespace, for something that never was. */
class DeletionTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @BeforeEach
    void uploadTriangle() {
        LAB.upload(Topology.triangle());
    }

    @Test
    void succeeds_twice() {
        Pod pod1 = added("pod1", LAB.node1());

        pod1.del().succeeded();
        CniAnswer second = pod1.del();

        assertThat(second.succeeded().outcome().out()).isEmpty();
        LAB.assertReleased(pod1);
    }

    @Test
    void succeeds_for_a_container_that_was_never_added() {
        Pod pod1 = added("pod1", LAB.node1());
        Pod unknown = LAB.pod("pod2", LAB.node1());

        unknown.del().succeeded();

        assertThat(pod1.links()).containsKey("eth0");
        assertThat(LAB.node1().leases()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void without_a_namespace_releases_the_state_and_touches_no_link_of_the_node(boolean emptyRatherThanUnset) {
        Pod pod1 = added("pod1", LAB.node1());
        int uplink = LAB.node1().links().get(Underlay.UPLINK).ifindex();
        CniCall del = pod1.call("DEL");

        (emptyRatherThanUnset ? del.with("CNI_NETNS", "") : del.without("CNI_NETNS"))
                .answer()
                .succeeded();

        assertThat(LAB.etcd().get("/pod1/src_ip")).isEmpty();
        assertThat(LAB.etcd().get("/pod1/net_ns")).isEmpty();
        assertThat(LAB.node1().leases()).isEmpty();
        Map<String, ObservedLink> links = LAB.node1().links();
        assertThat(links).containsKeys("lo", Node.BRIDGE);
        assertThat(links.get(Underlay.UPLINK).ifindex()).isEqualTo(uplink);
    }

    @Test
    void succeeds_after_the_namespace_has_vanished() {
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        LAB.removeNamespace(pod1);

        pod1.del().succeeded();

        LAB.assertReleased(pod1);
        assertThat(LAB.node1().leases()).hasSize(1);
        eventually(() -> assertThat(pod2.pings("12.12.12.1")).isFalse());
    }

    @Test
    void of_one_pod_leaves_the_links_between_the_others() {
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());
        eventually(() -> assertThat(pod2.pings("23.23.23.3")).isTrue());
        int ifindex = pod3.link("eth2").ifindex();

        pod1.del().succeeded();

        LAB.assertReleased(pod1);
        eventually(() -> assertThat(pod2.link("eth1").carrier()).isFalse());
        eventually(() -> assertThat(pod3.link("eth1").carrier()).isFalse());
        assertThat(pod2.pings("23.23.23.3")).isTrue();
        assertThat(pod3.link("eth2").ifindex()).isEqualTo(ifindex);
    }

    @Test
    void with_etcd_away_is_forgotten_when_the_container_comes_back() {
        Pod pod1 = added("pod1", LAB.node1());
        added("pod2", LAB.node1());
        LAB.etcd().stop();
        pod1.del().succeeded();
        LAB.etcd().start();

        eventually(() -> pod1.add().succeeded());

        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        assertThat(LAB.etcd().get("/pod1/src_ip")).isEqualTo(LAB.node1().address());
    }

    @Test
    void that_comes_late_leaves_the_new_incarnation_alone() {
        Pod pod2 = added("pod2", LAB.node1());
        Pod old = added("pod1", LAB.node1());
        Pod living = added("pod1", LAB.node1());
        eventually(() -> assertThat(living.pings("12.12.12.2")).isTrue());
        Survivors survivors = new Survivors().with(living, "eth1", "eth2").with(pod2, "eth1");

        old.del().succeeded();

        assertAlive(living, pod2);
        survivors.assertUntouched();
        assertThat(LAB.node1().leases()).hasSize(2);
    }

    @Test
    void that_comes_late_leaves_a_new_incarnation_at_the_same_path_alone() {
        Pod pod2 = added("pod2", LAB.node1());
        Pod old = added("pod1", LAB.node1());
        Pod living = LAB.successorAtSamePath(old);
        living.add().succeeded();
        eventually(() -> assertThat(living.pings("12.12.12.2")).isTrue());
        Survivors survivors = new Survivors().with(living, "eth1", "eth2").with(pod2, "eth1");

        old.del().succeeded();
        assertThat(living.links()).containsKey("eth0");
        old.del().succeeded();

        assertAlive(living, pod2);
        survivors.assertUntouched();
        assertThat(living.links()).containsKey("eth0");
        assertThat(LAB.node1().leases()).hasSize(2);
    }

    @Test
    void that_comes_late_leaves_the_new_incarnation_on_another_node_alone() {
        Pod pod2 = added("pod2", LAB.node1());
        Pod old = added("pod1", LAB.node1());
        Pod living = added("pod1", LAB.node2());
        eventually(() -> assertThat(living.pings("12.12.12.2")).isTrue());
        Survivors survivors = new Survivors().with(living, "eth1", "eth2").with(pod2, "eth1");

        old.del().succeeded();

        assertAlive(living, pod2);
        survivors.assertUntouched();
        assertThat(LAB.node2().leases()).hasSize(1);
    }

    @Test
    void succeeds_while_etcd_is_stopped_and_is_published_when_it_is_back() {
        Pod pod1 = added("pod1", LAB.node1());
        LAB.etcd().stop();

        pod1.del().succeeded();

        assertThat(LAB.node1().leases()).isEmpty();
        assertThat(pod1.links()).containsOnlyKeys("lo");
        LAB.etcd().start();
        eventually(() -> LAB.assertReleased(pod1));
    }

    @Test
    void takes_the_same_pod_back_at_once() {
        Pod pod2 = added("pod2", LAB.node1());
        for (int round = 0; round < 5; round++) {
            Pod pod1 = added("pod1", LAB.node1());
            assertThat(pod1.pings("12.12.12.2")).isTrue();
            pod1.del().succeeded();
            LAB.assertReleased(pod1);
        }
        assertThat(pod2.links()).containsKey("eth0");
    }

    private static void assertAlive(Pod living, Pod peer) {
        Map<String, String> keys = LAB.etcd().all();
        assertThat(keys)
                .containsEntry("/pod1/container_id", living.containerId())
                .containsEntry("/pod1/net_ns", living.netnsPath())
                .containsEntry("/pod1/src_ip", living.node().address());
        assertThat(living.pings("12.12.12.2")).isTrue();
        assertThat(peer.pings("12.12.12.1")).isTrue();
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
