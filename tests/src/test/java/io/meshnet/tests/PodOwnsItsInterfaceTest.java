package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.tests.ObservedLink.Likeness;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a pod does to its interface is the pod's business: no inspection and no restart of the daemon undoes it. Only a changed
 * declaration touches the interface, and only what changed in it; and an interface that the pod deletes is made again.
 */
class PodOwnsItsInterfaceTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "1"));

    private static final String NEAR = "12.12.12.1";
    private static final String FAR = "12.12.12.2";

    /** What a pod does, and whether its address still answers its peer afterwards. */
    enum Deed {
        SETS_IT_DOWN(false, "link set eth1 down"),
        SETS_IT_DOWN_AND_UP(true, "link set eth1 down", "link set eth1 up"),
        SETS_ITS_MTU(true, "link set eth1 mtu 1300"),
        SETS_AN_MTU_TOO_SMALL_FOR_IPV6(true, "link set eth1 mtu 1000"),
        SETS_ITS_MAC(true, "link set eth1 address 02:00:00:00:00:77"),
        FLUSHES_ITS_ADDRESSES(false, "address flush dev eth1"),
        ADDS_ADDRESSES(true, "address add 192.0.2.7/24 dev eth1", "address add fd00:7::1/64 dev eth1 nodad"),
        RENAMES_IT(true, "link set eth1 down", "link set eth1 name swp1", "link set swp1 up"),
        RENAMES_IT_WHILE_IT_IS_UP(true, "link set eth1 name swp1"),
        ENSLAVES_IT(
                true,
                "link add bridge0 type bridge",
                "link set bridge0 up",
                "link set eth1 master bridge0",
                "address flush dev eth1",
                "address add 12.12.12.1/24 dev bridge0"),
        SETS_ALIAS_AND_GROUP(true, "link set eth1 alias uplink", "link set eth1 group 77"),
        SETS_ITS_QUEUE(true, "link set eth1 txqueuelen 777"),
        TURNS_ARP_OFF_AND_ON(true, "link set eth1 arp off", "link set eth1 arp on", "link set eth1 multicast off");

        private final boolean answers;
        private final String commands;

        Deed(boolean answers, String... commands) {
            this.answers = answers;
            this.commands = String.join("\n", commands);
        }

        void by(Pod pod) {
            commands.lines().forEach(command -> pod.ip(command.split(" ", -1)));
        }
    }

    private Pod pod1;
    private Pod pod2;
    private Pod elsewhere;

    @ParameterizedTest
    @EnumSource
    void and_nothing_is_undone_that_the_pod(Deed deed) {
        start(LAB.node1(), Topology.pair());

        deed.by(pod1);

        ObjectNode links = seen(pod1);
        awaitInspections();
        assertThat(seen(pod1)).as("after inspections").isEqualTo(links);
        LAB.node1().stop();
        LAB.node1().start();
        awaitInspections();
        assertThat(seen(pod1)).as("after a restart of the daemon").isEqualTo(links);
        if (deed.answers) {
            eventually(() -> assertThat(pod2.pings(NEAR)).isTrue());
        } else {
            pod1.ip("link", "set", "eth1", "up");
            pod1.ip("address", "replace", NEAR + "/24", "dev", "eth1");
            eventually(() -> assertThat(pod2.pings(NEAR)).isTrue());
        }
    }

    @Test
    void and_two_pods_of_a_node_may_agree_on_a_larger_mtu() {
        start(LAB.node1(), Topology.pair());
        pod1.ip("link", "set", "eth1", "mtu", "9000");
        pod2.ip("link", "set", "eth1", "mtu", "9000");

        assertThat(Frames.passes(pod1.netns(), FAR, 9000)).isTrue();
        awaitInspections();

        assertThat(Frames.passes(pod1.netns(), FAR, 9000)).isTrue();
        assertThat(pod1.link("eth1").mtu()).isEqualTo(9000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void and_it_goes_on_carrying_in_another_namespace(boolean apart) {
        start(apart ? LAB.node2() : LAB.node1(), Topology.pair());

        pod1.ip("link", "set", "eth1", "netns", elsewhere.netns());
        elsewhere.ip("address", "add", NEAR + "/24", "dev", "eth1");
        elsewhere.ip("link", "set", "eth1", "up");

        eventually(() -> assertThat(elsewhere.pings(FAR)).isTrue());
        Likeness moved = elsewhere.link("eth1").likeness();
        awaitInspections();
        LAB.node1().stop();
        LAB.node1().start();
        awaitInspections();
        assertThat(elsewhere.link("eth1").likeness()).isEqualTo(moved);
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0");
        assertThat(elsewhere.pings(FAR)).isTrue();
        assertThat(LAB.node1().toldOf(pod1, "eth1").path("state").asText()).isEqualTo("in place");

        pod1.del().succeeded();
        assertThat(elsewhere.links()).containsOnlyKeys("lo");
    }

    @Test
    void but_what_it_deletes_is_made_again_as_declared() {
        start(LAB.node1(), Topology.pair());
        Likeness declared = pod1.link("eth1").likeness();
        int port = new PatchView(LAB.node1()).port(pod1, "eth1").ifindex();
        pod1.ip("address", "add", "192.0.2.7/24", "dev", "eth1");
        pod1.ip("link", "set", "eth1", "mtu", "1300");

        pod1.ip("link", "delete", "eth1");

        eventually(() -> assertThat(pod1.link("eth1").likeness()).isEqualTo(declared));
        eventually(() -> assertThat(pod1.pings(FAR)).isTrue());
        assertThat(new PatchView(LAB.node1()).port(pod1, "eth1").ifindex()).isGreaterThan(port);
    }

    @Test
    void but_another_address_of_the_declaration_is_applied_and_nothing_else() {
        start(LAB.node1(), Topology.pair());
        pod1.ip("link", "set", "eth1", "mtu", "1300");
        pod1.ip("link", "set", "eth1", "address", "02:00:00:00:00:77");
        pod1.ip("address", "add", "192.0.2.7/24", "dev", "eth1");
        pod1.brand("eth1");

        LAB.upload(new Topology().link(11, end("pod1", "eth1", "12.12.12.8/24"), end("pod2", "eth1", FAR + "/24")));

        eventually(() ->
                assertThat(pod1.link("eth1").addresses()).containsExactlyInAnyOrder("12.12.12.8/24", "192.0.2.7/24"));
        awaitInspections();
        assertThat(pod1.link("eth1").mtu()).isEqualTo(1300);
        assertThat(pod1.link("eth1").mac()).isEqualTo("02:00:00:00:00:77");
        assertThat(pod1.link("eth1").branded()).isTrue();
        eventually(() -> assertThat(pod2.pings("12.12.12.8")).isTrue());
    }

    @ParameterizedTest
    @CsvSource({"1200", "4000"})
    void but_another_mtu_of_the_declaration_is_applied_and_nothing_else(int mtu) {
        start(LAB.node1(), Topology.pair());
        pod1.ip("link", "set", "eth1", "mtu", "1300");
        pod1.ip("link", "set", "eth1", "address", "02:00:00:00:00:77");
        pod1.ip("address", "flush", "dev", "eth1", "scope", "global");
        pod1.ip("address", "add", "192.0.2.7/24", "dev", "eth1");
        pod1.ip("link", "set", "eth1", "name", "swp1");
        pod1.ip("link", "set", "swp1", "down");

        LAB.upload(Topology.pair().mtu(11, mtu));

        eventually(() -> assertThat(pod1.link("swp1").mtu()).isEqualTo(mtu));
        awaitInspections();
        Likeness after = pod1.link("swp1").likeness();
        assertThat(after.mac()).isEqualTo("02:00:00:00:00:77");
        assertThat(after.addresses()).containsExactly("192.0.2.7/24");
        assertThat(after.up()).isFalse();
        assertThat(after.mtu()).isEqualTo(mtu);
    }

    @Test
    void and_a_declaration_that_is_written_again_unchanged_is_no_change() {
        start(LAB.node1(), Topology.pair().mtu(11, 1400));
        pod1.ip("address", "flush", "dev", "eth1", "scope", "global");
        pod1.ip("link", "set", "eth1", "mtu", "1300");
        ObjectNode links = seen(pod1);

        LAB.upload(Topology.pair().mtu(11, 1400));
        LAB.node1().stop();
        LAB.upload(Topology.pair().mtu(11, 1400));
        LAB.node1().start();

        awaitInspections();
        assertThat(seen(pod1)).isEqualTo(links);
    }

    /** pod1 on node1, pod2 where it is told to be, and the link up. */
    private void start(Node of2, Topology topology) {
        LAB.upload(topology);
        elsewhere = LAB.pod("elsewhere", LAB.node1());
        pod1 = LAB.pod("pod1", LAB.node1());
        pod2 = LAB.pod("pod2", of2);
        pod1.add().succeeded();
        pod2.add().succeeded();
        eventually(() -> assertThat(pod1.pings(FAR)).isTrue());
    }

    private void awaitInspections() {
        new PatchView(LAB.node1()).awaitInspections(2);
    }

    /** Everything that {@code ip} shows of the links in a pod, but for what the kernel finds out by itself. */
    private static ObjectNode seen(Pod pod) {
        ObjectNode seen = Json.object();
        eventually(() -> {
            seen.removeAll();
            pod.links().forEach((name, link) -> seen.set(name, link.json()));
            // The kernel is done with what it does later: the check of addresses, and the carrier of a bridge.
            assertThat(pod.links().values().stream().noneMatch(ObservedLink::tentative))
                    .isTrue();
            assertThat(seen.toString()).doesNotContain("tentative");
        });
        seen.forEach(link -> {
            ((ObjectNode) link).remove("linkinfo");
            ((ObjectNode) link).remove("operstate");
            link.path("addr_info").forEach(address -> {
                ((ObjectNode) address).remove("preferred_life_time");
                ((ObjectNode) address).remove("valid_life_time");
            });
        });
        return seen;
    }
}
