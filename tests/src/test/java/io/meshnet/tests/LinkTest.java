package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What links can be: of IPv4, of IPv6, of no addresses, within one pod, to a pod that is not there. */
class LinkTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void carries_ipv6_whatever_the_pods_default_says(int disabled) {
        LAB.upload(new Topology()
                .link(31, end("pod1", "eth1", "fd00:12::1/64"), end("pod2", "eth1", "fd00:12::2/64"))
                .link(32, end("pod1", "eth2", "fd00:13::1/64"), end("pod3", "eth1", "fd00:13::3/64")));
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        Pod pod3 = LAB.pod("pod3", LAB.node2());
        for (Pod pod : new Pod[] {pod1, pod2, pod3}) {
            pod.sysctl("net.ipv6.conf.default.disable_ipv6", Integer.toString(disabled));
            pod.add().succeeded();
        }

        assertThat(pod1.link("eth1").addresses()).containsExactly("fd00:12::1/64");
        assertThat(pod1.link("eth1").tentative())
                .as("held back for duplicate detection")
                .isFalse();
        eventually(() -> assertThat(pod1.pings("fd00:12::2")).isTrue());
        eventually(() -> assertThat(pod1.pings("fd00:13::3")).isTrue());
    }

    @Test
    void gets_another_index_where_something_else_has_its_own() {
        LAB.upload(new Topology()
                .link(41, end("pod1", "eth1", "10.4.1.1/24"), end("pod2", "eth1", "10.4.1.2/24"))
                .link(42, end("pod1", "eth2", "10.4.2.1/24"), end("pod2", "eth2", "10.4.2.2/24"))
                .link(43, end("pod1", "eth3", "10.4.3.1/24"), end("pod2", "eth3", "10.4.3.2/24")));
        added("pod2", LAB.node1());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        pod1.ip("link", "add", "other", "index", "100084", "type", "bridge");

        pod1.add().succeeded();

        assertThat(pod1.link("eth1").ifindex()).isEqualTo(100082);
        assertThat(pod1.link("other").ifindex()).isEqualTo(100084);
        for (int link = 1; link <= 3; link++) {
            assertThat(pod1.pings("10.4." + link + ".2")).isTrue();
        }
    }

    @Test
    void needs_no_addresses() {
        LAB.upload(new Topology()
                .link(33, end("pod1", "eth1", ""), end("pod2", "eth1", ""))
                .link(34, end("pod1", "eth2", ""), end("pod3", "eth1", "")));
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());

        assertThat(pod1.link("eth1").addresses()).isEmpty();
        assertThat(pod1.link("eth1").carrier()).isTrue();
        assertThat(pod2.link("eth1").carrier()).isTrue();
        eventually(() -> assertThat(pod1.link("eth2").carrier()).isTrue());
        eventually(() -> assertThat(pod3.link("eth1").carrier()).isTrue());
    }

    @Test
    void may_begin_and_end_in_one_pod() {
        LAB.upload(new Topology().link(35, end("pod1", "east", "10.1.1.1/24"), end("pod1", "west", "10.1.1.2/24")));

        Pod pod1 = added("pod1", LAB.node1());

        assertThat(pod1.link("east").kind()).isEqualTo("veth");
        assertThat(pod1.link("east").carrier()).isTrue();
        assertThat(pod1.link("west").carrier()).isTrue();
        assertThat(pod1.link("east").addresses()).containsExactly("10.1.1.1/24");
        assertThat(pod1.link("west").addresses()).containsExactly("10.1.1.2/24");
        assertThat(LAB.node1().wireOf(pod1, "east"))
                .isEqualTo("port " + pod1.link("west").peer());
        assertThat(LAB.node1().wireOf(pod1, "west"))
                .isEqualTo("port " + pod1.link("east").peer());
        pod1.del().succeeded();
        LAB.assertReleased(pod1);
    }

    @Test
    void may_join_two_pods_more_than_once() {
        LAB.upload(new Topology()
                .link(36, end("pod1", "a1", "10.2.1.1/24"), end("pod2", "b1", "10.2.1.2/24"))
                .link(37, end("pod1", "a2", "10.2.2.1/24"), end("pod2", "b2", "10.2.2.2/24")));

        Pod pod1 = added("pod1", LAB.node1());
        added("pod2", LAB.node1());

        assertThat(pod1.pings("10.2.1.2")).isTrue();
        assertThat(pod1.pings("10.2.2.2")).isTrue();
    }

    @Test
    void to_a_pod_that_does_not_live_yet_lets_the_add_succeed() {
        LAB.upload(Topology.pair());

        Pod pod1 = added("pod1", LAB.node1());

        ObservedLink waiting = pod1.link("eth1");
        assertThat(waiting.saysNoCarrier()).isTrue();
        assertThat(waiting.likeness().up()).isTrue();
        assertThat(waiting.addresses()).containsExactly("12.12.12.1/24");
        assertThat(LAB.etcd().get("/pod1/src_ip")).isEqualTo(LAB.node1().address());
        Survivors survivors = new Survivors().with(pod1, "eth1");
        added("pod2", LAB.node1());
        assertThat(pod1.pings("12.12.12.2")).isTrue();
        survivors.assertUntouched();
    }

    @Test
    void of_the_largest_uid_has_the_largest_vni() {
        int uid = (1 << 24) - 1 - 5000;
        LAB.upload(new Topology().link(uid, end("pod1", "eth1", "10.3.1.1/24"), end("pod2", "eth1", "10.3.1.2/24")));

        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node2());

        assertThat(LAB.node2().wireOf(pod2, "eth1"))
                .isEqualTo("VNI " + ((1 << 24) - 1) + " to " + LAB.node1().address());
        eventually(() -> assertThat(pod1.pings("10.3.1.2")).isTrue());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void loses_its_carrier_with_its_peer_and_stays_what_it_is(boolean apart) {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());
        Node there = apart ? LAB.node2() : LAB.node1();
        Pod pod2 = added("pod2", there);
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        Survivors survivors = new Survivors().with(pod1, "eth1");

        pod2.del().succeeded();
        eventually(() -> assertThat(pod1.link("eth1").carrier()).isFalse());
        survivors.assertUntouched();
        LAB.removeNamespace(pod2);
        added("pod2", there);

        eventually(() -> assertThat(pod1.link("eth1").carrier()).isTrue());
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        survivors.assertUntouched();
    }

    @Test
    void follows_a_peer_that_comes_back_on_the_other_node() {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        assertThat(pod1.pings("12.12.12.2")).isTrue();
        Survivors survivors = new Survivors().with(pod1, "eth1");

        pod2.del().succeeded();
        LAB.removeNamespace(pod2);
        Pod moved = added("pod2", LAB.node2());

        eventually(() -> assertThat(LAB.node1().wireOf(pod1, "eth1"))
                .isEqualTo("VNI 5011 to " + LAB.node2().address()));
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        moved.del().succeeded();
        LAB.removeNamespace(moved);
        Pod back = added("pod2", LAB.node1());

        eventually(() -> assertThat(LAB.node1().wireOf(pod1, "eth1"))
                .isEqualTo("port " + back.link("eth1").peer()));
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        survivors.assertUntouched();
    }

    @Test
    void is_made_when_it_is_declared_after_its_pods_came_up() {
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        added("pod3", LAB.node2());
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0");

        LAB.upload(Topology.triangle());

        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        eventually(() -> assertThat(pod2.pings("23.23.23.3")).isTrue());
    }

    @Test
    void is_made_when_it_is_added_to_a_list_that_was_empty() {
        LAB.etcd().put("/pod1/links", "[]");
        LAB.etcd().put("/pod2/links", "[]");
        Pod pod1 = added("pod1", LAB.node1());
        added("pod2", LAB.node2());
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0");

        LAB.upload(Topology.pair());

        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void goes_when_it_is_declared_no_more(boolean keysAreKept) {
        LAB.upload(Topology.triangle());
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());
        eventually(() -> assertThat(pod3.pings("13.13.13.1")).isTrue());

        for (String key : Topology.triangle().keys().keySet()) {
            if (keysAreKept) {
                LAB.etcd().put(key, "[]");
            } else {
                LAB.etcd().delete(key);
            }
        }

        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0"));
        eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0"));
        eventually(() -> assertThat(pod3.links()).containsOnlyKeys("lo", "eth0"));
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
