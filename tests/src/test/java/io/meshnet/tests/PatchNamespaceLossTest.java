package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The patch namespace is held by a mount, which an operator can take away; its ports belong to pods whose namespaces vanish in any way
 * and at any time. What is lost is made again and told, what nobody needs goes, and nothing else changes.
 */
class PatchNamespaceLossTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "1"));

    @TempDir
    Path directory;

    private Pod pod1;
    private Pod pod2;
    private Pod pod3;
    private PatchView patch;

    /** How the path that a runtime gave comes to lead to the pod's namespace no more. */
    enum Loss {
        GONE {
            @Override
            void befall(Pod pod) {
                LAB.removeNamespace(pod);
            }
        },
        UNREADABLE {
            @Override
            void befall(Pod pod) throws Exception {
                Files.createFile(elsewhere());
                Command.of("mount", "--bind", place(pod).toString(), elsewhere().toString())
                        .output();
                Command.of("umount", place(pod).toString()).output();
            }
        },
        HELD_ELSEWHERE {
            @Override
            void befall(Pod pod) throws Exception {
                UNREADABLE.befall(pod);
                Files.delete(place(pod));
            }
        },
        REPLACED {
            @Override
            void befall(Pod pod) throws Exception {
                HELD_ELSEWHERE.befall(pod);
                Command.ip("netns", "add", pod.netns()).output();
            }
        };

        abstract void befall(Pod pod) throws Exception;

        private static Path place(Pod pod) {
            return Path.of("/run/netns", pod.netns());
        }

        private static Path elsewhere() {
            return LAB.node1().directory().resolve("elsewhere");
        }

        /** Lets the pod's namespace go, which the delegate could not clean. */
        static void end(Pod pod) throws Exception {
            PatchView.unmount(elsewhere());
            Files.deleteIfExists(elsewhere());
            LAB.removeNamespace(pod);
            pod.del().succeeded();
        }
    }

    @BeforeEach
    void start() {
        LAB.upload(Topology.triangle());
        patch = new PatchView(LAB.node1());
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", LAB.node1());
        pod3 = added("pod3", LAB.node2());
        awaitPings();
    }

    @Test
    void of_its_mount_is_noticed_and_nothing_else_changes() {
        Object identity = patch.identity();
        int warnings = told("the patch namespace was unmounted");
        Map<String, Object> before = seen();
        try (EndlessPing near = EndlessPing.start(pod1, "12.12.12.2", directory.resolve("near"));
                EndlessPing far = EndlessPing.start(pod1, "13.13.13.3", directory.resolve("far"))) {
            patch.unmount();

            eventually(() -> assertThat(patch.isMounted()).isTrue());
            assertThat(patch.identity()).isEqualTo(identity);
            assertThat(told("the patch namespace was unmounted")).isEqualTo(warnings + 1);
            patch.awaitInspections(2);
            near.assertNothingLost();
            far.assertNothingLost();
        }
        assertThat(seen()).isEqualTo(before);
    }

    @Test
    void of_its_mount_and_the_restart_of_the_daemon_change_nothing() {
        patch.unmount();
        eventually(() -> assertThat(patch.isMounted()).isTrue());
        Map<String, Object> before = seen();

        LAB.node1().kill();
        LAB.node1().start();

        patch.awaitInspections(2);
        assertThat(seen()).isEqualTo(before);
        awaitPings();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void while_no_daemon_runs_has_everything_made_anew(boolean isKilled) {
        Map<String, Object> before = seen();
        int news = told("the patch namespace is new");
        stop(isKilled);
        pod1.brand("eth1");

        patch.unmount();

        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0"));
        eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0"));
        LAB.node1().start();
        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2"));
        awaitPings();
        eventually(() -> assertThat(pod2.pings("23.23.23.3")).isTrue());
        eventually(() -> assertThat(seen().get("pod1")).isEqualTo(before.get("pod1")));
        eventually(() -> assertThat(seen().get("pod2")).isEqualTo(before.get("pod2")));
        assertThat(pod1.link("eth1").branded()).isFalse();
        assertThat(patch.ports()).hasSize(4);
        assertThat(told("the patch namespace is new")).isEqualTo(news + 1);
    }

    @ParameterizedTest
    @EnumSource
    void of_the_path_of_a_pod_does_not_keep_DEL_from_taking_its_ports(Loss loss) throws Exception {
        LAB.underlay().undo().add(() -> PatchView.unmount(Loss.elsewhere()));
        loss.befall(pod1);

        // The delegate refuses a path that leads to a file, as is its right.
        assertThat(pod1.del().outcome().status()).isEqualTo(loss == Loss.UNREADABLE ? 1 : 0);

        assertThat(patch.ports().values()).noneMatch(port -> port.alias().endsWith("default/pod1"));
        assertThat(patch.ports()).hasSize(2);
        assertThat(pod2.link("eth1").saysNoCarrier()).isTrue();
        eventually(() -> assertThat(pod3.link("eth1").saysNoCarrier()).isTrue());
        assertThat(pod2.pings("23.23.23.3")).isTrue();
        Loss.end(pod1);
    }

    @Test
    void of_the_path_in_the_call_does_not_keep_DEL_from_taking_its_ports() {
        pod1.call("DEL").without("CNI_NETNS").answer().succeeded();
        pod2.call("DEL").with("CNI_NETNS", "/run/netns/never-was").answer().succeeded();

        assertThat(patch.ports()).isEmpty();
        assertThat(pod1.links()).doesNotContainKeys("eth1", "eth2");
        assertThat(pod2.links()).doesNotContainKeys("eth1", "eth2");
    }

    @Test
    void of_all_that_is_known_of_a_pod_takes_its_ports_at_the_inspection() {
        LAB.node1().stop();
        Path attachments = Path.of(LAB.node1().settings().get("MESHNET_STATE"), "attachments");
        Command.of("sh", "-c", "rm $(grep -rl \"$0\" \"$1\")", pod1.containerId(), attachments.toString())
                .output();
        LAB.etcd().delete("/pod1/src_ip");
        LAB.etcd().delete("/pod1/net_ns");
        assertThat(patch.ports()).hasSize(4);

        LAB.node1().start();

        eventually(() -> assertThat(patch.ports()).hasSize(2));
        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0"));
        eventually(() -> assertThat(pod2.link("eth1").saysNoCarrier()).isTrue());
        eventually(() ->
                assertThat(told("ports of a pod that is gone are deleted")).isPositive());
        assertThat(pod2.pings("23.23.23.3")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void of_the_daemon_while_peers_restart_is_made_up_for(boolean isKilled) {
        int eth1 = pod1.link("eth1").ifindex();
        pod1.brand("eth1");
        pod1.brand("eth2");
        Map<String, ObservedLink> before = pod1.links();
        stop(isKilled);

        // A pod of this node vanishes, and one of the other node is restarted.
        LAB.removeNamespace(pod2);
        pod3.del().succeeded();
        LAB.removeNamespace(pod3);
        pod3 = added("pod3", LAB.node2());
        LAB.node1().start();

        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        eventually(() -> assertThat(pod1.link("eth1").saysNoCarrier()).isTrue());
        pod2.del().succeeded();
        pod2 = added("pod2", LAB.node1());
        awaitPings();
        eventually(() -> assertThat(pod2.pings("23.23.23.3")).isTrue());
        for (String ifname : List.of("eth1", "eth2")) {
            assertThat(pod1.link(ifname).likeness())
                    .isEqualTo(before.get(ifname).likeness());
            assertThat(pod1.link(ifname).branded()).isTrue();
        }
        assertThat(pod1.link("eth1").ifindex()).isEqualTo(eth1);
        assertThat(patch.ports()).hasSize(4);
    }

    @Test
    void of_the_daemon_while_a_link_is_withdrawn_and_another_declared_is_made_up_for() {
        LAB.node1().stop();
        LAB.etcd().put("/pod3/links", "[]");
        LAB.upload(new Topology()
                .link(11, end("pod1", "eth1", "12.12.12.1/24"), end("pod2", "eth1", "12.12.12.2/24"))
                .link(15, end("pod1", "eth5", "15.15.15.1/24"), end("pod2", "eth5", "15.15.15.2/24")));

        LAB.node1().start();

        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth5"));
        eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth5"));
        eventually(() -> assertThat(pod1.pings("15.15.15.2")).isTrue());
        assertThat(pod1.pings("12.12.12.2")).isTrue();
    }

    private void awaitPings() {
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
    }

    /** How many lines of the log say so. */
    private static int told(String text) {
        return (int)
                LAB.node1().log().lines().filter(line -> line.contains(text)).count();
    }

    private static void stop(boolean isKilled) {
        if (isKilled) {
            LAB.node1().kill();
        } else {
            LAB.node1().stop();
        }
    }

    /** The interfaces of the pods of node 1 and their ports, with the indexes of both. */
    private Map<String, Object> seen() {
        Map<String, Object> seen = new TreeMap<>();
        for (Pod pod : List.of(pod1, pod2)) {
            Map<String, Object> links = new TreeMap<>();
            pod.links().forEach((name, link) -> links.put(name, link.likeness()));
            seen.put(pod.name(), links);
        }
        Map<String, Object> ports = new TreeMap<>();
        patch.links().forEach((name, link) -> ports.put(name, link.likeness()));
        seen.put("ports", ports);
        return seen;
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
