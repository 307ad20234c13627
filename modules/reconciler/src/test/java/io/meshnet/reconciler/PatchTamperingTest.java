package io.meshnet.reconciler;

import static io.meshnet.reconciler.state.Examples.POD1;
import static io.meshnet.reconciler.state.Examples.POD2;
import static io.meshnet.reconciler.state.Examples.UID11;
import static io.meshnet.reconciler.state.Examples.end;
import static io.meshnet.reconciler.state.Examples.link;
import static io.meshnet.reconciler.state.Examples.mirrored;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.Link;
import io.meshnet.reconciler.state.LinkStatus.Phase;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.DeclaredLink;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody does in the patch namespace, who is not the daemon, is put right. Needs root. */
class PatchTamperingTest {

    private static final String ADDRESS2 = "12.12.12.2";

    @TempDir
    private Path directory;

    private TestNode node;

    @BeforeEach
    void connect() {
        node = new TestNode(directory);
        node.add(POD1, UID11);
        node.add(POD2, mirrored(UID11));
        node.ping(POD1, ADDRESS2);
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    @Test
    void aStrangersDeviceIsDeletedAndTheLogNamesIt() {
        List<String> before = node.patchIdentities();
        try (LogCapture log = new LogCapture()) {
            node.inPatch("ip link add stranger type bridge");

            node.inspect();

            assertThat(TestNode.links(node.mount()))
                    .noneMatch(link -> link.name().equals("stranger"));
            assertThat(log.lines()).anyMatch(line -> line.startsWith("tampering: bridge stranger"));
        }
        assertThat(node.patchIdentities()).isEqualTo(before);
    }

    @Test
    void aStrangersVethAmongThePortsIsDeletedWhateverItsIndex() {
        List<String> before = node.patchIdentities();
        node.inPatch("ip link add index 2147483646 name stranger type veth peer index 16800000 name other");

        node.inspect();

        assertThat(node.patchIdentities()).isEqualTo(before);
        node.delete(POD2);
        assertThat(TestNode.phases(node.add(POD2, mirrored(UID11)))).containsExactly(Phase.IN_PLACE);
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aPortWithoutItsProgramGetsItAgain() {
        Link port = node.port(POD1, "eth1");
        node.inPatch("tc qdisc delete dev " + port.name() + " clsact");
        assertThat(node.inPatch("tc filter show dev " + port.name() + " ingress"))
                .isEmpty();

        node.inspect();

        assertThat(node.inPatch("tc filter show dev " + port.name() + " ingress"))
                .contains("meshnet_port");
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aPortThatSomebodyDeletesIsMadeAgainAndConnected() {
        Link before = node.port(POD1, "eth1");

        node.inPatch("ip link delete " + before.name());

        TestNode.await("the interface is back with its carrier", () -> node.isRemade(POD1, "eth1", before));
        node.ping(POD1, ADDRESS2);
        assertThat(node.port(POD1, "eth1").ifindex()).isGreaterThan(before.ifindex());
    }

    @Test
    void anInterfaceThatItsPodDeletesIsMadeAgainAndConnected() {
        Link survivor = node.find(POD2, "eth1").orElseThrow();

        node.inPod(POD1, "ip link delete eth1");

        TestNode.await(
                "the interface is back with its carrier",
                () -> node.find(POD1, "eth1").filter(Link::hasCarrier).isPresent());
        node.ping(POD1, ADDRESS2);
        assertThat(node.find(POD2, "eth1").map(TestNode::identity)).hasValue(TestNode.identity(survivor));
    }

    @Test
    void aPortThatGoesRightBeforeItIsConnectedIsMadeAgain() {
        node.delete(POD2);
        node.place(POD2, mirrored(UID11));
        CompletableFuture<PodStatus> connecting;
        try (TestNode.Hold _ = node.holdKernelThread()) {
            connecting = node.reconciler().reconcile(POD2);
            node.inPod(POD1, "ip link delete eth1");
        }

        assertThat(connecting.join().links().getFirst().reason()).contains("was changed by somebody else");
        TestNode.await(
                "the interface is back with its carrier",
                () -> node.find(POD1, "eth1").filter(Link::hasCarrier).isPresent());
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aPortThatIsSetDownComesUpAgain() {
        node.inPatch("ip link set " + node.port(POD1, "eth1").name() + " down");

        TestNode.await(
                "the carrier is back",
                () -> node.find(POD1, "eth1").filter(Link::hasCarrier).isPresent());
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void groupAndMarkOfAPortArePutBack() {
        List<String> before = node.patchIdentities();
        String port = node.port(POD1, "eth1").name();

        node.inPatch("ip link set " + port + " group 0");
        node.inPatch("ip link set " + port + " alias stranger");

        TestNode.await("the port is as before", () -> node.patchIdentities().equals(before));
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aPortThatLostItsGroupWhileNoDaemonRanIsReplaced() {
        Link before = node.port(POD1, "eth1");
        node.stop();
        node.inPatch("ip link set " + before.name() + " group 0");
        node.start();

        TestNode.await("the interface is made again", () -> {
            node.inspect();
            node.reconcile(POD1);
            return node.isRemade(POD1, "eth1", before);
        });
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void aPortThatClaimsAnotherPortsInterfaceIsReplacedAndTheOtherIsKept() {
        DeclaredLink second = link(12, end(POD1, "eth2", ""), end(POD2, "eth2", ""));
        node.declare(POD1, UID11, second);
        node.declare(POD2, mirrored(UID11), mirrored(second));
        node.reconcile(POD1);
        node.reconcile(POD2);
        Link kept = node.port(POD1, "eth1");
        Link claiming = node.port(POD1, "eth2");

        node.stop();
        TestNode.run(node.mount(), List.of("ip", "link", "set", claiming.name(), "alias", kept.alias()));
        node.start();

        TestNode.await("the other interface is made again", () -> {
            node.reconcile(POD1);
            return node.isRemade(POD1, "eth2", claiming);
        });
        assertThat(TestNode.identity(node.port(POD1, "eth1"))).isEqualTo(TestNode.identity(kept));
        node.delete(POD2);
        assertThat(TestNode.phases(node.add(POD2, mirrored(UID11), mirrored(second))))
                .containsExactly(Phase.IN_PLACE, Phase.IN_PLACE);
        node.ping(POD1, ADDRESS2);
    }

    @Test
    void thePortsOfAPodThatIsGoneAreDeletedByTheInspection() {
        node.cluster().leave(POD2, node.pod(POD2).netns().getFileName().toString());

        node.inspect();

        assertThat(node.patchLinks()).hasSize(2);
        TestNode.await(
                "the survivor has no carrier",
                () -> node.find(POD1, "eth1").filter(link -> !link.hasCarrier()).isPresent());
    }

    @Test
    void theTunnelDeviceIsMadeAgain() {
        node.inPatch("ip link delete vxlan");

        TestNode.await(
                "the tunnel device is back",
                () -> node.patchLinks().stream().anyMatch(link -> link.kind().equals("vxlan") && link.isUp()));
        node.ping(POD1, ADDRESS2);
    }
}
