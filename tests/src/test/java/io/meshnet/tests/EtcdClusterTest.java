package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An etcd of three members in trouble: members die, the leader changes, all are restarted, a node is cut off for a minute, history is
 * compacted away. What is there stays, down to the ifindex and to every packet within a node; wiring goes on where it can, and what was
 * missed is caught up with.
 */
class EtcdClusterTest {
    private static final Duration CUT = Duration.ofMinutes(1);

    @RegisterExtension
    static final Lab LAB = new Lab(Map.of(), 3);

    @TempDir
    private Path directory;

    private Pod pod1;
    private Pod pod2;
    private Pod pod3;

    @BeforeEach
    void addTriangle() {
        LAB.upload(Topology.triangle());
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", LAB.node1());
        pod3 = added("pod3", LAB.node2());
        eventually(this::assertTriangleReachable);
    }

    /** Lab's own DELs need etcd. */
    @AfterEach
    void heal() {
        for (String chain : new String[] {"INPUT", "OUTPUT"}) {
            Command.of("iptables", "-w", "-F", chain)
                    .inside(LAB.node1().netns())
                    .output();
        }
    }

    /** What can befall the members of an etcd. */
    enum Trouble {
        LEADER_KILLED {
            @Override
            void strike(Etcd etcd) {
                etcd.leader().kill();
            }
        },
        LEADER_CHANGED {
            @Override
            void strike(Etcd etcd) {
                etcd.moveLeader();
            }
        },
        ALL_RESTARTED {
            @Override
            void strike(Etcd etcd) {
                etcd.kill();
                etcd.start();
            }
        };

        abstract void strike(Etcd etcd);
    }

    @ParameterizedTest
    @EnumSource
    void goes_on_after(Trouble trouble) {
        Map<String, Integer> before = ifindexes(pod1);
        try (EndlessPing ping = EndlessPing.start(pod1, "12.12.12.2", directory.resolve("ping"))) {
            trouble.strike(LAB.etcd());

            eventually(() -> LAB.upload(withPod4()));
            added("pod4", LAB.node2());

            eventually(() -> assertThat(pod1.pings("14.14.14.4")).isTrue());
            eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0", "eth1"));
            eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
            assertThat(ifindexes(pod1)).containsAllEntriesOf(before);
            ping.assertNothingLost();
        }
    }

    @Test
    void is_caught_up_with_after_a_minute_without_it() {
        LAB.upload(withPod5());
        Pod pod5 = added("pod5", LAB.node1());
        assertThat(pod1.pings("15.15.15.5")).isTrue();
        Map<String, Integer> before = ifindexes(pod1);
        try (EndlessPing ping = EndlessPing.start(pod1, "12.12.12.2", directory.resolve("ping"))) {
            cutOffNode1();
            Instant end = Instant.now().plus(CUT);
            pod3.del().succeeded();
            LAB.removeNamespace(pod3);
            pod3 = added("pod3", LAB.node2());
            LAB.upload(withPod4());
            added("pod4", LAB.node2());
            pod5.del().succeeded();
            added("pod6", LAB.node1());
            eventually(() -> assertThat(LAB.node1().health("ready")).isEqualTo(503));
            Awaitility.await().atMost(CUT.multipliedBy(3)).until(() -> {
                ping.assertNothingLost();
                return Instant.now().isAfter(end);
            });
            assertThat(ifindexes(pod1)).isEqualTo(before);
            assertThat(pod2.links()).containsKey("eth2");

            heal();

            eventually(() -> assertThat(LAB.node1().health("ready")).isEqualTo(200));
            eventually(() -> assertThat(pod1.pings("14.14.14.4")).isTrue());
            eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
            eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0", "eth1"));
            eventually(() -> LAB.assertReleased(pod5));
            // The list of pod5 still declares its link, so that pod1 has that interface, too.
            assertThat(ifindexes(pod1))
                    .containsAllEntriesOf(before)
                    .containsOnlyKeys("lo", "eth0", "eth1", "eth2", "eth4", "eth5");
            assertThat(pod1.link("eth5").saysNoCarrier()).isTrue();
            ping.assertNothingLost();
        }
    }

    @Test
    void is_followed_across_a_compaction_of_what_was_missed() {
        Map<String, Integer> before = ifindexes(pod1);
        cutOffNode1();
        eventually(() -> assertThat(LAB.node1().health("ready")).isEqualTo(503));
        LAB.upload(withPod4());
        added("pod4", LAB.node2());
        LAB.etcd().compact();

        heal();

        eventually(() -> assertThat(pod1.pings("14.14.14.4")).isTrue());
        eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0", "eth1"));
        LAB.upload(Topology.triangle());
        LAB.etcd().compact();
        LAB.etcd().delete("/pod4/links");
        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2"));
        eventually(this::assertTriangleReachable);
        assertThat(ifindexes(pod1)).isEqualTo(before);
    }

    /** Without the link between pod2 and pod3, and with one between pod1 and pod4. */
    private static Topology withPod4() {
        return new Topology()
                .link(11, end("pod1", "eth1", "12.12.12.1/24"), end("pod2", "eth1", "12.12.12.2/24"))
                .link(13, end("pod1", "eth2", "13.13.13.1/24"), end("pod3", "eth1", "13.13.13.3/24"))
                .link(14, end("pod1", "eth4", "14.14.14.1/24"), end("pod4", "eth1", "14.14.14.4/24"));
    }

    /** The triangle, and a link between pod1 and pod5. */
    private static Topology withPod5() {
        return Topology.triangle().link(15, end("pod1", "eth5", "15.15.15.1/24"), end("pod5", "eth1", "15.15.15.5/24"));
    }

    /** Drops everything between the first node and etcd. */
    private static void cutOffNode1() {
        String netns = LAB.node1().netns();
        Command.of("iptables", "-w", "-A", "INPUT", "-s", Underlay.ADDRESS, "-j", "DROP")
                .inside(netns)
                .output();
        Command.of("iptables", "-w", "-A", "OUTPUT", "-d", Underlay.ADDRESS, "-j", "DROP")
                .inside(netns)
                .output();
    }

    private void assertTriangleReachable() {
        assertThat(pod1.pings("12.12.12.2")).as("pod1 pings pod2").isTrue();
        assertThat(pod2.pings("23.23.23.3")).as("pod2 pings pod3").isTrue();
        assertThat(pod3.pings("13.13.13.1")).as("pod3 pings pod1").isTrue();
    }

    private static Map<String, Integer> ifindexes(Pod pod) {
        var ifindexes = new TreeMap<String, Integer>();
        pod.links().forEach((ifname, link) -> ifindexes.put(ifname, link.ifindex()));
        return ifindexes;
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
