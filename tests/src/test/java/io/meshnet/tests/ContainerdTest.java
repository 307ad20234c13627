package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.StatusRuntimeException;
import io.meshnet.tests.generated.cri.PodSandbox;
import io.meshnet.tests.generated.cri.PodSandboxState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods as containerd makes them, asked for over the Container Runtime Interface. */
class ContainerdTest {
    private static final long SEED = 20_260_707;
    private static final int CROWD = 20;

    @RegisterExtension
    static final RuntimeLab LAB = new RuntimeLab();

    @Test
    void wires_the_triangle_of_legacy_meshnet() {
        Map<String, Sandbox> pods = triangle();

        for (Sandbox pod : pods.values()) {
            assertThat(kinds(pod)).isEqualTo(Map.of("lo", "", "eth0", "veth", "eth1", "veth", "eth2", "veth"));
        }
        assertThat(LAB.node1().node().wires())
                .isEqualTo(Map.of(
                        "pod1:eth1",
                        "port " + pods.get("pod2").link("eth1").peer(),
                        "pod1:eth2",
                        "VNI 5013 to " + LAB.node2().node().address(),
                        "pod2:eth1",
                        "port " + pods.get("pod1").link("eth1").peer(),
                        "pod2:eth2",
                        "VNI 5021 to " + LAB.node2().node().address()));
        assertThat(LAB.node2().node().wires())
                .isEqualTo(Map.of(
                        "pod3:eth1", "VNI 5013 to " + LAB.node1().node().address(),
                        "pod3:eth2", "VNI 5021 to " + LAB.node1().node().address()));
        assertThat(LAB.node1().node().leases())
                .containsExactlyInAnyOrder(
                        pods.get("pod1").address(), pods.get("pod2").address());
        assertThat(LAB.node2().node().leases()).containsExactly(pods.get("pod3").address());
        assertThat(LAB.etcd().all())
                .containsEntry("/pod3/container_id", pods.get("pod3").id())
                .containsEntry("/pod3/net_ns", pods.get("pod3").path())
                .containsEntry("/pod3/src_ip", LAB.node2().node().address());
    }

    @Test
    void wires_a_crowd_that_comes_at_once_by_a_topology_of_chance() {
        System.out.printf("seed of the topology: %d%n", SEED);
        var chance = new RandomTopology(SEED, CROWD, CROWD);
        LAB.upload(chance.topology());

        Map<String, Sandbox> running = byName(RuntimeLab.atOnce(
                chance.pods(),
                pod -> nodeOf(chance.pods().indexOf(pod)).kubelet().run(pod)));

        eventually(() -> chance.assertInPlace(running));
        eventually(() -> chance.assertReachable(running));
    }

