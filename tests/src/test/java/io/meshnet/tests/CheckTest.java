package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * CHECK fails when port or wire of a link are not right, and names this link and no other. It does not judge what the pod did to its
 * interface.
 */
class CheckTest {
    private static final int WIRING = 102;

    /** What is damaged stays so until it is checked: no periodic look at the links comes in between. */
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "86400"));

    private Pod pod1;
    private ObjectNode config;
    private Process held;

    @BeforeEach
    void addTriangle() {
        LAB.upload(Topology.triangle());
        pod1 = LAB.pod("pod1", LAB.node1());
        config = LAB.node1().config().put("cniVersion", "1.0.0");
        config.set("prevResult", pod1.add(config).succeeded().json());
        LAB.pod("pod2", LAB.node1()).add().succeeded();
        LAB.pod("pod3", LAB.node2()).add().succeeded();
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        assertThat(pod1.pings("12.12.12.2")).isTrue();
        held = LAB.node1().hold("patch-watch");
    }

    /** Lets the daemon see what was done, and mend it. */
    @AfterEach
    void release() {
        held.destroy();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void names_the_link_and_what_is_not_right_about_it(
            String what, String ifname, boolean isInPod, String script, String reason) {
        PatchView patch = LAB.node1().patch();
        String port = "port" + pod1.link(ifname).peer();
        if (isInPod) {
            Command.of("sh", "-e", "-c", script, ifname).inside(pod1.netns()).output();
        } else {
            patch.run("sh", "-e", "-c", script, port);
        }

        CniAnswer answer = pod1.check(config).failedWith(WIRING);

        boolean isNear = ifname.equals("eth1");
        assertThat(answer.json().path("msg").asText())
                .contains(
                        isNear
                                ? "link 11 default/pod1:eth1 - default/pod2:eth1"
                                : "link 13 default/pod1:eth2 - default/pod3:eth1")
                .contains(reason)
                .doesNotContain(isNear ? "link 13" : "link 11");
        assertThat(answer.json().path("details").asText()).contains("meshnetd tries again");
        held.destroy();
        eventually(() -> assertThat(pod1.check(config).outcome().status()).isZero());
        eventually(() ->
                assertThat(pod1.pings(isNear ? "12.12.12.2" : "13.13.13.3")).isTrue());
    }

    static Stream<Arguments> damages() {
        return Stream.of("eth1", "eth2")
                .flatMap(ifname -> Stream.of(
                        Arguments.of(
                                ifname + " missing",
                                ifname,
                                true,
                                "ip link delete $0",
                                "the interface default/pod1:" + ifname),
                        Arguments.of(
                                ifname + ", its port deleted",
                                ifname,
                                false,
                                "ip link delete $0",
                                "the interface default/pod1:" + ifname),
                        Arguments.of(
                                ifname + ", its port down",
                                ifname,
                                false,
                                "ip link set $0 down",
                                "a wire from default/pod1:" + ifname),
                        Arguments.of(
                                ifname + ", its port's mark gone",
                                ifname,
                                false,
                                "ip link set $0 alias ''",
                                "the interface default/pod1:" + ifname)));
    }

    @Test
    void names_every_link_that_is_not_right() {
        pod1.ip("link", "delete", "eth1");
        pod1.ip("link", "delete", "eth2");

        assertThat(pod1.check(config).failedWith(WIRING).text()).contains("link 11 ", "link 13 ");
    }

    @ParameterizedTest
    @CsvSource({
        "link set eth1 down",
        "link set eth1 mtu 1300",
        "link set eth2 address 02:00:00:00:00:77",
        "address flush dev eth2",
        "link set eth1 name other",
        "link set eth2 alias mine",
        "link set eth2 group 7"
    })
    void minds_nothing_that_the_pod_did_to_its_interface(String command) {
        pod1.ip(command.split(" "));

        assertThat(pod1.check(config).succeeded().outcome().out()).isEmpty();
    }

    @Test
    void tells_that_the_pod_runs_in_another_container_by_now() {
        Pod moved = LAB.pod("pod1", LAB.node2());
        moved.add().succeeded();

        eventually(() -> assertThat(pod1.check(config).failedWith(WIRING).text())
                .contains("default/pod1", pod1.containerId(), moved.containerId(), "node2"));
    }

    @Test
    void minds_no_link_whose_peer_does_not_run() {
        Pod pod4 = LAB.pod("pod4", LAB.node1());
        LAB.upload(new Topology().link(44, Topology.end("pod4", "eth1", ""), Topology.end("nobody", "eth1", "")));
        ObjectNode other = LAB.node1().config().put("cniVersion", "1.0.0");
        other.set("prevResult", pod4.add(other).succeeded().json());

        assertThat(pod4.check(other).succeeded().outcome().out()).isEmpty();
        pod4.ip("link", "delete", "eth1");
        assertThat(pod4.check(other).failedWith(WIRING).text()).contains("link 44 ");
    }
}
