package io.meshnet.reconciler.kernel;

import static io.meshnet.reconciler.kernel.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.Link;
import io.meshnet.reconciler.kernel.Cables.Cable;
import io.meshnet.reconciler.kernel.Cables.Placement;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Wires under stress do what direct veths do, which run the same tests. */
class LoopsAndFloodsTest {

    private static final byte[] BROADCAST =
            FrameKind.of("broadcast", "ffffffffffff", "88b5", "").bytes();
    private static final byte[] UNICAST = FrameKind.unicast().bytes();

    /** So many frames in a loop have gone round often. */
    private static final int STORM = 2000;

    /** A frame that still goes round would be counted between any two of them. */
    private static final int LOOKS = 5;

    private static final int MARKERS = 20;
    private static final int CHAIN = 20;
    private static final int REMADE = 50;
    private static final int STREAM_BYTES = 8 << 20;

    /** Six fragments. */
    private static final int DATAGRAM_BYTES = 8000;

    private static long received(TestNamespace pod) {
        return pod.received("eth1");
    }

    @ParameterizedTest
    @EnumSource
    void aLoopOverTwoCablesLeavesOthersAloneAndEndsWhenItIsOpened(Placement placement) {
        try (Cables cables = new Cables(placement)) {
            List<TestPod> others = cables.pair("c", "d", 1);
            TestNamespace left = cables.addPod("left");
            TestNamespace right = cables.addPod("right");
            cables.join(left, "eth1", right, "eth1");
            Cable second = cables.join(left, "eth2", right, "eth2");
            Cables.bridge(left, "eth1", "eth2");
            Cables.bridge(right, "eth1", "eth2");
            try (FrameSocket a = FrameSocket.open(left, "eth1");
                    FrameSocket b = FrameSocket.open(right, "eth1")) {
                startStorm(a, right);

                others.getFirst().reaches(others.getLast());
                others.getLast().reaches(others.getFirst());
                long before = received(right);
                eventually("the storm goes on", () -> received(right) > before + STORM);

                cables.cut(second);
                eventually("nothing goes round", () -> isStill(right, others));
                isQuiet(a, b);
            }
        }
    }

    private static void startStorm(FrameSocket a, TestNamespace right) {
        long start = received(right);
        long[] last = {-1};
        eventually("the frames go round", () -> {
            long now = received(right);
            if (now == last[0] || last[0] < 0) {
                a.send(BROADCAST); // the first ones may come before a bridge forwards
            }
            last[0] = now;
            return now > start + STORM;
        });
    }

    /** Whether nothing comes to a pod while others exchange frames. */
    private static boolean isStill(TestNamespace pod, List<TestPod> others) {
        long before = received(pod);
        return IntStream.range(0, LOOKS)
                .allMatch(_ -> others.getFirst().pings(others.getLast().address(), "") && received(pod) == before);
    }

