package io.meshnet.reconciler.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.bpf.BpfProgram;
import io.meshnet.bpf.TestContext;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.NewLink;
import io.meshnet.netlink.Vxlan;
import java.net.InetAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The programs frame by frame, run by the kernel without a network (BPF_PROG_TEST_RUN). */
class WireProgramsTest {

    private static final int TC_ACT_SHOT = 2;
    private static final int TC_ACT_REDIRECT = 7;
    private static final int VNI = 5021;
    private static final int MTU = 1450;
    private static final int PORT = 1 << 24;
    private static final int OTHER_PORT = PORT + 1;
    private static final int VXLAN = 4711;

    private final WireMaps maps = WireMaps.create();
    private TestNamespace patch;
    private InetAddress remote;
    private BpfProgram program;

    @BeforeEach
    void makePorts() throws Exception {
        remote = InetAddress.getByName("10.0.0.2");
        patch = TestNamespace.create("patch");
        patch.socket().links().createVeth(end("a", PORT), end("b", OTHER_PORT));
        patch.socket().links().createVxlan(end("vx0", VXLAN), Vxlan.external(4790));
        program = port(false, "10.0.0.1");
    }

    private NewLink end(String name, int ifindex) {
        return new NewLink(patch.netns(), name, ifindex, MTU, MacAddress.NONE, 0, "");
    }

    private BpfProgram port(boolean ipv6, String local) throws Exception {
        return BpfProgram.load(
                "meshnet_port",
                WirePrograms.port(
                        maps.ports(), maps.tunnels(), maps.numbers(), VXLAN, ipv6, InetAddress.getByName(local)));
    }

    @AfterEach
    void deletePorts() {
        program.close();
        patch.close();
        maps.close();
    }

    private int run(byte[] frame, TestContext context) {
        return patch.inside(() -> program.run(frame, context)).result();
    }

    private int run(byte[] frame) {
        return run(frame, TestContext.on(PORT));
    }

    private long tooBig() {
        return maps.port(PORT).orElseThrow().tooBig();
    }

    @Test
    void aFrameWithoutAWireIsDropped() {
        maps.toPort(OTHER_PORT, PORT);

        assertThat(run(Frames.of(100))).isEqualTo(TC_ACT_SHOT);
    }

    @Test
    void aFrameOfAnyLengthIsRedirectedToAPortOfThisNode() {
        maps.connectPorts(PORT, OTHER_PORT);

        assertThat(run(Frames.of(100))).isEqualTo(TC_ACT_REDIRECT);
        assertThat(run(Frames.of(3000))).isEqualTo(TC_ACT_REDIRECT);
        assertThat(run(Frames.of(100), TestContext.on(OTHER_PORT))).isEqualTo(TC_ACT_REDIRECT);

        assertThat(maps.cutPort(PORT)).isTrue();
        assertThat(run(Frames.of(100))).isEqualTo(TC_ACT_SHOT);
    }

    @Test
    void aFrameAboveTheMtuOfTheVxlanIsCountedAndDropped() {
        maps.toNode(PORT, VXLAN, VNI, remote, false);

        assertThat(run(Frames.of(100))).isEqualTo(TC_ACT_REDIRECT);
        assertThat(run(Frames.of(MTU))).isEqualTo(TC_ACT_REDIRECT);
        assertThat(tooBig()).isZero();
        assertThat(run(Frames.of(MTU + 1))).isEqualTo(TC_ACT_SHOT);
        assertThat(run(Frames.of(3000))).isEqualTo(TC_ACT_SHOT);
        assertThat(tooBig()).isEqualTo(2);
    }

    @Test
    void aVlanTagCountsForTheMtu() {
        maps.toNode(PORT, VXLAN, VNI, remote, false);

        assertThat(run(Frames.tagged(MTU - Frames.TAG))).isEqualTo(TC_ACT_REDIRECT);
        assertThat(run(Frames.tagged(MTU - Frames.TAG + 1))).isEqualTo(TC_ACT_SHOT);
    }

    @Test
    void aFrameOfAnyLengthPassesWhereFragmentsAreAllowed() {
        maps.toNode(PORT, VXLAN, VNI, remote, true);

        assertThat(run(Frames.of(3000))).isEqualTo(TC_ACT_REDIRECT);
        assertThat(tooBig()).isZero();
    }

    @Test
    void theMtuOfTheVxlanIsReadWithEachFrame() {
        maps.toNode(PORT, VXLAN, VNI, remote, false);
        patch.socket().links().mtu(VXLAN, MTU + 1);

        assertThat(run(Frames.of(MTU + 1))).isEqualTo(TC_ACT_REDIRECT);
    }

    @Test
    void aProgramForIpv6IsLoadedAndSetsTheTunnelKey() throws Exception {
        program.close();
        program = port(true, "fd00::1");
        maps.toNode(PORT, VXLAN, VNI, InetAddress.getByName("fd00::2"), false);

        assertThat(run(Frames.of(100))).isEqualTo(TC_ACT_REDIRECT);
    }

    @Test
    void theTunnelProgramDropsAFrameWithoutATunnelKey() {
        for (boolean ipv6 : new boolean[] {false, true}) {
            try (BpfProgram tunnel = BpfProgram.load(
                    "meshnet_tunnel", WirePrograms.tunnel(maps.ports(), maps.tunnels(), maps.numbers(), ipv6))) {
                assertThat(patch.inside(() -> tunnel.run(Frames.of(100), TestContext.on(VXLAN)))
                                .result())
                        .isEqualTo(TC_ACT_SHOT);
                assertThat(tunnel.mapIds()).hasSize(3);
            }
        }
    }

    @Test
    void theProgramNamesAllMaps() {
        assertThat(program.mapIds())
                .containsExactlyInAnyOrder(
                        maps.ports().id(), maps.tunnels().id(), maps.numbers().id());
    }
}
