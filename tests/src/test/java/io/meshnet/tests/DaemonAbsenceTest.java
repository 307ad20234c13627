package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A daemon that is back within its node's time to live interrupts nothing: no packet is lost on any link of its pods, within the node or
 * across nodes, and no other node takes notice.
 */
class DaemonAbsenceTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_NODE_TTL", "120"));

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void interrupts_nothing(boolean gracefully) {
        LAB.upload(Topology.triangle());
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());
        eventually(() -> assertThat(pod2.pings("23.23.23.3")).isTrue());
        eventually(() -> assertThat(pod3.pings("13.13.13.1")).isTrue());
        try (EndlessPing within = EndlessPing.start(pod1, "12.12.12.2", directory.resolve("within"));
                EndlessPing out = EndlessPing.start(pod2, "23.23.23.3", directory.resolve("out"));
                EndlessPing in = EndlessPing.start(pod3, "13.13.13.1", directory.resolve("in"))) {
            if (gracefully) {
                LAB.node1().stop();
            } else {
                LAB.node1().kill();
            }
            within.assertNothingLost();
            LAB.node1().start();

            within.assertNothingLost();
            out.assertNothingLost();
            in.assertNothingLost();
        }
        assertThat(LAB.node2().log()).doesNotContain("is not alive");
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
