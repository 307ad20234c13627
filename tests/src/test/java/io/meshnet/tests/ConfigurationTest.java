package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Daemons that are told to do things otherwise than by default, or what cannot be done. */
class ConfigurationTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of(
            "MESHNETD_PORT", "9191",
            "MESHNET_VXLAN_PORT", "8472",
            "MESHNET_MTU", "1400"));

    @Test
    void changes_ports_and_mtu() {
        LAB.upload(Topology.triangle());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        Pod pod3 = LAB.pod("pod3", LAB.node2());
        pod1.add().succeeded();
        pod2.add().succeeded();
        pod3.add().succeeded();

        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        assertThat(pod1.link("eth1").mtu()).isEqualTo(1400);
        assertThat(pod1.link("eth2").mtu()).isEqualTo(1400);
        assertThat(pod3.link("eth1").mtu()).isEqualTo(1400);
        for (Node node : LAB.nodes()) {
            assertThat(node.patch().links().get(PatchView.TUNNEL).port()).isEqualTo(8472);
        }
    }

    @Test
    void lets_the_etcd_of_a_call_count_for_that_call() {
        Node node = LAB.node1();
        Pod pod1 = LAB.pod("pod1", node);

        CniAnswer answer = pod1.add(node.config().put("etcd_port", "2390"));

        answer.succeeded();
        assertThat(node.log()).contains(Underlay.ADDRESS + ":2390");
        pod1.call("DEL").config(node.config().put("etcd_port", "2390")).answer().succeeded();
    }

    @ParameterizedTest
    @CsvSource({
        "MESHNET_VTEP, 192.0.2.77",
        "MESHNET_VTEP, no-such-device",
        "MESHNETD_PORT, many",
        "MESHNETD_PORT, 70000",
        "MESHNET_VXLAN_PORT, 0",
        "MESHNET_MTU, 20",
        "MESHNET_ETCD_ENDPOINTS, ftp://10.99.0.1",
    })
    void keeps_a_daemon_from_starting_when_it_cannot_be_and_is_named(String variable, String value) {
        Node node = LAB.node1();
        String socket = node.socket() + ".second";

        Outcome outcome = Image.command("meshnetd")
                .inside(node.netns())
                .with(node.settings())
                .with(Map.of("MESHNETD_PORT", "9292", "MESHNET_SOCKET", socket))
                .with(Map.of(variable, value))
                .run();

        assertThat(outcome.status()).as("%s", outcome).isNotZero();
        assertThat(outcome.err()).contains(value);
    }

    @Test
    void keeps_a_second_daemon_off_the_socket_of_the_first() {
        Node node = LAB.node1();

        Outcome outcome = Image.command("meshnetd")
                .inside(node.netns())
                .with(node.settings())
                .with(Map.of("MESHNETD_PORT", "9292"))
                .run();

        assertThat(outcome.status()).as("%s", outcome).isNotZero();
        assertThat(outcome.err()).contains(node.socket().toString());
        assertThat(LAB.pod("pod1", node).add().succeeded().address()).isNotEmpty();
    }
}
