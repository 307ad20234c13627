package io.meshnet.reconciler.kernel;

import static io.meshnet.reconciler.kernel.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Wires between pods of two nodes, in the kernel, over an underlay with an MTU of 1500. */
class WiresBetweenNodesTest {

    private static final int VNI = 5021;

    private TestUnderlay underlay;
    private TestNode near;
    private TestNode far;
    private TestPod a;
    private TestPod b;

    @BeforeEach
    void makeUnderlay() {
        underlay = new TestUnderlay();
    }

    /** Makes two nodes, of which {@code near} prefers another address than the one it is to use. */
    private void makeNodes(String nearAddress, String preferred, String farAddress, int prefix, int podMtu) {
        near = new TestNode("near", nearAddress);
        far = new TestNode("far", farAddress);
        underlay.join(near.node(), List.of(preferred + "/" + prefix, nearAddress + "/" + prefix));
        underlay.join(far.node(), List.of(farAddress + "/" + prefix));
        a = near.addPod("a", 1, podMtu);
        b = far.addPod("b", 2, podMtu);
    }

    private void wire(boolean fragment) {
        near.wire(VNI, a, far, fragment);
        far.wire(VNI, b, near, fragment);
    }

    @AfterEach
    void deleteNodes() {
        near.close();
        far.close();
        underlay.close();
    }

    private long tooBig() {
        return near.maps().port(a.port()).orElseThrow().tooBig();
    }

    private long wrongSender() {
        return far.maps().tunnel(VNI).orElseThrow().wrongSender();
    }

    @Nested
    class OverIpv4 {

        @BeforeEach
        void makeNodes() {
            WiresBetweenNodesTest.this.makeNodes("10.0.0.1", "10.0.0.11", "10.0.0.2", 24, TestNode.MTU);
        }

        @Test
        void podsReachEachOtherAndOuterPacketsHaveTheLocalAddress() {
            wire(false);

            a.reaches(b);
            b.reaches(a);

            assertThat(a.pings(b.address(), "-M do -s 1422 ")).isTrue();
            assertThat(wrongSender()).isZero();
        }

        @Test
        void aFrameOfAnotherVniIsDropped() {
            wire(false);
            a.reaches(b);
            near.wire(VNI + 1, a, far, false);

            assertThat(a.pings(b.address(), "")).isFalse();

            near.wire(VNI, a, far, false);
            a.reaches(b);
        }

        @Test
        void aFrameOfAnotherHostIsDroppedAndCounted() {
            wire(false);
            a.reaches(b);
            try (TestNamespace stranger = TestNamespace.create("stranger")) {
                underlay.join(stranger, List.of("10.0.0.3/24"));
                stranger.ip("link add vx0 type vxlan id " + VNI + " remote 10.0.0.2 local 10.0.0.3 dstport "
                        + TestNode.VXLAN_PORT);
                stranger.ip("address add 10.1.0.9/24 dev vx0");
                stranger.ip("link set vx0 up");

                assertThat(stranger.run("ping -q -c 2 -i 0.2 -W 1 " + b.address())
                                .status())
                        .isEqualTo(1);

                eventually("frames are counted", () -> wrongSender() > 0);
                assertThat(b.namespace().ip("neighbour show")).doesNotContain("10.1.0.9");
            }
            a.reaches(b);
        }

        @Test
        void aFrameAboveTheUnderlayIsDroppedAndCounted() {
            wire(false);
            a.reaches(b);
            a.namespace().ip("link set eth1 mtu 9000");

            assertThat(a.pings(b.address(), "-M do -s 1423 ")).isFalse();

            assertThat(tooBig()).isEqualTo(1);
            near.wire(VNI, a, far, false);
            assertThat(tooBig()).as("kept when the entry is put again").isEqualTo(1);
            assertThat(a.pings(b.address(), "-M do -s 1422 ")).isTrue();
        }

        @Test
        void aFrameAboveTheUnderlayPassesWhereFragmentsAreDeclared() {
            wire(true);
            a.namespace().ip("link set eth1 mtu 9000");
            b.namespace().ip("link set eth1 mtu 9000");

            a.reaches(b, "-M do -s 8972 ");

            assertThat(tooBig()).isZero();
        }

        @Test
        void aVlanTagCountsForTheMtu() {
            wire(false);
            a.namespace().ip("link set eth1 mtu 9000");

            passes(Frames.single(Frames.tagged(TestNode.MTU - Frames.TAG)));
            isTooBig(Frames.single(Frames.tagged(TestNode.MTU - Frames.TAG + 1)));
        }

        @Test
        void aGsoFrameIsCheckedBySegment() {
            wire(false);

            passes(Frames.segmented(false, TestNode.MTU, 4));
            isTooBig(Frames.segmented(false, TestNode.MTU + 1, 4));
            passes(Frames.segmented(true, TestNode.MTU - Frames.TAG, 4));
            isTooBig(Frames.segmented(true, TestNode.MTU - Frames.TAG + 1, 4));
        }

        private void passes(byte[] bytes) {
            long before = b.received();
            long counted = tooBig();
            a.send(bytes);
            eventually("the frame arrives", () -> b.received() > before);
            assertThat(tooBig()).isEqualTo(counted);
        }

        private void isTooBig(byte[] bytes) {
            long before = b.received();
            long counted = tooBig();
            a.send(bytes);
            eventually("the frame is counted", () -> tooBig() > counted);
            assertThat(b.received()).isEqualTo(before);
        }
    }

    @Nested
    class OverIpv6 {

        @BeforeEach
        void makeNodes() {
            WiresBetweenNodesTest.this.makeNodes("fd00::1", "fd00::11", "fd00::2", 64, 1430);
        }

        @Test
        void podsReachEachOther() {
            wire(false);

            a.reaches(b);
            b.reaches(a);

            assertThat(a.pings(b.address(), "-M do -s 1402 ")).isTrue();
            assertThat(wrongSender()).isZero();
        }

        @Test
        void aFrameOfAnotherHostIsDroppedAndCounted() {
            wire(false);
            a.reaches(b);
            try (TestNamespace stranger = TestNamespace.create("stranger")) {
                underlay.join(stranger, List.of("fd00::3/64"));
                stranger.ip("link add vx0 type vxlan id " + VNI + " remote fd00::2 local fd00::3 dstport "
                        + TestNode.VXLAN_PORT);
                stranger.ip("address add 10.1.0.9/24 dev vx0");
                stranger.ip("link set vx0 up");

                assertThat(stranger.run("ping -q -c 2 -i 0.2 -W 1 " + b.address())
                                .status())
                        .isEqualTo(1);

                eventually("frames are counted", () -> wrongSender() > 0);
            }
        }
    }
}
