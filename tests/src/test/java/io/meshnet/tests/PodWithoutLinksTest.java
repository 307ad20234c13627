package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A pod that no topology knows: it gets what the delegate gives, and depends on nothing else. */
class PodWithoutLinksTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @Test
    void gets_what_the_delegate_gives() {
        Pod pod = LAB.pod("loner", LAB.node1());

        CniAnswer answer = pod.add().succeeded();

        assertThat(pod.links()).containsOnlyKeys("lo", "eth0");
        assertThat(LAB.node1().leases()).containsExactly(answer.address());
        assertThat(pod.pings("10.244.1.1")).isTrue();
    }

    @Test
    void lets_go_of_it_all() {
        Pod pod = LAB.pod("loner", LAB.node1());
        pod.add().succeeded();

        pod.del().succeeded();

        LAB.assertReleased(pod);
        assertThat(LAB.node1().leases()).isEmpty();
    }

    @Test
    void comes_up_and_goes_while_etcd_is_stopped() {
        Pod pod = LAB.pod("loner", LAB.node1());
        LAB.upload(Topology.triangle());
        LAB.etcd().stop();

        CniAnswer answer = pod.add().succeeded();
        assertThat(LAB.node1().leases()).containsExactly(answer.address());
        assertThat(pod.link("eth0").addresses()).containsExactly(answer.address() + "/24");
        pod.del().succeeded();

        assertThat(LAB.node1().leases()).isEmpty();
        assertThat(pod.links()).containsOnlyKeys("lo");
    }

    @Test
    void comes_up_when_the_daemon_was_restarted_without_etcd() {
        Node node = LAB.node1();
        node.stop();
        LAB.etcd().stop();
        node.launch();
        assertThat(node.health("ready")).isEqualTo(503);
        Pod pod = LAB.pod("loner", node);

        CniAnswer answer = pod.add();

        answer.succeeded();
        assertThat(pod.link("eth0").addresses()).containsExactly(answer.address() + "/24");
    }
}
