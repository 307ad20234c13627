package io.meshnet.reconciler.kernel;

import static io.meshnet.reconciler.kernel.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.bpf.BpfProgram;
import io.meshnet.netlink.BpfFilter;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Wires between two pods of one node, in the kernel. */
class WiresOnANodeTest {

    private TestNode node;
    private TestPod a;
    private TestPod b;

    @BeforeEach
    void makeNode() {
        node = new TestNode("node", "10.0.0.1");
        a = node.addPod("a", 1, TestNode.MTU);
        b = node.addPod("b", 2, TestNode.MTU);
    }

    @AfterEach
    void deleteNode() {
        node.close();
    }

    @Test
    void podsReachEachOtherAsLongAsTheyAreConnected() {
        assertThat(a.pings(b.address(), "")).isFalse();

        node.maps().connectPorts(a.port(), b.port());
        a.reaches(b);
        b.reaches(a);

        node.maps().cutPort(a.port());
        assertThat(a.pings(b.address(), "")).isFalse();
    }

    @Test
    void aPortIsReconnectedToAnotherPod() {
        TestPod c = node.addPod("c", 2, TestNode.MTU);
        c.namespace().ip("link set eth1 address " + b.namespace().link("eth1").mac());
        node.maps().connectPorts(a.port(), b.port());
        a.reaches(b);

        node.maps().connectPorts(a.port(), c.port());
        node.maps().cutPort(b.port());

        long before = c.received();
        a.reaches(c);
        assertThat(c.received()).isGreaterThan(before);
    }

    @Test
    void theMtuIsUpToThePods() {
        node.maps().connectPorts(a.port(), b.port());
        a.namespace().ip("link set eth1 mtu 9000");
        b.namespace().ip("link set eth1 mtu 9000");

        a.reaches(b, "-M do -s 8972 ");
    }

    @Test
    void aFrameForAnotherUnicastAddressIsNotAnswered() {
        node.maps().connectPorts(a.port(), b.port());
        a.reaches(b);

        a.namespace().ip("neighbour replace " + b.address() + " lladdr 02:00:00:00:00:99 dev eth1 nud permanent");
        long before = b.received();

        assertThat(a.pings(b.address(), "")).isFalse();
        assertThat(b.received()).as("the frame comes to the interface").isGreaterThan(before);
    }

    @Test
    void aRestartFindsProgramsAndMapsByTheFilter() {
        node.maps().connectPorts(a.port(), b.port());
        int next = node.maps().nextIfindex();
        int id = node.maps().ports().id();
        node.forget();
        a.reaches(b);

        BpfFilter filter =
                node.patch().socket().trafficControl().filter(a.port()).orElseThrow();
        assertThat(filter.name()).isEqualTo("meshnet_port");
        try (BpfProgram program = BpfProgram.open(filter.programId());
                WireMaps maps = WireMaps.of(program).orElseThrow()) {
            assertThat(maps.ports().id()).isEqualTo(id);
            assertThat(maps.allPorts()).containsOnlyKeys(a.port(), b.port());
            assertThat(maps.nextIfindex()).isEqualTo(next);
            maps.cutPort(a.port());
        }
        assertThat(a.pings(b.address(), "")).isFalse();
    }

    @Test
    void replacingAProgramLosesNoPing() {
        node.maps().connectPorts(a.port(), b.port());
        a.reaches(b);
        long before = b.received();

        var flood = CompletableFuture.supplyAsync(() -> a.namespace().run("ping -q -f -c 30000 " + b.address()));
        eventually("the flood has begun", () -> b.received() > before + 100);
        int replaced = 0;
        for (; !flood.isDone(); replaced++) {
            try (BpfProgram next = node.loadPort()) {
                node.patch().socket().trafficControl().attachBpfToBlock(Wiring.PORTS, next.fd(), next.name());
            }
        }

        assertThat(flood.join().output()).contains("30000 packets transmitted, 30000 received, 0% packet loss");
        assertThat(replaced).isGreaterThan(10);
    }
}
