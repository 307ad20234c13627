package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Daemons with {@code MESHNET_STRICT=true} and little patience. An ADD fails when a link is not up at both ends by then: it names that link
 * and no other, and leaves nothing of the pod. An ADD whose own configuration says that it is not strict succeeds.
 */
class StrictDaemonTest {
    private static final int LINK_NOT_MADE = 102;

    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_STRICT", "true", "MESHNET_STRICT_TIMEOUT", "3"));

    private Pod pod1;
    private Pod pod3;

    @BeforeEach
    void addPod3() {
        LAB.upload(Topology.triangle());
        pod3 = LAB.pod("pod3", LAB.node2());
        pod3.add().succeeded();
        pod1 = LAB.pod("pod1", LAB.node1());
    }

    @Test
    void fail_an_add_while_an_interface_of_the_user_is_in_the_way_at_the_other_end() {
        pod3.obstruct("eth1");

        assertFails();

        pod3.ip("link", "delete", "eth1");
        assertSucceedsByNow();
    }

    @Test
    void fail_an_add_while_the_daemon_of_the_other_end_is_away() {
        LAB.node2().kill();

        assertFails();

        LAB.node2().start();
        assertSucceedsByNow();
    }

    @Test
    void let_an_add_be_content_with_this_end_when_its_configuration_says_so() {
        pod3.obstruct("eth1");

        pod1.add(LAB.node1().config().put("strict", false)).succeeded();

        assertThat(LAB.node1().wireOf(pod1, "eth2"))
                .isEqualTo("VNI 5013 to " + LAB.node2().address());
        assertThat(pod3.link("eth1").kind()).isEqualTo("bridge");
    }

    /** Makes sure that the ADD fails for the link to pod3 and for no other, and leaves nothing. */
    private void assertFails() {
        CniAnswer answer = pod1.add();

        answer.failedWith(LINK_NOT_MADE);
        assertThat(answer.text())
                .contains("link 13 default/pod1:eth2 - default/pod3:eth1")
                .doesNotContain("link 11", "link 21");
        LAB.assertReleased(pod1);
        assertThat(LAB.node1().leases()).isEmpty();
        assertThat(LAB.node1().strayLinks()).isEmpty();
    }

    /** Patience may end early on a busy machine; a runtime tries again, too. */
    private void assertSucceedsByNow() {
        eventually(() -> pod1.add().succeeded());
        assertThat(pod1.link("eth2").carrier()).isTrue();
        assertThat(pod3.link("eth1").carrier()).isTrue();
    }
}
