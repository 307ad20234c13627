package io.meshnet.tests;

import static io.meshnet.tests.Topology.end;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whatever happens on two nodes, in whatever order: once it has calmed down, every declared link whose two pods run is there exactly
 * once, of the right kind, at both ends, with its addresses and a carrier, and nothing else is. The daemons do without their periodic
 * resync here: what they are told has to be enough.
 *
 * <p>The seed is printed. {@code -Dmeshnet.seed=S -Dmeshnet.schedules=1} runs one schedule again, and a
 * larger number as many as there is time for.
 */
class KernelSchedulesTest {

    private static final int SCHEDULES = Integer.getInteger("meshnet.schedules", 100);
    private static final String NEVER = "86400";

    /** What the pods may be declared to have, from edit to edit. */
    private static final List<Topology> EDITS = List.of(
            Topology.triangle(),
            new Topology()
                    .link(11, end("pod1", "eth1", "12.99.0.1/24"), end("pod2", "eth1", "12.99.0.2/24"))
                    .link(13, end("pod1", "eth2", "13.13.13.1/24"), end("pod3", "eth1", "13.13.13.3/24"))
                    .link(30, end("pod1", "eth3", ""), end("pod2", "eth3", "fd00:30::2/64")),
            new Topology()
                    .link(13, end("pod1", "up0", "13.13.13.1/24"), end("pod3", "eth1", "13.13.13.3/24"))
                    .link(21, end("pod2", "eth2", "23.23.23.2/24"), end("pod3", "eth2", "23.23.23.3/24")));

    private static Underlay underlay;
    private static Etcd etcd;
    private static List<Node> nodes;

    @BeforeAll
    static void build() {
        underlay = new Underlay();
        etcd = new Etcd(underlay, 1);
        etcd.start();
        nodes = List.of(node(1), node(2));
        nodes.forEach(Node::awaitReady);
    }

    private static Node node(int number) {
        Node node = new Node(underlay, number, Underlay.UPLINK, Map.of("MESHNET_RESYNC", NEVER));
        node.begin();
        return node;
    }

    @AfterAll
    static void tearDown() {
        if (underlay != null) {
            underlay.close();
        }
    }

    @Test
    void schedules_come_to_rest_with_every_link_in_place() {
        long seed = Long.getLong("meshnet.seed", new Random().nextLong(1_000_000_000));
        System.out.printf("%d schedules from -Dmeshnet.seed=%d on%n", SCHEDULES, seed);
        for (int i = 0; i < SCHEDULES; i++) {
            Schedule schedule = new Schedule(underlay, etcd, nodes, EDITS, seed + i);
            try {
                schedule.run();
            } catch (RuntimeException | AssertionError e) {
                nodes.forEach(node -> System.err.printf("--- log of %s%n%s%n", node.name(), tail(node.log())));
                throw new AssertionError(
                        "-Dmeshnet.seed=%d -Dmeshnet.schedules=1: %s%n%s"
                                .formatted(seed + i, e.getMessage(), String.join("\n", schedule.history())),
                        e);
            }
        }
    }

    private static String tail(String log) {
        List<String> lines = log.lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 150), lines.size()));
    }
}
