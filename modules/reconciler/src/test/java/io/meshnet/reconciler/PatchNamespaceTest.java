package io.meshnet.reconciler;

import static io.meshnet.reconciler.state.Examples.POD1;
import static io.meshnet.reconciler.state.Examples.POD2;
import static io.meshnet.reconciler.state.Examples.POD3;
import static io.meshnet.reconciler.state.Examples.UID11;
import static io.meshnet.reconciler.state.Examples.UID13;
import static io.meshnet.reconciler.state.Examples.end;
import static io.meshnet.reconciler.state.Examples.link;
import static io.meshnet.reconciler.state.Examples.mirrored;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.Netns;
import io.meshnet.reconciler.state.LinkStatus.Phase;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.DeclaredLink;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ports and wires in the real kernel, over the lives of pods and daemons. Needs root. */
class PatchNamespaceTest {

    private static final String ADDRESS1 = "12.12.12.1";
    private static final String ADDRESS2 = "12.12.12.2";

    @TempDir
    private Path directory;

    private TestNode node;

    @BeforeEach
    void startNode() {
        node = new TestNode(directory);
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    private void connect() {
        node.add(POD1, UID11);
        assertThat(TestNode.phases(node.add(POD2, mirrored(UID11)))).containsExactly(Phase.IN_PLACE);
    }

    @Test
    void theInterfaceIsThereBeforeThePeerAndGetsItsCarrierWithIt() {
        PodStatus first = node.add(POD1, UID11);

        assertThat(TestNode.phases(first)).containsExactly(Phase.WAITING);
        Link alone = node.find(POD1, "eth1").orElseThrow();
        assertThat(alone.isUp()).isTrue();
        assertThat(alone.hasCarrier()).isFalse();
        assertThat(alone.mtu()).isEqualTo(1450);
        assertThat(node.inPod(POD1, "ip -br address show eth1")).contains(ADDRESS1 + "/24");

        PodStatus second = node.add(POD2, mirrored(UID11));

        assertThat(TestNode.phases(second)).containsExactly(Phase.IN_PLACE);
        assertThat(second.settledPeers()).containsExactly(POD1);
        assertThat(node.find(POD1, "eth1").orElseThrow().hasCarrier()).isTrue();
        assertThat(node.find(POD1, "eth1").orElseThrow().ifindex()).isEqualTo(alone.ifindex());
        node.ping(POD1, ADDRESS2);
        node.ping(POD2, ADDRESS1);
    }

    @Test
    void aPeerThatRestartsFindsTheSurvivorsInterfaceAsItWas() {
        connect();
        Link before = node.find(POD1, "eth1").orElseThrow();

        node.delete(POD2);

        Link alone = node.find(POD1, "eth1").orElseThrow();
        assertThat(alone.ifindex()).isEqualTo(before.ifindex());
        assertThat(alone.hasCarrier()).isFalse();
        assertThat(node.patchLinks()).hasSize(2);

        node.add(POD2, mirrored(UID11));

        assertThat(node.find(POD1, "eth1").map(TestNode::identity)).hasValue(TestNode.identity(before));
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aDaemonThatRestartsFindsNothingToDoAndNoFrameIsLost() throws Exception {
        connect();
        List<String> before = node.patchIdentities();
        Process ping = TestNode.start(
                node.pod(POD1).netns(), List.of("ping", "-n", "-q", "-c", "100", "-i", "0.02", "-W", "20", ADDRESS2));

        do {
            node.stop();
            node.start();
            NodeInspection.Result seen = new NodeInspection(node.identity(), node.reconciler())
                    .take(false)
                    .join();
            assertThat(seen.doubtful()).isEmpty();
            assertThat(seen.pods().keySet()).isEqualTo(Set.of(POD1, POD2));
            assertThat(TestNode.phases(node.reconcile(POD1))).containsExactly(Phase.IN_PLACE);
        } while (ping.isAlive());

        assertThat(new String(ping.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("100 packets transmitted, 100 received");
        assertThat(node.patchIdentities()).isEqualTo(before);
    }

    @Test
    void aMountThatIsLostIsMadeAgainWhileTheDaemonRuns() {
        connect();
        List<String> before = node.patchIdentities();

        try (LogCapture log = new LogCapture()) {
            Netns.unmount(node.mount());
            node.ping(POD1, ADDRESS2);
            node.inspect();

            assertThat(log.lines())
                    .contains("the patch namespace was unmounted, and is mounted at " + node.mount() + " again");
        }
        assertThat(node.patchIdentities()).isEqualTo(before);
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aPatchNamespaceThatIsLostWhileNoDaemonRunsIsMadeAnewWithAllInIt() {
        connect();

        node.stop();
        Netns.unmount(node.mount());
        TestNode.await(
                "the interfaces went with the namespace",
                () -> node.find(POD1, "eth1").isEmpty()
                        && node.find(POD2, "eth1").isEmpty());
        node.start();
        node.reconcile(POD1);
        node.reconcile(POD2);

        node.ping(POD1, ADDRESS2);
        TestNode.await("the tunnel device is back, once its UDP port is free", () -> {
            node.inspect();
            return node.patchLinks().stream().anyMatch(link -> link.kind().equals("vxlan"));
        });
    }

    @Test
    void aChangedDeclarationIsAppliedAndWhatThePodDidStays() {
        connect();
        node.inPod(POD1, "ip address add 192.0.2.1/32 dev eth1");
        node.inPod(POD1, "ip link set eth1 txqueuelen 77 address 02:00:00:00:00:77");
        Link before = node.find(POD1, "eth1").orElseThrow();

        DeclaredLink changed = link(11, end(POD1, "eth1", "12.12.12.9/24"), UID11.peer(), 1400);
        node.declare(POD1, changed);
        node.declare(POD2, mirrored(changed));

        assertThat(TestNode.phases(node.reconcile(POD1))).containsExactly(Phase.IN_PLACE);
        Link after = node.find(POD1, "eth1").orElseThrow();
        assertThat(after.mtu()).isEqualTo(1400);
        assertThat(after.mac()).isEqualTo(before.mac());
        assertThat(after.ifindex()).isEqualTo(before.ifindex());
        assertThat(node.port(POD1, "eth1").mtu()).isEqualTo(1500);
        assertThat(node.inPod(POD1, "ip -br address show eth1"))
                .contains("12.12.12.9/24", "192.0.2.1/32")
                .doesNotContain(ADDRESS1 + "/24");

        node.inPod(POD1, "ip address flush dev eth1");
        node.inPod(POD1, "ip link set eth1 mtu 1300");
        node.reconcile(POD1);
        node.inspect();
        assertThat(node.find(POD1, "eth1").orElseThrow().mtu()).isEqualTo(1300);
        assertThat(node.inPod(POD1, "ip -br address show eth1")).doesNotContain("12.12.12.9");
    }

    @Test
    void anInterfaceThatThePodMovedGoesOnAndGetsNoDeclarationAnyMore() {
        connect();
        Path vrf = directory.resolve("vrf");
        Netns.createAt(vrf).close();
        try (LogCapture log = new LogCapture()) {
            node.inPod(POD1, "ip link set eth1 netns " + vrf);
            TestNode.run(vrf, "ip address add 12.12.12.1/24 dev eth1");
            TestNode.run(vrf, "ip link set eth1 up");
            TestNode.run(vrf, "ping -n -c 1 -W 20 " + ADDRESS2);

            DeclaredLink changed = link(11, end(POD1, "eth1", "12.12.12.9/24"), UID11.peer());
            node.declare(POD1, changed);
            node.declare(POD2, mirrored(changed));
            assertThat(TestNode.phases(node.reconcile(POD1))).containsExactly(Phase.IN_PLACE);
            assertThat(log.lines()).anyMatch(line -> line.contains("the pod moved its interface to another namespace"));

            node.delete(POD2);
            PodStatus again = node.add(POD2, mirrored(changed));
            assertThat(TestNode.phases(again)).containsExactly(Phase.IN_PLACE);
            TestNode.run(vrf, "ping -n -c 1 -W 20 " + ADDRESS2);

            node.delete(POD1);
            assertThat(TestNode.links(vrf)).noneMatch(link -> link.name().equals("eth1"));
        } finally {
            Netns.unmount(vrf);
        }
    }

    @Test
    void aNameThatIsTakenIsTheReasonAndTheOtherLinksComeUp() {
        node.add(POD2, mirrored(UID11));
        node.add(POD3, mirrored(UID13));
        node.place(POD1, UID11, UID13);
        node.inPod(POD1, "ip link add eth1 type bridge");

        PodStatus status = node.reconcile(POD1);

        assertThat(TestNode.phases(status)).containsExactly(Phase.FAILED, Phase.IN_PLACE);
        assertThat(status.links().getFirst().reason())
                .isEqualTo("pod default/pod1 has an interface eth1 already, which meshnet did not make");
        assertThat(node.find(POD1, "eth1").orElseThrow().kind()).isEqualTo("bridge");
        node.ping(POD1, "13.13.13.3");

        node.inPod(POD1, "ip link delete eth1");
        assertThat(TestNode.phases(node.reconcile(POD1))).containsExactly(Phase.IN_PLACE, Phase.IN_PLACE);
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aPodWithManyLinksTakesTurnsWithTheOthers() {
        DeclaredLink[] many = IntStream.rangeClosed(1, 300)
                .mapToObj(uid -> link(
                        uid,
                        end(POD1, "m" + uid, "10.%d.%d.1/30".formatted(uid / 250, uid % 250)),
                        end(POD2, "m" + uid, "10.%d.%d.2/30".formatted(uid / 250, uid % 250))))
                .toArray(DeclaredLink[]::new);
        node.add(POD1, many);
        node.place(POD2);
        node.place(POD3, link(999, end(POD3, "eth1", ""), end(POD1, "other", "")));
        List<String> done = new CopyOnWriteArrayList<>();
        CompletableFuture<PodStatus> large;
        CompletableFuture<PodStatus> small;
        try (TestNode.Hold _ = node.holdKernelThread()) {
            large = node.reconciler().reconcile(POD2);
            small = node.reconciler().reconcile(POD3);
        }
        CompletableFuture.allOf(large.thenRun(() -> done.add("large")), small.thenRun(() -> done.add("small")))
                .join();

        assertThat(done).containsExactly("small", "large");
        assertThat(TestNode.phases(large.join())).hasSize(300).containsOnly(Phase.IN_PLACE);
        assertThat(TestNode.links(node.pod(POD2).netns()).stream()
                        .filter(link -> link.name().startsWith("m")))
                .hasSize(300)
                .allMatch(Link::hasCarrier);
        node.ping(POD2, "10.0.1.1");
        node.ping(POD2, "10.1.50.1");
    }
}
