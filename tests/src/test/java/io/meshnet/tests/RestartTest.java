package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Daemons and etcd go and come back, while pods go on, come and go. */
class RestartTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private Pod pod1;
    private Pod pod2;
    private Pod pod3;

    @BeforeEach
    void addTriangle() {
        LAB.upload(Topology.triangle());
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", LAB.node1());
        pod3 = added("pod3", LAB.node2());
        eventually(this::assertAllReachable);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void of_a_daemon_keeps_every_link_and_forgets_none(boolean gracefully) {
        Map<String, Integer> before = ifindexes(pod1);
        stopNode1(gracefully);
        assertAllReachable();

        LAB.node1().start();

        assertThat(ifindexes(pod1)).isEqualTo(before);
        assertAllReachable();
        for (Pod pod : new Pod[] {pod1, pod2, pod3}) {
            pod.del().succeeded();
            LAB.assertReleased(pod);
        }
        LAB.assertNodesClean();
    }

    @Test
    void of_a_daemon_leaves_no_socket_behind_and_minds_none_that_was_left() {
        LAB.node1().stop();
        assertThat(LAB.node1().socket()).doesNotExist();
        LAB.node1().start();

        LAB.node1().kill();
        assertThat(LAB.node1().socket()).exists();
        LAB.node1().start();

        assertThat(LAB.pod("pod4", LAB.node1()).add().succeeded().address()).isNotEmpty();
    }

    @Test
    void of_a_daemon_catches_up_with_what_was_declared_meanwhile() {
        stopNode1(false);
        declarePairOnly();

        LAB.node1().start();

        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1"));
        assertThat(pod1.pings("12.12.12.2")).isTrue();
    }

    @Test
    void of_a_daemon_repairs_a_link_that_was_lost_meanwhile() {
        stopNode1(false);
        pod1.ip("link", "delete", "eth1");
        pod1.ip("link", "delete", "eth2");

        LAB.node1().start();

        eventually(this::assertAllReachable);
    }

    @Test
    void of_a_daemon_survives_placements_whose_namespaces_are_gone() {
        stopNode1(false);
        LAB.removeNamespace(pod1);

        LAB.node1().start();
        Pod successor = added("pod1", LAB.node1());

        eventually(() -> assertThat(successor.pings("12.12.12.2")).isTrue());
        eventually(() -> assertThat(successor.pings("13.13.13.3")).isTrue());
        assertThat(pod2.pings("23.23.23.3")).isTrue();
        pod1.del().succeeded();
        assertThat(successor.pings("12.12.12.2")).isTrue();
    }

    @Test
    void of_a_daemon_never_reaches_into_a_strangers_namespace_at_the_path_of_a_pod() {
        stopNode1(false);
        Pod stranger = LAB.successorAtSamePath(pod1);

        LAB.node1().start();
        pod2.del().succeeded();
        LAB.removeNamespace(pod2);
        Pod successor = added("pod2", LAB.node1());

        eventually(() -> assertThat(successor.pings("23.23.23.3")).isTrue());
        assertThat(stranger.links()).containsOnlyKeys("lo");
    }

    @Test
    void of_a_daemon_that_finds_etcd_stopped_makes_it_ready_as_soon_as_etcd_is_back() {
        stopNode1(false);
        LAB.etcd().stop();
        LAB.node1().launch();
        assertThat(LAB.node1().health("ready")).isEqualTo(503);
        assertAllReachable();

        LAB.etcd().start();

        eventually(() -> assertThat(LAB.node1().health("ready")).isEqualTo(200));
        assertAllReachable();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void of_etcd_leaves_the_links_and_the_daemons_go_on(boolean gracefully) {
        Map<String, Integer> before = ifindexes(pod1);
        if (gracefully) {
            LAB.etcd().stop();
        } else {
            LAB.etcd().kill();
        }
        assertAllReachable();
        eventually(() -> assertThat(LAB.node1().health("ready")).isEqualTo(503));
        assertThat(LAB.node1().health("live")).isEqualTo(200);

        LAB.etcd().start();

        eventually(() -> assertThat(LAB.node1().health("ready")).isEqualTo(200));
        assertThat(ifindexes(pod1)).isEqualTo(before);
        pod3.del().succeeded();
        LAB.removeNamespace(pod3);
        eventually(() -> assertThat(pod1.link("eth2").carrier()).isFalse());
        pod3 = added("pod3", LAB.node2());
        eventually(this::assertAllReachable);
    }

    @Test
    void of_etcd_does_not_end_the_watch() {
        LAB.etcd().stop();
        LAB.etcd().start();

        declarePairOnly();

        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1"));
        LAB.upload(Topology.triangle());
        eventually(this::assertAllReachable);
    }

    /** Leaves the link between pod1 and pod2 as the only one. */
    private static void declarePairOnly() {
        LAB.upload(Topology.pair());
        LAB.etcd().put("/pod3/links", "[]");
    }

    private static void stopNode1(boolean gracefully) {
        if (gracefully) {
            LAB.node1().stop();
        } else {
            LAB.node1().kill();
        }
    }

    private void assertAllReachable() {
        assertThat(pod1.pings("12.12.12.2")).as("pod1 pings pod2").isTrue();
        assertThat(pod2.pings("23.23.23.3")).as("pod2 pings pod3").isTrue();
        assertThat(pod3.pings("13.13.13.1")).as("pod3 pings pod1").isTrue();
    }

    private static Map<String, Integer> ifindexes(Pod pod) {
        return pod.links().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, link -> link.getValue().ifindex()));
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
