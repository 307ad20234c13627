package io.meshnet.reconciler.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.reconciler.kernel.Cables.Placement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What one pod sends by a packet socket comes to the other pod byte for byte, over wires as over a
 * direct veth.
 */
@ParameterizedClass
@EnumSource(Placement.class)
@TestInstance(Lifecycle.PER_CLASS)
class FrameFidelityTest {

    private static final byte[] MARKER = FrameKind.marker(0).bytes();

    private static final int MARKERS = 1000;

    @Parameter
    Placement placement;

    private Cables cables;
    private TestNamespace left;
    private TestNamespace right;
    private FrameSocket a;
    private FrameSocket b;

    @BeforeParameterizedClassInvocation
    void makePods() {
        cables = new Cables(placement);
        left = cables.addPod("left");
        right = cables.addPod("right");
        cables.join(left, "eth1", right, "eth1");
        a = cables.socket(left, "eth1");
        b = cables.socket(right, "eth1");
    }

    @AfterParameterizedClassInvocation
    void deletePods() {
        if (cables != null) {
            cables.close();
        }
    }

    @BeforeEach
    void forgetEarlierFrames() {
        a.reach(b);
        b.reach(a);
    }

    /** What comes of a frame: the frames that come before the marker sent after it. */
    private static List<byte[]> pass(FrameSocket from, FrameSocket to, byte[] frame) {
        from.send(frame);
        from.send(MARKER);
        List<byte[]> frames = to.receiveUntil(MARKER);
        frames.removeLast();
        return frames;
    }

    private void passes(FrameKind kind) {
        assertThat(pass(a, b, kind.bytes())).containsExactly(kind.bytes());
        assertThat(pass(b, a, kind.bytes())).containsExactly(kind.bytes());
    }

    private void isLost(FrameKind kind) {
        assertThat(pass(a, b, kind.bytes())).isEmpty();
        assertThat(pass(b, a, kind.bytes())).isEmpty();
    }

    static Stream<FrameKind> kinds() {
        return FrameKind.all();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aFramePassesInBothDirections(FrameKind kind) {
        passes(kind);
    }

    @Test
    void aFrameFromTheReceiversOwnMacPasses() {
        FrameKind fromRight = FrameKind.unicast().from(mac(right));
        FrameKind fromLeft = FrameKind.unicast().from(mac(left));

        passes(fromRight);
        passes(fromLeft);
    }

    private static String mac(TestNamespace pod) {
        return pod.link("eth1").mac().toString();
    }

    /** The kernel removes a VLAN tag only together with the type behind it (skb_vlan_untag). */
    @ParameterizedTest
    @ValueSource(ints = {0, 3, 4, 5})
    void aVlanFrameBelow20BytesIsLostAsOnADirectVeth(int payload) {
        isLost(FrameKind.cut("8100", "000a88b50000", payload));
        isLost(FrameKind.cut("88a8", "000a88b50000", payload));
    }

    /** The vxlan device drops a frame with a part of an IP header only (skb_vlan_inet_prepare). */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 19})
    void aFrameWithAPartOfAnIpv4HeaderIsLostBetweenNodesOnly(int payload) {
        isLostBetweenNodesOnly(FrameKind.cut("0800", "45000014", payload));
    }

    /** As with IPv4. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 39})
    void aFrameWithAPartOfAnIpv6HeaderIsLostBetweenNodesOnly(int payload) {
        isLostBetweenNodesOnly(FrameKind.cut("86dd", "60000000", payload));
    }

    /** As without a tag: the vxlan device looks behind it. */
    @ParameterizedTest
    @ValueSource(ints = {6, 23})
    void aVlanFrameWithAPartOfAnIpv4HeaderIsLostBetweenNodesOnly(int payload) {
        isLostBetweenNodesOnly(FrameKind.cut("8100", "000a08004500", payload));
    }

    private void isLostBetweenNodesOnly(FrameKind kind) {
        if (placement == Placement.TWO_NODES) {
            isLost(kind);
        } else {
            passes(kind);
        }
    }

    @Test
    void aFrameWithAWholeIpHeaderPasses() {
        passes(FrameKind.cut("0800", "45000014", 20));
        passes(FrameKind.cut("86dd", "60000000", 40));
        passes(FrameKind.cut("8100", "000a080045000014", 24));
    }

    /** The far vxlan device takes such a frame for one of its own that has come back (vxlan_set_mac). */
    @Test
    void aFrameFromTheMacOfAVxlanDeviceIsLostOnlyAtThatDevice() {
        for (TestNode node : cables.nodes()) {
            byte[] frame = FrameKind.unicast().from(node.vxlanMac().toString()).bytes();
            boolean isFarOfLeft =
                    placement == Placement.TWO_NODES && node == cables.nodes().getLast();
            boolean isFarOfRight =
                    placement == Placement.TWO_NODES && node == cables.nodes().getFirst();

            assertThat(pass(a, b, frame)).hasSize(isFarOfLeft ? 0 : 1);
            assertThat(pass(b, a, frame)).hasSize(isFarOfRight ? 0 : 1);
        }
    }

    @Test
    void nothingComesButWhatThePeerSends() {
        try (Cables fresh = new Cables(placement)) {
            TestNamespace one = fresh.addPod("one");
            TestNamespace other = fresh.addPod("other");
            fresh.join(one, "eth1", other, "eth1");
            // From the first frame on, on wires that nothing has used before.
            try (FrameSocket near = FrameSocket.open(one, "eth1");
                    FrameSocket far = FrameSocket.open(other, "eth1")) {
                near.reach(far);
                far.reach(near);
                for (int i = 0; i < MARKERS; i++) {
                    byte[] marker = FrameKind.marker(i).bytes();
                    near.send(marker);
                    assertThat(far.receive()).isEqualTo(marker);
                    far.send(marker);
                    assertThat(near.receive()).isEqualTo(marker);
                }
                assertThat(near.drain()).isEmpty();
                assertThat(far.drain()).isEmpty();
            }
        }
    }
}
