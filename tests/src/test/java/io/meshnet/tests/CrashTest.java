package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A daemon that is killed between any two of the calls by which it changes the kernel, messages to rtnetlink and updates of the maps of
 * wires, and started again, brings about from etcd and the kernel alone what it had begun. Links that the change does not concern keep
 * their ifindex, and a ping over them loses nothing.
 */
class CrashTest {

    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "86400", "MESHNET_NODE_TTL", "600"));

    private static final int MOST_CALLS = 400;

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

    private Map<String, Pod> pods;
    private Topology now;
    private List<Integer> untouched;

    @BeforeEach
    void addPods() {
        now = BEFORE;
        LAB.upload(now);
        pods = Map.of(
                "pod1", LAB.pod("pod1", LAB.node1()),
                "pod2", LAB.pod("pod2", LAB.node1()),
                "pod3", LAB.pod("pod3", LAB.node2()));
        pods.values().forEach(pod -> pod.add().succeeded());
        assertEventually();
        untouched = ifindexes(pods);
    }

    /** The daemon asks the maps more often than it tells them, and more often than it sends messages. */
    @ParameterizedTest
    @CsvSource({"sendto, 3", "bpf, 7"})
    void at_any_call_is_made_good_by_the_next_start(String call, int stride) {
        try (EndlessPing within = ping(pods.get("pod1"), "12.12.12.2");
                EndlessPing across = ping(pods.get("pod1"), "13.13.13.3")) {
            boolean killed = true;
            int number = 1;
            for (; killed; number += stride) {
                assertThat(number).as("calls of one change").isLessThan(MOST_CALLS);
                killed = changeAndKillAt("kernel", call, number);
                if (killed) {
                    LAB.node1().start();
                }
                assertConverged(call + " " + number);
            }
            assertThat(number).as("kills").isGreaterThan(5 * stride);
            within.assertNothingLost();
            across.assertNothingLost();
        }
    }

    /** Deletions are asked for on a thread of their own, which is there once there was one. */
    @Test
    void at_a_deletion_is_made_good_by_the_next_start() {
        try (EndlessPing within = ping(pods.get("pod1"), "12.12.12.2");
                EndlessPing across = ping(pods.get("pod1"), "13.13.13.3")) {
            for (int round = 1; round <= 2; round++) {
                change();
                assertConverged("a change");

                assertThat(changeAndKillAt("freeing", "sendto", 1)).as("killed").isTrue();

                LAB.node1().start();
                assertConverged("deletion " + round);
                change(); // so that the next round kills at what the other direction deletes
                assertConverged("a change back");
            }
            within.assertNothingLost();
            across.assertNothingLost();
        }
    }

    private static EndlessPing ping(Pod pod, String address) {
        return EndlessPing.start(
                pod, address, pod.node().directory().resolve("ping-" + pod.containerId() + "-" + address));
    }

    private void change() {
        now = now == BEFORE ? AFTER : BEFORE;
        LAB.upload(now);
    }

    /** Edits the topology, and has the daemon killed at the n-th such call of a thread of that name; false if there were not as many. */
    private boolean changeAndKillAt(String thread, String call, int number) {
        Node node = LAB.node1();
        Path log = node.directory().resolve("strace-" + thread + "-" + call + "-" + number);
        String[] attached = node.threads(thread).stream().map(id -> "-p" + id).toArray(String[]::new);
        Process strace = Command.of("strace")
                .and(attached)
                .and("-e", "trace=" + call, "-e", "inject=" + call + ":signal=SIGKILL:when=" + number)
                .start(log);
        try {
            eventually(() -> assertThat(Daemon.text(log)).contains("attached"));
            change();
            eventually(() -> {
                if (node.running()) {
                    new Expected(now, pods).assertHolds("eth0");
                }
            });
            return !node.running();
        } finally {
            strace.destroy();
        }
    }

    private void assertConverged(String what) {
        assertEventually();
        assertThat(ifindexes(pods)).as("after " + what).isEqualTo(untouched);
    }

    private void assertEventually() {
        eventually(() -> new Expected(now, pods).assertHolds("eth0"));
    }

    private static List<Integer> ifindexes(Map<String, Pod> pods) {
        return List.of(
                pods.get("pod1").link("eth1").ifindex(),
                pods.get("pod1").link("eth3").ifindex(),
                pods.get("pod2").link("eth1").ifindex(),
                pods.get("pod3").link("eth1").ifindex());
    }
}
