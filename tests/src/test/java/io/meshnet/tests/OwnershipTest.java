package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What meshnet did not make it neither changes nor removes. */
class OwnershipTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @BeforeEach
    void uploadTriangle() {
        LAB.upload(Topology.triangle());
    }

    @Test
    void interfaces_of_the_user_in_a_pod_stay() {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        pod1.ip("link", "add", "bridge0", "type", "bridge");
        pod1.add().succeeded();
        pod1.ip("link", "add", "left", "type", "veth", "peer", "name", "right");
        pod1.ip("link", "add", "tunnel", "type", "vxlan", "id", "42", "dstport", "4790", "dev", "eth0");
        pod1.ip("address", "add", "192.0.2.1/24", "dev", "bridge0");
        pod1.ip("link", "set", "bridge0", "up");
        Map<String, ObservedLink> before = pod1.links();

        LAB.pod("pod2", LAB.node1()).add().succeeded();
        LAB.pod("pod3", LAB.node2()).add().succeeded();
        LAB.node1().stop();
        LAB.node1().start();

        for (String link : new String[] {"bridge0", "left", "right", "tunnel"}) {
            assertThat(pod1.link(link).ifindex()).isEqualTo(before.get(link).ifindex());
            assertThat(pod1.link(link).group()).isEqualTo(ObservedLink.NO_GROUP);
        }
        pod1.ip("link", "delete", "tunnel");
        pod1.del().succeeded();
        assertThat(pod1.links()).containsOnlyKeys("lo", "bridge0", "left", "right");
        assertThat(pod1.link("bridge0").addresses()).containsExactly("192.0.2.1/24");
    }

    @Test
    void an_interface_of_the_node_may_have_the_name_of_a_link() {
        LAB.node2().ip("link", "add", "eth1", "type", "bridge");
        int ifindex = LAB.node2().links().get("eth1").ifindex();
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod3 = LAB.pod("pod3", LAB.node2());

        pod1.add().succeeded();
        pod3.add().succeeded();
        eventually(() -> assertThat(pod3.pings("13.13.13.1")).isTrue());
        pod3.del().succeeded();

        assertThat(LAB.node2().links().get("eth1").ifindex()).isEqualTo(ifindex);
        LAB.node2().ip("link", "delete", "eth1");
    }

    @Test
    void keys_of_others_in_etcd_stay() {
        LAB.etcd().put("/registry/pods/default/pod1", "someone else's");
        LAB.etcd().put("pod1", "no slash");
        LAB.etcd().put("/pod1/colour", "red");
        Pod pod1 = LAB.pod("pod1", LAB.node1());

        pod1.add().succeeded();
        pod1.del().succeeded();

        assertThat(LAB.etcd().all())
                .containsEntry("/registry/pods/default/pod1", "someone else's")
                .containsEntry("pod1", "no slash")
                .containsEntry("/pod1/colour", "red");
    }
}
