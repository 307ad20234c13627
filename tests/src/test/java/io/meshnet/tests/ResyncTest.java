package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The periodic look at all links, with a period of a second. It puts right what nothing else tells of, as the program of a port is: the
 * kernel notifies of links, and not of their filters. And it changes nothing that is right, however often it looks.
 */
class ResyncTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "1"));

    @Test
    void repairs_what_is_wrong_and_nothing_else() {
        LAB.upload(Topology.triangle());
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());
        eventually(() -> assertThat(pod1.pings("12.12.12.2")).isTrue());
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        eventually(() -> assertThat(pod2.pings("23.23.23.3")).isTrue());
        Survivors survivors = new Survivors()
                .with(pod1, "eth0", "eth1", "eth2")
                .with(pod2, "eth0", "eth1", "eth2")
                .with(pod3, "eth0", "eth1", "eth2");
        long made = changes(LAB.node1());
        long madeThere = changes(LAB.node2());

        ObservedLink port = LAB.node1().patch().port(pod1, "eth2");
        for (int round = 1; round <= 3; round++) {
            LAB.node1().patch().run("tc", "qdisc", "delete", "dev", "port" + port.ifindex(), "clsact");
            eventually(() -> assertThat(
                            LAB.node1().patch().run("tc", "filter", "show", "dev", "port" + port.ifindex(), "ingress"))
                    .contains("bpf"));
            eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        }

        assertThat(changes(LAB.node1())).as("changes made").isEqualTo(made);
        assertThat(changes(LAB.node2())).as("changes made there").isEqualTo(madeThere);
        survivors.assertUntouched();
    }

    /** How many changes to the kernel the daemon's log tells of. */
    private static long changes(Node node) {
        return node.log().lines().filter(line -> line.contains(": made ")).count();
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
