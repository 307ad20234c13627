package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.tests.Topology.End;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Links that are edited in etcd while their pods run. The pods get what is declared now and keep nothing of what was declared before; what
 * can be changed in place is; and two links that nobody edits, one within the node and one between nodes, stay the very devices that they were, unchanged.
 */
class LiveChangeTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static final int UID = 11;
    private static final End NEAR = end("pod1", "eth1", "10.11.0.1/24");
    private static final End FAR = end("pod2", "eth1", "10.11.0.2/24");

    private Pod pod1;
    private Pod pod2;
    private Pod pod3;
    private Pod pod4;
    private Survivors bystanders;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void adds_a_link_and_takes_it_away_again(boolean apart) {
        start(apart);
        Survivors others = new Survivors().with(pod1, "eth1").with(pod2, "eth1");

        declare(withLink(NEAR, FAR).link(12, end("pod1", "more", "10.12.0.1/24"), end("pod2", "more", "10.12.0.2/24")));

        eventually(() -> assertThat(pod1.pings("10.12.0.2")).isTrue());
        declare(withLink(NEAR, FAR));
        eventually(() -> assertThat(pod1.links()).doesNotContainKey("more"));
        eventually(() -> assertThat(pod2.links()).doesNotContainKey("more"));
        others.assertUntouched();
        bystanders.assertUntouched();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void gives_other_addresses_and_leaves_the_users_own(boolean apart) {
        start(apart);
        pod1.ip("address", "add", "192.0.2.7/24", "dev", "eth1");
        pod1.brand("eth1");
        pod2.brand("eth1");

        for (String net : List.of("10.21.0.", "10.22.0.")) {
            declare(withLink(end("pod1", "eth1", net + "1/24"), end("pod2", "eth1", net + "2/24")));
            awaitAddresses(pod1, "192.0.2.7/24", net + "1/24");
            awaitAddresses(pod2, net + "2/24");
            eventually(() -> assertThat(pod1.pings(net + "2")).isTrue());
        }
        declare(withLink(end("pod1", "eth1", "fd00:21::1/64"), end("pod2", "eth1", "fd00:21::2/64")));
        awaitAddresses(pod1, "192.0.2.7/24", "fd00:21::1/64");
        eventually(() -> assertThat(pod1.pings("fd00:21::2")).isTrue());
        declare(withLink(end("pod1", "eth1", ""), end("pod2", "eth1", "")));
        awaitAddresses(pod1, "192.0.2.7/24");
        awaitAddresses(pod2);

        assertThat(pod1.link("eth1").branded()).isTrue();
        assertThat(pod2.link("eth1").branded()).isTrue();
        bystanders.assertUntouched();
    }

    @ParameterizedTest
    @CsvSource({"false, pod3, port", "false, pod4, VNI", "true, pod3, port", "true, pod4, VNI"})
    void joins_an_end_to_another_peer(boolean apart, String successor, String wire) {
        start(apart);
        Survivors near = new Survivors().with(pod1, "eth1");

        declare(withLink(NEAR, end(successor, "eth1", "10.11.0.9/24")));

        eventually(() -> assertThat(pod1.pings("10.11.0.9")).isTrue());
        assertThat(LAB.node1().wireOf(pod1, "eth1")).startsWith(wire + " ");
        near.assertUntouched();
        eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0"));
        bystanders.assertUntouched();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void renames_the_interfaces_of_both_ends(boolean apart) {
        start(apart);

        declare(withLink(end("pod1", "west", "10.11.0.1/24"), end("pod2", "east", "10.11.0.2/24")));

        eventually(() -> assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "near", "away", "west"));
        eventually(() -> assertThat(pod2.links()).containsOnlyKeys("lo", "eth0", "east"));
        eventually(() -> assertThat(pod1.pings("10.11.0.2")).isTrue());
        assertThat(pod1.link("west").addresses()).containsExactly("10.11.0.1/24");
        bystanders.assertUntouched();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void changes_the_mtu_of_both_ends_in_place(boolean apart) {
        start(apart);
        int usual = pod1.link("eth1").mtu();
        pod1.brand("eth1");
        pod2.brand("eth1");

        for (int mtu : new int[] {1200, 1300}) {
            declare(withLink(NEAR, FAR).mtu(UID, mtu));
            awaitMtu(mtu);
        }
        declare(withLink(NEAR, FAR));
        awaitMtu(usual);

        assertThat(pod1.link("eth1").branded()).isTrue();
        assertThat(pod2.link("eth1").branded()).isTrue();
        eventually(() -> assertThat(pod1.pings("10.11.0.2")).isTrue());
        bystanders.assertUntouched();
    }

    /** pod1 and pod3 on one node, pod4 on the other, pod2 where it is told to be; all links up. */
    private void start(boolean apart) {
        declare(withLink(NEAR, FAR));
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", apart ? LAB.node2() : LAB.node1());
        pod3 = added("pod3", LAB.node1());
        pod4 = added("pod4", LAB.node2());
        eventually(() -> assertThat(pod1.pings("10.11.0.2")).isTrue());
        eventually(() -> assertThat(pod1.pings("10.51.0.3")).isTrue());
        eventually(() -> assertThat(pod1.pings("10.52.0.4")).isTrue());
        bystanders = new Survivors()
                .with(pod1, "eth0", "near", "away")
                .with(pod3, "eth0", "near")
                .with(pod4, "eth0", "away");
    }

    /** The two links that stay as they are, and one. */
    private static Topology withLink(End one, End other) {
        return new Topology()
                .link(51, end("pod1", "near", "10.51.0.1/24"), end("pod3", "near", "10.51.0.3/24"))
                .link(52, end("pod1", "away", "10.52.0.1/24"), end("pod4", "away", "10.52.0.4/24"))
                .link(UID, one, other);
    }

    private static void declare(Topology topology) {
        LAB.upload(topology);
        if (!topology.keys().containsKey("/pod2/links")) {
            LAB.etcd().put("/pod2/links", "[]");
        }
    }

    private static void awaitAddresses(Pod pod, String... addresses) {
        eventually(() -> assertThat(pod.link("eth1").addresses()).as(pod.name()).containsExactlyInAnyOrder(addresses));
    }

    private void awaitMtu(int mtu) {
        for (Pod pod : List.of(pod1, pod2)) {
            eventually(() -> assertThat(pod.link("eth1").mtu()).as(pod.name()).isEqualTo(mtu));
        }
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
