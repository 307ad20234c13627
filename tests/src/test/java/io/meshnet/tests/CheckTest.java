package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** CHECK finds whatever is not right about a link in the kernel, names the link and that, and has no other to complain of. */
class CheckTest {
    private static final int WIRING = 102;
    /** Makes a device, whose kind and data follow, look like the one of the name that was there. */
    private static final String REPLACE = "alias=$(ip -o link show $0 | sed 's/.*alias //') && ip link delete $0"
            + " && %s && ip link set $0 group 1835365224 && ip link set $0 alias \"$alias\" && ip link set $0 up";

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
        held = LAB.node1().hold("drift");
    }

    /** Lets the daemon see what was done, and mend it. */
    @AfterEach
    void release() {
        held.destroy();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void names_the_link_and_what_is_not_right_about_it(
            String what, String ifname, String script, String link, String reason) {
        CniAnswer answer = checkAfter(() -> Command.of("sh", "-e", "-c", script, ifname)
                .inside(pod1.netns())
                .output());

        assertThat(answer.json().path("msg").asText())
                .contains(link)
                .contains(reason)
                .doesNotContain(ifname.equals("eth1") ? "link 13" : "link 11");
        assertThat(answer.json().path("details").asText()).contains("meshnetd tries again");
    }

    static Stream<Arguments> damages() {
        String veth = "link 11 default/pod1:eth1 - default/pod2:eth1";
        String vxlan = "link 13 default/pod1:eth2 - default/pod3:eth1";
        return Stream.of(
                Arguments.of("missing", "eth1", "ip link delete $0", veth, "a veth of default/pod1:eth1"),
                Arguments.of(
                        "another kind", "eth1", REPLACE.formatted("ip link add $0 type bridge"), veth, "a veth of"),
                Arguments.of(
                        "a user's device",
                        "eth1",
                        "ip link delete $0 && ip link add $0 type bridge",
                        veth,
                        "which meshnet did not make"),
                Arguments.of(
                        "another peer",
                        "eth1",
                        REPLACE.formatted("ip link add $0 type veth peer name other && ip link set other up"),
                        veth,
                        "a veth of default/pod1:eth1 and default/pod2:eth1"),
                Arguments.of("no address", "eth1", "ip address delete 12.12.12.1/24 dev $0", veth, "12.12.12.1/24"),
                Arguments.of("another MTU", "eth1", "ip link set $0 mtu 1400", veth, "MTU 1450"),
                Arguments.of("down", "eth1", "ip link set $0 down", veth, "default/pod1:eth1 up"),
                Arguments.of(
                        "no tunnel", "eth2", "ip link delete $0", vxlan, "a vxlan default/pod1:eth2 with VNI 5013"),
                Arguments.of(
                        "another VNI",
                        "eth2",
                        REPLACE.formatted("ip link add $0 type vxlan id 9999 remote 10.99.0.12 dstport 4789"),
                        vxlan,
                        "with VNI 5013"),
                Arguments.of(
                        "another remote",
                        "eth2",
                        "ip link set $0 type vxlan id 5013 remote 10.99.0.77",
                        vxlan,
                        "the remote 10.99.0.12"),
                Arguments.of("no carrier", "eth2", "ip link set $0 protodown on", vxlan, "with its carrier"),
                Arguments.of("a tunnel's MTU", "eth2", "ip link set $0 mtu 1300", vxlan, "MTU 1450"),
                Arguments.of("a tunnel down", "eth2", "ip link set $0 down", vxlan, "default/pod1:eth2 up"));
    }

    @Test
    void names_every_link_that_is_not_right() {
        // By one process, so that what lay behind is hardly reconciled in between.
        String script = "ip link set eth1 down; ip address delete 13.13.13.1/24 dev eth2";
        CniAnswer answer = checkAfter(
                () -> Command.of("sh", "-e", "-c", script).inside(pod1.netns()).output());

        assertThat(answer.text()).contains("link 11 ", "link 13 ", "13.13.13.1/24");
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
    }

    /** Checks right after some damage; again, should the daemon, told of something that lay behind, have mended it in between. */
    private CniAnswer checkAfter(Runnable damage) {
        AtomicReference<CniAnswer> answer = new AtomicReference<>();
        eventually(() -> {
            damage.run();
            answer.set(pod1.check(config).failedWith(WIRING));
        });
        return answer.get();
    }
}
