package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Daemons with {@code MESHNET_STRICT=true}: every ADD is strict, unless its own configuration says that it is not. */
class StrictDaemonTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_STRICT", "true", "MESHNET_STRICT_TIMEOUT", "1"));

    private Pod pod1;

    @BeforeEach
    void obstructThePeersEnd() {
        LAB.upload(Topology.pair());
        Pod pod2 = LAB.pod("pod2", LAB.node2());
        pod2.add().succeeded();
        pod2.ip("link", "add", "eth1", "type", "bridge");
        pod1 = LAB.pod("pod1", LAB.node1());
    }

    @Test
    void fail_an_add_whose_configuration_says_nothing() {
        CniAnswer answer = pod1.add();

        answer.failedWith(102);
        assertThat(answer.text()).contains("link 11");
        LAB.assertReleased(pod1);
    }

    @Test
    void let_an_add_succeed_whose_configuration_says_that_it_is_not_strict() {
        pod1.add(LAB.node1().config().put("strict", false)).succeeded();

        assertThat(pod1.link("eth1").kind()).isEqualTo("vxlan");
    }
}