    @Test
    void gives_a_pod_its_links_back_when_it_was_deleted_and_made_again() {
        Map<String, Sandbox> pods = triangle();
        int kept = pods.get("pod3").link("eth2").ifindex();

        LAB.node1().kubelet().delete("pod1");

        eventually(() -> assertThat(pods.get("pod2").link("eth1").carrier()).isFalse());
        eventually(() -> assertThat(pods.get("pod3").link("eth1").carrier()).isFalse());
        assertThat(LAB.etcd().get("/pod1/src_ip")).isEmpty();
        pods.put("pod1", LAB.node1().kubelet().run("pod1"));
        eventually(() -> assertTriangle(pods));

        LAB.node1().kubelet().delete("pod1");
        pods.put("pod1", LAB.node2().kubelet().run("pod1"));
        eventually(() -> assertTriangle(pods));
        assertThat(LAB.node2().node().wires())
                .containsEntry("pod1:eth1", "VNI 5011 to " + LAB.node1().node().address())
                .containsEntry(
                        "pod1:eth2", "port " + pods.get("pod3").link("eth1").peer());
        assertThat(pods.get("pod3").link("eth2").ifindex()).isEqualTo(kept);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void goes_on_when_containerd_is_restarted(boolean gracefully) {
        Map<String, Sandbox> pods = triangle();
        Map<String, Integer> before = ifindexes(pods.get("pod1"));
        if (gracefully) {
            LAB.node1().runtime().stop();
        } else {
            LAB.node1().runtime().kill();
        }
        assertTriangle(pods);

        LAB.node1().runtime().start();

        assertThat(LAB.node1().kubelet().sandboxes())
                .extracting(PodSandbox::getState)
                .containsExactly(PodSandboxState.SANDBOX_READY, PodSandboxState.SANDBOX_READY);
        assertThat(ifindexes(pods.get("pod1"))).isEqualTo(before);
        assertTriangle(pods);
        LAB.node1().kubelet().delete("pod2");
        pods.put("pod2", LAB.node1().kubelet().run("pod2"));
        eventually(() -> assertTriangle(pods));
    }

    @Test
    void wires_all_pods_when_meshnetd_is_killed_and_started_while_they_come_up() {
        var chance = new RandomTopology(SEED + 1, 10, 5);
        LAB.upload(chance.topology());
        List<CompletableFuture<Sandbox>> coming = chance.pods().stream()
                .map(pod -> CompletableFuture.supplyAsync(
                        () -> LAB.node1().kubelet().persist(pod), Thread::startVirtualThread))
                .toList();
        eventually(() -> assertThat(LAB.etcd().all().keySet()).anyMatch(key -> key.endsWith("/src_ip")));

        LAB.node1().node().kill();
        eventually(() -> assertThat(LAB.node1().kubelet().failures()).isNotEmpty());
        // An init system ends them with the daemon. One that went on until after the DEL could keep an address.
        eventually(() -> assertThat(delegates(LAB.node1())).isEmpty());
        LAB.node1().node().start();
        Map<String, Sandbox> running =
                byName(coming.stream().map(CompletableFuture::join).toList());

        eventually(() -> chance.assertInPlace(running));
        eventually(() -> chance.assertReachable(running));
        assertThat(LAB.node1().node().leases()).hasSize(10);
    }

    /** The processes of delegates on a node, by their ids. */
    private static String delegates(RuntimeNode node) {
        Command search = Command.of("pgrep", "-x", "bridge|host-local");
        return node.machine().command(search).run().out();
    }

    @Test
    void gives_a_pod_of_no_topology_its_first_interface_and_no_other_with_or_without_etcd() {
        Sandbox first = LAB.node1().kubelet().run("plain1");
        LAB.etcd().stop();
        Sandbox second = LAB.node1().kubelet().run("plain2");
        Sandbox chained = LAB.node2().kubelet().run("plain3");

        assertThat(first.links()).containsOnlyKeys("lo", "eth0");
        assertThat(second.links()).containsOnlyKeys("lo", "eth0");
        assertThat(chained.links()).containsOnlyKeys("lo", "eth0");
        assertThat(first.pings(second.address())).isTrue();
        LAB.node1().kubelet().delete("plain2");
        assertThat(LAB.node1().node().leases()).containsExactly(first.address());
    }

    @Test
    void runs_from_the_archive_in_containers_as_the_manifests_say() throws IOException {
        RuntimeNode node = LAB.node1();
        node.node().stop();
        node.uninstall();
        node.runtime().load(Image.archive());
        Overlay manifests = Overlay.render("delegate");
        Map<String, Path> directories = Map.of(
                "/opt/cni/bin",
                node.runtime().plugins(),
                "/etc/cni/net.d",
                node.runtime().configurations());
        var installation = new ManifestContainer(node, manifests, "install", directories);
        var daemon = new ManifestContainer(node, manifests, "meshnetd", directories);

        try (Daemon install = installation.start()) {
            node.node().contain(command -> daemon.command(command.environment()));
            node.node().start();
            eventually(() -> assertThat(node.runtime().cri().network()).contains("meshnet"));
            Map<String, Sandbox> pods = triangle();

            // Where the delegate notes its leases the container sees nothing.
            assertThat(node.node().leases()).hasSize(2);
            Map<String, Integer> before = ifindexes(pods.get("pod1"));
            node.node().stop();
            node.node().start();
            node.kubelet().delete("pod2");
            pods.put("pod2", node.kubelet().run("pod2"));
            eventually(() -> assertTriangle(pods));
            assertThat(ifindexes(pods.get("pod1"))).containsEntry("eth2", before.get("eth2"));
            List.of("pod1", "pod2").forEach(node.kubelet()::delete);
            assertThat(node.node().leases()).isEmpty();
            assertThat(install.running()).isTrue();
            install.terminate();
        }
        Path scratch = Files.createTempDirectory(node.node().directory(), "patched");
        Overlay removal = Overlay.patched("delegate", "uninstall.yaml", scratch);
        try (Daemon uninstall = new ManifestContainer(node, removal, "install", directories).start()) {
            eventually(() ->
                    assertThat(node.runtime().plugins().resolve("meshnet")).doesNotExist());
            assertThat(node.runtime().configurations()).isDirectoryNotContaining("glob:**meshnet*");
            uninstall.terminate();
        }
        node.node().stop();
        node.node().contain(UnaryOperator.identity());
        node.reinstall();
        node.node().start();
        eventually(() -> assertThat(node.runtime().cri().network()).contains("my_network"));
    }

    @Test
    void tells_the_runtime_why_a_pod_cannot_be_wired_and_wires_it_once_it_can() {
        LAB.upload(Topology.pair());
        String good = LAB.etcd().get("/pod1/links");
        LAB.etcd().put("/pod1/links", good.replace("\"uid\":11", "\"uid\":0"));

        assertThatThrownBy(() -> LAB.node1().kubelet().run("pod1"))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContainingAll("meshnet", "default/pod1", "uid");

        LAB.node1().kubelet().delete("pod1");
        RuntimeLab.assertClean(LAB.node1());
        LAB.etcd().put("/pod1/links", good);
        Sandbox pod1 = LAB.node1().kubelet().run("pod1");
        LAB.node2().kubelet().run("pod2");
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
    }

    /** Uploads the triangle, runs its pods one after the other, and waits until all reach each other. */
    private static Map<String, Sandbox> triangle() {
        LAB.upload(Topology.triangle());
        Map<String, Sandbox> pods = byName(List.of(
                LAB.node1().kubelet().run("pod1"),
                LAB.node1().kubelet().run("pod2"),
                LAB.node2().kubelet().run("pod3")));
        eventually(() -> assertTriangle(pods));
        return pods;
    }

    private static void assertTriangle(Map<String, Sandbox> pods) {
        assertThat(pods.get("pod1").pings("12.12.12.2")).as("pod1 to pod2").isTrue();
        assertThat(pods.get("pod2").pings("23.23.23.3")).as("pod2 to pod3").isTrue();
        assertThat(pods.get("pod3").pings("13.13.13.1")).as("pod3 to pod1").isTrue();
    }

    private static RuntimeNode nodeOf(int pod) {
        return pod % 3 == 0 ? LAB.node2() : LAB.node1();
    }

    private static Map<String, Sandbox> byName(List<Sandbox> pods) {
        return new HashMap<>(pods.stream().collect(Collectors.toMap(Sandbox::pod, Function.identity())));
    }

    private static Map<String, String> kinds(Sandbox pod) {
        return pod.links().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, link -> link.getValue().kind()));
    }

    private static Map<String, Integer> ifindexes(Sandbox pod) {
        return pod.links().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, link -> link.getValue().ifindex()));
    }
}
