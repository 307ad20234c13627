package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many pods at once: a ring on two nodes, each pod linked to the next and to the one after that. */
class CrowdTest {
    private static final int PODS = 10;

    @RegisterExtension
    static final Lab LAB = new Lab();

    private List<Pod> pods;

    @BeforeEach
    void uploadRing() {
        var topology = new Topology();
        for (int pod = 0; pod < PODS; pod++) {
            for (int distance = 1; distance <= 2; distance++) {
                topology.link(
                        100 * distance + pod,
                        end(name(pod), "to" + distance, address(pod, distance, 1) + "/24"),
                        end(name((pod + distance) % PODS), "from" + distance, address(pod, distance, 2) + "/24"));
            }
        }
        LAB.upload(topology);
        pods = IntStream.range(0, PODS)
                .mapToObj(pod -> LAB.pod(name(pod), pod % 3 == 0 ? LAB.node2() : LAB.node1()))
                .toList();
    }

    @Test
    void gets_every_link_when_all_come_at_once() {
        atOnce(pod -> pod.add().succeeded());

        eventually(this::assertAllReachable);
    }

    @Test
    void leaves_nothing_when_all_go_at_once() {
        atOnce(pod -> pod.add().succeeded());

        atOnce(pod -> pod.del().succeeded());

        pods.forEach(LAB::assertReleased);
        LAB.assertNodesClean();
    }

    @Test
    void gets_every_link_when_some_come_while_others_are_replaced() {
        pods.subList(0, PODS / 2).forEach(pod -> pod.add().succeeded());

        List<Pod> successors = pods.stream()
                .map(pod -> LAB.pod(pod.name(), pod.node() == LAB.node1() ? LAB.node2() : LAB.node1()))
                .toList();
        atOnce(pod -> {
            pod.del().succeeded();
            successors.get(pods.indexOf(pod)).add().succeeded();
        });
        pods = successors;

        eventually(this::assertAllReachable);
    }

    private void assertAllReachable() {
        for (int pod = 0; pod < PODS; pod++) {
            for (int distance = 1; distance <= 2; distance++) {
                String peer = address(pod, distance, 2);
                assertThat(pods.get(pod).pings(peer))
                        .as("%s pings %s", name(pod), peer)
                        .isTrue();
            }
        }
    }

    private void atOnce(Consumer<Pod> action) {
        var calls = pods.stream()
                .map(pod -> CompletableFuture.runAsync(() -> action.accept(pod), Thread::startVirtualThread))
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(calls).join();
    }

    private static String name(int pod) {
        return "ring" + pod;
    }

    private static String address(int pod, int distance, int host) {
        return "10.%d.%d.%d".formatted(100 + distance, pod, host);
    }
}
