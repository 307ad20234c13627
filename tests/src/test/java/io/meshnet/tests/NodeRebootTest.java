package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A node reboots: the namespaces of its pods are gone, and so is all that its daemon noted under {@code /run}; what etcd says of its pods
 * is stale, and the paths there may lead to somebody else by now. After the daemon's start its node's placements say what is true, no
 * stranger is touched, and pods that are added again get their links.
 */
class NodeRebootTest {

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
        eventually(() -> assertThat(pod3.pings("13.13.13.1")).isTrue());
    }

    @Test
    void withdraws_placements_whose_namespaces_are_gone() {
        int ifindex = pod3.link("eth1").ifindex();

        reboot(() -> List.of(pod1, pod2).forEach(LAB::removeNamespace));

        assertWithdrawn(pod1);
        assertWithdrawn(pod2);
        assertLivesAgain(ifindex);
    }

    @Test
    void leaves_strangers_alone_whom_the_paths_lead_to_by_now() {
        int ifindex = pod3.link("eth1").ifindex();

        reboot(() -> {
            LAB.successorAtSamePath(pod1);
            LAB.successorAtSamePath(pod2);
        });

        assertWithdrawn(pod1);
        assertWithdrawn(pod2);
        assertThat(pod1.links()).containsOnlyKeys("lo");
        assertThat(pod2.links()).containsOnlyKeys("lo");
        assertLivesAgain(ifindex);
    }

    @Test
    void leaves_a_stranger_alone_whose_namespace_has_the_number_of_one_of_an_earlier_boot() {
        reboot(() -> {
            for (Pod pod : List.of(pod1, pod2)) {
                String key = "/" + pod.name() + "/";
                String earlier = LAB.etcd().get(key + "net_ns_id").replaceFirst("^[^/]+", "earlier");
                assertThat(earlier).startsWith("earlier/");
                LAB.etcd()
                        .putTogether(
                                key + "src_ip", LAB.node1().address(),
                                key + "net_ns", pod.netnsPath(),
                                key + "container_id", pod.containerId(),
                                key + "node", LAB.node1().name(),
                                key + "net_ns_id", earlier);
            }
        });

        assertWithdrawn(pod1);
        assertWithdrawn(pod2);
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0");
        assertThat(pod2.links()).containsOnlyKeys("lo", "eth0");
    }

    private static void reboot(Runnable meanwhile) {
        LAB.node1().kill();
        LAB.node1().forget();
        meanwhile.run();
        LAB.node1().start();
    }

    private static void assertWithdrawn(Pod pod) {
        eventually(() -> {
            assertThat(LAB.etcd().get("/" + pod.name() + "/src_ip")).isEmpty();
            assertThat(LAB.etcd().get("/" + pod.name() + "/net_ns")).isEmpty();
        });
    }

    private void assertLivesAgain(int ifindex) {
        eventually(() -> assertThat(pod3.link("eth1").carrier()).isFalse());
        Pod again = added("pod1", LAB.node1());
        eventually(() -> assertThat(again.pings("13.13.13.3")).isTrue());
        assertThat(pod3.link("eth1").ifindex()).isEqualTo(ifindex);
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
