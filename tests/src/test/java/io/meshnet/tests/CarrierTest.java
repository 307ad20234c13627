package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a pod sees of a link whose peer comes, goes and moves. Its interface is the same device all the while, wherever the peer runs; it
 * has a carrier exactly while the peer runs; and nothing stays where the peer was.
 */
class CarrierTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private Pod pod1;
    private Pod pod2;

    @BeforeEach
    void addPair() {
        LAB.upload(Topology.pair());
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", LAB.node2());
        awaitAnswer();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void goes_and_comes_with_the_peer_wherever_that_comes_back(int number) {
        Survivors survivors = new Survivors().with(pod1, "eth1");
        Node node = number == 2 ? LAB.node2() : LAB.node3();

        pod2.del().succeeded();

        eventually(() -> {
            assertThat(pod1.link("eth1").saysNoCarrier()).isTrue();
            assertThat(pod1.link("eth1").operationalState()).isEqualTo("DOWN");
        });
        survivors.assertUntouched();
        LAB.removeNamespace(pod2);
        added("pod2", node);
        eventually(() -> {
            assertThat(pod1.link("eth1").carrier()).isTrue();
            assertThat(pod1.link("eth1").operationalState()).isNotEqualTo("DOWN");
        });
        awaitAnswer();
        assertWireTo(node);
        survivors.assertUntouched();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void is_of_the_same_interface_when_the_peer_moves_to_this_node_and_back(boolean late) {
        Survivors survivors = new Survivors().with(pod1, "eth1");

        pod2 = moved(pod2, LAB.node1(), late);
        assertThat(LAB.node1().wireOf(pod1, "eth1"))
                .isEqualTo("port " + pod2.link("eth1").peer());
        survivors.assertUntouched();

        pod2 = moved(pod2, LAB.node2(), late);
        assertWireTo(LAB.node2());
        survivors.assertUntouched();
    }

    @Test
    void is_not_lost_when_the_peer_moves_from_one_other_node_to_another(@TempDir Path directory) {
        LAB.node3();
        Survivors survivors = new Survivors().with(pod1, "eth1");
        Path told = directory.resolve("told");
        try (Daemon monitor =
                Daemon.start("ip monitor", Command.ip("-d", "monitor", "link").inside(pod1.netns()), told)) {
            assertThat(monitor.running()).isTrue();
            awaitWord("begin", told);

            pod2 = moved(pod2, LAB.node3(), true);

            eventually(() -> assertWireTo(LAB.node3()));
            awaitAnswer();
            awaitWord("end", told);
        }
        assertThat(Daemon.text(told)).contains("begin", "end").doesNotContain("eth1", "Deleted", "NO-CARRIER");
        survivors.assertUntouched();
    }

    /**
     * Moves a pod to another node.
     *
     * @param late whether its old incarnation is deleted only after the new one was added
     * @return the new incarnation, which its peer reaches
     */
    private Pod moved(Pod old, Node to, boolean late) {
        if (!late) {
            old.del().succeeded();
        }
        Pod successor = added(old.name(), to);
        awaitAnswer();
        eventually(() -> assertThat(old.links()).as("what stays behind").doesNotContainKey("eth1"));
        if (late) {
            old.del().succeeded();
            awaitAnswer();
        }
        return successor;
    }

    private void assertWireTo(Node node) {
        assertThat(LAB.node1().wireOf(pod1, "eth1")).isEqualTo("VNI 5011 to " + node.address());
    }

    /** Has the kernel tell of something, and waits until that was written down, and so all that was told before it. */
    private void awaitWord(String word, Path told) {
        eventually(() -> {
            pod1.ip("link", "set", "lo", "alias", "");
            pod1.ip("link", "set", "lo", "alias", word);
            assertThat(Daemon.text(told)).contains(word);
        });
    }

    private void awaitAnswer() {
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
