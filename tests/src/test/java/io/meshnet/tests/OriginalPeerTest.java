package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Links between our nodes and one that still runs the original, which follows no store and knows only {@code PUT /vtep} and the seed's
 * keys: they come up whatever order the pods and the declaration come in, and what is right at either end is left alone, down to the
 * ifindex.
 */
class OriginalPeerTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private OriginalPod pod2;
    private Pod pod1;

    @BeforeEach
    void prepare() {
        pod1 = LAB.pod("pod1", LAB.node1());
        pod2 = LAB.original().pod("pod2");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void come_up_whenever_the_original_adds_its_pod(int before) {
        LAB.upload(Topology.triangle());
        Pod pod3 = LAB.pod("pod3", LAB.node2());
        List<Pod> ours = List.of(pod1, pod3);
        ours.subList(0, before).forEach(pod -> pod.add().succeeded());

        pod2.add();
        ours.subList(before, 2).forEach(pod -> pod.add().succeeded());

        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        eventually(() -> assertThat(pod3.pings("23.23.23.2")).isTrue());
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        assertThat(pod2.pings("12.12.12.1")).isTrue();
        assertThat(pod2.pings("23.23.23.3")).isTrue();
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
        assertThat(pod3.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
        assertOurEnd(pod1, "eth1", 5011, "12.12.12.1/24");
        assertTheirEnd(pod2.link("eth1"), 5011, LAB.node1().address(), "12.12.12.2/24");
        assertOurEnd(pod3, "eth2", 5021, "23.23.23.3/24");
        assertTheirEnd(pod2.link("eth2"), 5021, LAB.node2().address(), "23.23.23.2/24");
    }

    @Test
    void are_told_to_the_original_when_they_are_declared_while_both_pods_run() {
        LAB.etcd().put("/pod1/links", "[]");
        LAB.etcd().put("/pod2/links", "[]");
        pod1.add().succeeded();
        pod2.add();
        assertThat(pod2.has("eth1")).isFalse();

        LAB.upload(Topology.pair());

        eventually(this::assertReachable);
        assertTheirEnd(pod2.link("eth1"), 5011, LAB.node1().address(), "12.12.12.2/24");
    }

    @Test
    void survive_a_restart_of_the_originals_pod() {
        addBoth();
        int ifindex = pod1.link("eth1").ifindex();

        pod2.del();
        eventually(() -> assertThat(pod1.link("eth1").carrier()).isFalse());
        LAB.original().removeNamespace(pod2);
        pod2 = LAB.original().pod("pod2");
        pod2.add();

        eventually(this::assertReachable);
        assertThat(pod1.link("eth1").carrier()).isTrue();
        assertThat(pod1.link("eth1").ifindex()).isEqualTo(ifindex);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void follow_our_pod_when_it_comes_back_on_either_node(int number) {
        addBoth();

        pod1.del().succeeded();
        LAB.removeNamespace(pod1);
        Node node = LAB.nodes().get(number - 1);
        pod1 = LAB.pod("pod1", node);
        pod1.add().succeeded();

        // What it learns of frames lets the original's end answer before it is told.
        eventually(this::assertReachable);
        eventually(() -> assertTheirEnd(pod2.link("eth1"), 5011, node.address(), "12.12.12.2/24"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void are_untouched_by_a_restart_of_our_daemon(boolean gracefully) {
        addBoth();
        int ours = pod1.link("eth1").ifindex();
        int theirs = pod2.link("eth1").ifindex();
        if (gracefully) {
            LAB.node1().stop();
        } else {
            LAB.node1().kill();
        }
        assertReachable();

        LAB.node1().start();

        assertReachable();
        assertThat(pod1.link("eth1").ifindex()).isEqualTo(ours);
        assertThat(pod2.link("eth1").ifindex()).isEqualTo(theirs);
    }

    @Test
    void are_untouched_when_the_original_asks_again() {
        addBoth();
        int ifindex = pod1.link("eth1").ifindex();
        OriginalTunnel wanted = new OriginalTunnel(
                pod1.netnsPath(), "eth1", "12.12.12.1/24", LAB.original().address(), 5011);

        LAB.original().ask(LAB.node1().address(), wanted);
        LAB.original().ask(LAB.node1().address(), wanted);

        assertThat(pod1.link("eth1").ifindex()).isEqualTo(ifindex);
        assertReachable();
    }

    private void addBoth() {
        LAB.upload(Topology.pair());
        pod2.add();
        pod1.add().succeeded();
        eventually(this::assertReachable);
    }

    private void assertReachable() {
        assertThat(pod1.pings("12.12.12.2")).as("pod1 pings pod2").isTrue();
        assertThat(pod2.pings("12.12.12.1")).as("pod2 pings pod1").isTrue();
    }

    private static void assertOurEnd(Pod pod, String ifname, int vni, String address) {
        ObservedLink link = pod.link(ifname);
        assertThat(link.kind()).isEqualTo("veth");
        assertThat(link.addresses()).containsExactly(address);
        assertThat(link.carrier()).isTrue();
        assertThat(pod.node().wireOf(pod, ifname))
                .isEqualTo("VNI " + vni + " to " + LAB.original().address());
    }

    private static void assertTheirEnd(ObservedLink link, int vni, String remote, String address) {
        assertThat(link.kind()).isEqualTo("vxlan");
        assertThat(link.vni()).isEqualTo(vni);
        assertThat(link.remote()).isEqualTo(remote);
        assertThat(link.port()).isEqualTo(4789);
        assertThat(link.addresses()).containsExactly(address);
        assertThat(link.carrier()).isTrue();
    }
}