    private static void isQuiet(FrameSocket a, FrameSocket b) {
        a.drain();
        b.drain();
        a.reach(b);
        b.reach(a);
        for (int i = 0; i < MARKERS; i++) {
            byte[] marker = FrameKind.marker(i).bytes();
            a.send(marker);
            assertThat(b.receive()).isEqualTo(marker);
            b.send(marker);
            assertThat(a.receive()).isEqualTo(marker);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChainOfBridgesPassesAPingFromEndToEnd(Placement placement) {
        try (Cables cables = new Cables(placement)) {
            List<TestNamespace> pods = new ArrayList<>();
            for (int i = 0; i < CHAIN; i++) {
                pods.add(cables.addPod("pod" + i));
            }
            for (int i = 1; i < CHAIN; i++) {
                boolean isFirst = i == 1;
                cables.join(pods.get(i - 1), isFirst ? "eth1" : "eth2", pods.get(i), "eth1");
            }
            for (int i = 1; i < CHAIN - 1; i++) {
                Cables.bridge(pods.get(i), "eth1", "eth2");
            }
            TestPod first = cables.withAddress(pods.getFirst(), 1);
            TestPod last = cables.withAddress(pods.getLast(), 2);

            first.reaches(last);
            last.reaches(first);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPingGetsThroughBesideAFlood(Placement placement) {
        try (Cables cables = new Cables(placement)) {
            List<TestPod> victims = cables.pair("a", "b", 1);
            TestNamespace source = cables.addPod("source");
            TestNamespace sink = cables.addPod("sink");
            cables.join(source, "eth1", sink, "eth1");
            victims.getFirst().reaches(victims.getLast());

            try (Flood flood = new Flood(source, "eth1", UNICAST)) {
                eventually("the flood comes", () -> received(sink) > STORM);
                victims.getFirst().reaches(victims.getLast());
                victims.getLast().reaches(victims.getFirst());
                long sent = flood.sent();
                long before = received(sink);
                eventually("the flood goes on", () -> flood.sent() > sent && received(sink) > before);
            }
        }
    }

    @Test
    void aPortRemadeUnderAFloodLeavesNothingBehind() {
        try (TestPanel panel = new TestPanel(1);
                TestNamespace a = quietPod("a");
                TestNamespace b = quietPod("b")) {
            List<String> others = panel.devices();
            panel.make(a, b);
            panel.make(b, a);
            panel.connect(a, b);

            remake(panel, a, b, () -> panel.connect(b, a));

            panel.hasOnly(others, a, b);
            assertThat(panel.tunnels()).isZero();
        }
    }

    @Test
    void aPortRemadeUnderAFloodFromAnotherNodeLeavesNothingBehind() {
        try (TestUnderlay underlay = new TestUnderlay();
                TestPanel near = new TestPanel(1);
                TestPanel far = new TestPanel(2);
                TestNamespace a = quietPod("a");
                TestNamespace b = quietPod("b")) {
            underlay.join(near.node(), List.of("10.0.0.1/24"));
            underlay.join(far.node(), List.of("10.0.0.2/24"));
            List<String> others = far.devices();
            near.make(a, b);
            near.connect(a, b, far);
            far.make(b, a);
            far.connect(b, a, near);

            remake(far, a, b, () -> far.connect(b, a, near));

            near.hasOnly(others, a);
            far.hasOnly(others, b);
            assertThat(near.tunnels()).isEqualTo(1);
            assertThat(far.tunnels()).isEqualTo(1);
        }
    }

    /** Without IPv6, so that it sends nothing by itself. */
    private static TestNamespace quietPod(String name) {
        TestNamespace pod = TestNamespace.create(name);
        pod.netns().sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        pod.netns().sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        return pod;
    }

    /** Deletes, makes and connects the port of {@code b} while {@code a} floods it. */
    private static void remake(TestPanel panel, TestNamespace a, TestNamespace b, Runnable connect) {
        List<String> devices = names(b);
        try (Flood _ = new Flood(a, "eth1", UNICAST)) {
            for (int i = 0; i < REMADE; i++) {
                if (i % 2 == 0) {
                    panel.delete(b);
                } else {
                    panel.release(b);
                }
                panel.make(b, a);
                connect.run();
                eventually("the flood comes to the new interface", () -> received(b) > 0);
            }
        }
        assertThat(names(b)).containsExactlyInAnyOrderElementsOf(devices);
        try (FrameSocket left = FrameSocket.open(a, "eth1");
                FrameSocket right = FrameSocket.open(b, "eth1")) {
            left.reach(right);
            right.reach(left);
        }
    }

    private static List<String> names(TestNamespace pod) {
        return pod.socket().links().list().stream().map(Link::name).toList();
    }

    @ParameterizedTest
    @EnumSource
    void aTcpStreamArrivesAsItWasSent(Placement placement) throws Exception {
        byte[] content = bytes(STREAM_BYTES);
        try (Cables cables = new Cables(placement)) {
            List<TestPod> pods = pairWithIpv6(cables);
            TestNamespace a = pods.getFirst().namespace();
            TestNamespace b = pods.getLast().namespace();
            for (String prefix : List.of("10.1.0.", "fd01::")) {
                InetAddress toA = InetAddress.getByName(prefix + 1);
                InetAddress toB = InetAddress.getByName(prefix + 2);
                assertThat(digest(Transfer.tcp(a, b, toB, content))).isEqualTo(digest(content));
                assertThat(digest(Transfer.tcp(b, a, toA, content))).isEqualTo(digest(content));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDatagramLargerThanTheMtuArrivesWhole(Placement placement) throws Exception {
        byte[] content = bytes(DATAGRAM_BYTES);
        try (Cables cables = new Cables(placement)) {
            List<TestPod> pods = pairWithIpv6(cables);
            TestNamespace a = pods.getFirst().namespace();
            TestNamespace b = pods.getLast().namespace();
            for (String prefix : List.of("10.1.0.", "fd01::")) {
                InetAddress toA = InetAddress.getByName(prefix + 1);
                InetAddress toB = InetAddress.getByName(prefix + 2);
                assertThat(Transfer.udp(a, b, toB, content)).isEqualTo(content);
                assertThat(Transfer.udp(b, a, toA, content)).isEqualTo(content);
            }
        }
    }

    /** Two pods, with 10.1.0.1 and fd01::1, and with 10.1.0.2 and fd01::2. */
    private static List<TestPod> pairWithIpv6(Cables cables) {
        List<TestPod> pods = cables.pair("a", "b", 1);
        int number = 1;
        for (TestPod pod : pods) {
            pod.namespace().netns().enableIpv6("eth1");
            pod.namespace().ip("address add fd01::" + number++ + "/64 dev eth1 nodad");
        }
        pods.getFirst().reaches(pods.getLast());
        eventually("IPv6 reaches", () -> pods.getFirst().pings("fd01::2", ""));
        return pods;
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static String digest(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
