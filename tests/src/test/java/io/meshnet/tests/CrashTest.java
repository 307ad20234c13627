package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A daemon that is killed between any two of the messages that it sends to the kernel, and started again, brings about from etcd and the
 * kernel alone what it had begun. Links that the change does not concern keep their ifindex, and a ping over them loses nothing.
 */
class CrashTest {

    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "86400", "MESHNET_NODE_TTL", "600"));

    /** Kills at every n-th message, until a change takes fewer than n. */
    private static final int STRIDE = 3;

    private static final int MOST_MESSAGES = 400;

    private static final Topology BEFORE = untouched()
            .link(40, end("pod1", "eth4", "10.40.0.1/24"), end("pod2", "eth4", "10.40.0.2/24"))
            .link(41, end("pod1", "eth5", ""), end("pod3", "eth5", "10.41.0.3/24"));

    private static final Topology AFTER = untouched()
            .link(21, end("pod2", "eth2", "23.23.23.2/24"), end("pod3", "eth2", "23.23.23.3/24"))
            .link(40, end("pod1", "eth4", "10.40.1.1/24"), end("pod2", "eth4", "10.40.1.2/24"))
            .link(42, end("pod1", "eth6", "fd00:42::1/64"), end("pod2", "eth6", "fd00:42::2/64"));

    private static Topology untouched() {
        return new Topology()
                .link(11, end("pod1", "eth1", "12.12.12.1/24"), end("pod2", "eth1", "12.12.12.2/24"))
                .link(13, end("pod1", "eth3", "13.13.13.1/24"), end("pod3", "eth1", "13.13.13.3/24"));
    }

    @Test
    void at_any_message_is_made_good_by_the_next_start() {
        LAB.upload(BEFORE);
        Map<String, Pod> pods = Map.of(
                "pod1", LAB.pod("pod1", LAB.node1()),
                "pod2", LAB.pod("pod2", LAB.node1()),
                "pod3", LAB.pod("pod3", LAB.node2()));
        pods.values().forEach(pod -> pod.add().succeeded());
        Topology now = BEFORE;
        assertEventually(now, pods);
        List<Integer> untouched = ifindexes(pods);

        try (EndlessPing veth = ping(pods.get("pod1"), "12.12.12.2");
                EndlessPing vxlan = ping(pods.get("pod1"), "13.13.13.3")) {
            boolean killed = true;
            int message = 1;
            for (; killed; message += STRIDE) {
                assertThat(message).as("messages of one change").isLessThan(MOST_MESSAGES);
                now = now == BEFORE ? AFTER : BEFORE;
                killed = changeAndKillAt(message, now, pods);
                if (killed) {
                    LAB.node1().start();
                }
                assertEventually(now, pods);
                assertThat(ifindexes(pods))
                        .as("after a kill at message %d", message)
                        .isEqualTo(untouched);
            }
            assertThat(message).as("kills").isGreaterThan(5 * STRIDE);
            veth.assertNothingLost();
            vxlan.assertNothingLost();
        }
    }

    private static EndlessPing ping(Pod pod, String address) {
        return EndlessPing.start(pod, address, pod.node().directory().resolve("ping-" + address));
    }

    /** Edits the topology, and has the daemon killed as it sends its n-th message; false if it did not send as many. */
    private static boolean changeAndKillAt(int message, Topology to, Map<String, Pod> pods) {
        Node node = LAB.node1();
        Path log = node.directory().resolve("strace-" + message);
        Process strace = Command.of(
                        "strace",
                        "-p",
                        Long.toString(node.thread("kernel")),
                        "-e",
                        "trace=sendto",
                        "-e",
                        "inject=sendto:signal=SIGKILL:when=" + message)
                .start(log);
        try {
            eventually(() -> assertThat(Daemon.text(log)).contains("attached"));
            LAB.upload(to);
            eventually(() -> {
                if (node.running()) {
                    new Expected(to, pods).assertHolds("eth0");
                }
            });
            return !node.running();
        } finally {
            strace.destroy();
        }
    }

    private static void assertEventually(Topology topology, Map<String, Pod> pods) {
        eventually(() -> new Expected(topology, pods).assertHolds("eth0"));
    }

    private static List<Integer> ifindexes(Map<String, Pod> pods) {
        return List.of(
                pods.get("pod1").link("eth1").ifindex(),
                pods.get("pod1").link("eth3").ifindex(),
                pods.get("pod2").link("eth1").ifindex(),
                pods.get("pod3").link("eth1").ifindex());
    }
}
