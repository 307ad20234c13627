package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A pod has all its declared interfaces when ADD returns, whether its peers run or not: many routers list their interfaces once. Only the
 * carrier tells whether there is a peer. The daemons look at nothing by themselves for a day.
 */
class PortsBeforePeersTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "86400"));

    @TempDir
    Path directory;

    @Test
    void are_complete_when_ADD_returns_and_no_peer_was_ever_there() {
        LAB.upload(Topology.triangle());
        Pod pod1 = LAB.pod("pod1", LAB.node1());

        pod1.add().succeeded();

        assertComplete(pod1, "eth1", "12.12.12.1/24", false);
        assertComplete(pod1, "eth2", "13.13.13.1/24", false);
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
        assertThat(LAB.node1().toldOf(pod1, "eth1").path("state").asText()).isEqualTo("waiting");
        assertThat(LAB.node1().toldOf(pod1, "eth1").path("reason").asText()).contains("default/pod2");
    }

    @Test
    void have_a_carrier_when_ADD_returns_if_the_peer_runs() {
        LAB.upload(Topology.triangle());
        added("pod2", LAB.node1());
        added("pod3", LAB.node2());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        // Node 1 has heard of pod3.
        eventually(() -> assertThat(LAB.node1()
                        .told("/v1/pods?pod=pod3")
                        .at("/pods/0/alive")
                        .asBoolean())
                .isTrue());

        pod1.add().succeeded();

        assertComplete(pod1, "eth1", "12.12.12.1/24", true);
        assertComplete(pod1, "eth2", "13.13.13.1/24", true);
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void are_the_same_devices_before_and_after_a_peer_came(boolean apart) {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());
        pod1.brand("eth1");
        ObservedLink before = pod1.link("eth1");

        Pod pod2 = added("pod2", apart ? LAB.node2() : LAB.node1());

        assertComplete(pod2, "eth1", "12.12.12.2/24", true);
        eventually(() -> assertComplete(pod1, "eth1", "12.12.12.1/24", true));
        assertThat(pod1.link("eth1").likeness()).isEqualTo(before.likeness());
        assertThat(pod1.link("eth1").branded()).isTrue();
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
    }

    @Test
    void are_the_same_for_a_peer_that_never_ran_and_for_one_that_left() {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());
        ObservedLink before = pod1.link("eth1");
        Pod pod2 = added("pod2", LAB.node1());
        eventually(() -> assertThat(pod1.link("eth1").carrier()).isTrue());

        pod2.del().succeeded();

        assertComplete(pod1, "eth1", "12.12.12.1/24", false);
        assertThat(pod1.link("eth1").likeness()).isEqualTo(before.likeness());
    }

    @Test
    void come_and_go_with_their_links_while_the_pod_runs() {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());

        LAB.upload(Topology.pair().link(12, end("pod1", "eth2", "12.0.0.1/24"), end("pod9", "eth1", "12.0.0.9/24")));

        eventually(() -> assertComplete(pod1, "eth2", "12.0.0.1/24", false));
        Survivors survivors = new Survivors().with(pod1, "eth1");
        LAB.etcd().put("/pod9/links", "[]");
        LAB.upload(Topology.pair());
        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1"));
        survivors.assertUntouched();
        assertThat(new PatchView(LAB.node1()).ports()).hasSize(1);
    }

    @Test
    void come_with_a_topology_that_is_younger_than_the_pod() {
        Pod pod1 = added("pod1", LAB.node1());
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0");

        LAB.upload(Topology.triangle());

        eventually(() -> assertComplete(pod1, "eth1", "12.12.12.1/24", false));
        eventually(() -> assertComplete(pod1, "eth2", "13.13.13.1/24", false));
    }

    @Test
    void are_connected_with_one_another_when_both_ends_are_in_one_pod() {
        LAB.upload(new Topology().link(11, end("pod1", "eth1", "12.12.12.1/24"), end("pod1", "eth2", "")));
        Pod pod1 = LAB.pod("pod1", LAB.node1());

        pod1.add().succeeded();

        assertComplete(pod1, "eth1", "12.12.12.1/24", true);
        assertThat(pod1.link("eth2").carrier()).isTrue();
        try (Capture ofFirst = Capture.begin(pod1.netns(), "eth1", directory.resolve("eth1"));
                Capture ofSecond = Capture.begin(pod1.netns(), "eth2", directory.resolve("eth2"))) {
            Frames.send(pod1.netns(), "eth1", "there");
            Frames.send(pod1.netns(), "eth2", "and-back");
            eventually(() -> assertThat(ofSecond.count("there")).isEqualTo(1));
            eventually(() -> assertThat(ofFirst.count("and-back")).isEqualTo(1));
            assertThat(ofFirst.count("there")).isZero();
        }
    }

    @Test
    void fail_the_ADD_when_the_pod_has_an_interface_of_that_name() {
        LAB.upload(Topology.triangle());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        pod1.ip("link", "add", "eth1", "type", "bridge");
        int ifindex = pod1.link("eth1").ifindex();

        CniAnswer answer = pod1.add();

        assertThat(answer.outcome().status()).as("%s", answer).isNotZero();
        assertThat(answer.text()).contains("eth1");
        assertThat(pod1.link("eth1").ifindex()).isEqualTo(ifindex);
        assertThat(new PatchView(LAB.node1()).ports()).isEmpty();
    }

    @Test
    void take_another_index_when_the_pod_has_given_theirs_away() {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());
        int usual = pod1.link("eth1").ifindex();
        pod1.del().succeeded();
        pod1.ip("link", "add", "own", "index", Integer.toString(usual), "type", "bridge");

        pod1.add().succeeded();

        assertComplete(pod1, "eth1", "12.12.12.1/24", false);
        assertThat(pod1.link("eth1").ifindex()).isNotEqualTo(usual);
        Pod pod2 = added("pod2", LAB.node2());
        eventually(() -> assertThat(pod2.pings("12.12.12.1")).isTrue());
        pod1.ip("link", "delete", "own");
    }

    private static void assertComplete(Pod pod, String ifname, String address, boolean carrier) {
        ObservedLink link = pod.link(ifname);
        assertThat(link.kind()).as("kind of %s", link).isEqualTo("veth");
        assertThat(link.addresses()).as("addresses of %s", link).isEqualTo(List.of(address));
        assertThat(link.likeness().up()).as("%s is up", link).isTrue();
        assertThat(link.carrier()).as("carrier of %s", link).isEqualTo(carrier);
        assertThat(link.saysNoCarrier()).as("no carrier of %s", link).isEqualTo(!carrier);
        assertThat(link.group()).as("group of %s", link).isEqualTo(ObservedLink.NO_GROUP);
        assertThat(link.alias()).as("alias of %s", link).isEmpty();
        assertThat(link.mtu()).as("MTU of %s", link).isEqualTo(1450);
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
