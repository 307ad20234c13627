package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How large a packet passes between two nodes. What the underlay does not carry in one piece is dropped, counted and told, unless the
 * link or the operator declares such an MTU: then the outer packets are fragmented, which only IPv4 can.
 */
class TunnelMtuTest {

    private static final String FAR = "12.12.12.2";

    /** Two nodes and the link between pod1 and pod2, which can be on one node or on two. */
    abstract static class Nodes {
        Pod pod1;
        Pod pod2;

        abstract Lab lab();

        void start(boolean apart, Topology topology) {
            lab().upload(topology);
            pod1 = lab().pod("pod1", lab().node1());
            pod2 = lab().pod("pod2", apart ? lab().node2() : lab().node1());
            pod1.add().succeeded();
            pod2.add().succeeded();
        }

        void awaitPing() {
            eventually(() -> assertThat(pod1.pings(FAR)).isTrue());
        }

        boolean passes(int bytes) {
            return Frames.passes(pod1.netns(), FAR, bytes);
        }

        void assertMtu(int mtu) {
            assertThat(pod1.link("eth1").mtu()).as("MTU in pod1").isEqualTo(mtu);
            assertThat(pod2.link("eth1").mtu()).as("MTU in pod2").isEqualTo(mtu);
        }

        void setMtu(int mtu) {
            for (Pod pod : List.of(pod1, pod2)) {
                pod.ip("link", "set", "eth1", "mtu", Integer.toString(mtu));
            }
        }

        JsonNode told() {
            return lab().node1().toldOf(pod1, "eth1");
        }

        /** How many fragments the first node has made of packets (Ip: FragCreates of snmp(5)). */
        long fragments() {
            List<String[]> lines = Command.of("cat", "/proc/net/snmp")
                    .inside(lab().node1().netns())
                    .output()
                    .lines()
                    .filter(line -> line.startsWith("Ip: "))
                    .map(line -> line.split(" ", -1))
                    .toList();
            return Long.parseLong(lines.get(1)[List.of(lines.get(0)).indexOf("FragCreates")]);
        }

        /** Restarts both daemons in other circumstances. */
        void restartDaemons(Runnable between) {
            lab().node1().stop();
            lab().node2().stop();
            between.run();
            lab().node1().start();
            lab().node2().start();
        }
    }

    @Nested
    class OverAnUnderlayOf1500 extends Nodes {
        @RegisterExtension
        static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "1"));

        @Override
        Lab lab() {
            return LAB;
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void an_undeclared_mtu_is_what_the_underlay_carries_wherever_the_peer_runs(boolean apart) {
            start(apart, Topology.pair());
            awaitPing();

            assertMtu(1450);
            long before = fragments();
            assertThat(passes(1450)).isTrue();
            assertThat(fragments()).isEqualTo(before);
            assertThat(told().path("observed").path("too_big").asLong()).isZero();
        }

        @Test
        void a_larger_frame_is_dropped_and_counted_and_told_of_once() {
            start(true, Topology.pair());
            awaitPing();
            new PatchView(LAB.node1()).awaitInspections(2);
            setMtu(1500);
            assertThat(passes(1450)).isTrue();
            long fragments = fragments();

            assertThat(passes(1451)).isFalse();
            assertThat(passes(1500)).isFalse();

            eventually(() ->
                    assertThat(told().path("observed").path("too_big").asLong()).isGreaterThanOrEqualTo(2));
            eventually(() -> assertThat(told().path("reason").asText()).contains("too big for the underlay: 1450"));
            assertThat(told().path("state").asText()).isEqualTo("in place");
            eventually(() -> assertThat(warnings()).isEqualTo(1));
            assertThat(passes(1500)).isFalse();
            new PatchView(LAB.node1()).awaitInspections(2);
            assertThat(passes(1500)).isFalse();
            new PatchView(LAB.node1()).awaitInspections(2);
            assertThat(warnings()).as("warnings in%n%s", LAB.node1().log()).isEqualTo(1);
            assertThat(fragments()).isEqualTo(fragments);
            assertThat(passes(1450)).isTrue();
            assertMtu(1500);
        }

        @Test
        void a_declared_mtu_passes_in_fragments() {
            start(true, Topology.pair().mtu(11, 9000));
            awaitPing();
            assertMtu(9000);
            long before = fragments();

            eventually(() -> assertThat(passes(9000)).isTrue());

            assertThat(fragments()).isGreaterThan(before);
            assertThat(told().path("observed").path("too_big").asLong()).isZero();
        }

        @Test
        void a_declaration_that_comes_later_lets_frames_pass_that_were_dropped() {
            start(true, Topology.pair());
            awaitPing();
            setMtu(9000);
            assertThat(passes(9000)).isFalse();

            LAB.upload(Topology.pair().mtu(11, 9000));

            eventually(() -> assertThat(passes(9000)).isTrue());
            LAB.upload(Topology.pair());
            eventually(() -> assertMtu(1450));
            setMtu(9000);
            assertThat(passes(9000)).isFalse();
            assertThat(passes(1450)).isTrue();
        }

        @Test
        void anything_passes_within_a_node() {
            start(false, Topology.pair());
            awaitPing();
            setMtu(65_000);

            assertThat(passes(65_000)).isTrue();

            LAB.upload(Topology.pair().mtu(11, 9000));
            eventually(() -> assertMtu(9000));
            assertThat(passes(9000)).isTrue();
            assertThat(told().path("observed").path("too_big").asLong()).isZero();
        }
    }

    @Nested
    class WithAnMtuOfTheOperators extends Nodes {
        @RegisterExtension
        static final Lab LAB = new Lab(Map.of("MESHNET_MTU", "9000"));

        @Override
        Lab lab() {
            return LAB;
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void it_counts_for_every_link_that_declares_none(boolean apart) {
            start(apart, Topology.pair());
            awaitPing();
            assertMtu(9000);
            long before = fragments();

            eventually(() -> assertThat(passes(9000)).isTrue());

            assertThat(fragments() > before).as("fragments were made").isEqualTo(apart);
        }

        @Test
        void the_link_knows_better() {
            start(true, Topology.pair().mtu(11, 1400));
            awaitPing();

            assertMtu(1400);
            setMtu(1500);
            assertThat(passes(1500)).isFalse();
            assertThat(passes(1450)).isTrue();
        }
    }

    @Nested
    class OverIpv6 extends Nodes {
        @RegisterExtension
        static final Lab LAB = new Lab();

        @Override
        Lab lab() {
            return LAB;
        }

        @BeforeEach
        void moveToIpv6() {
            restartDaemons(() -> {
                for (Node node : List.of(LAB.node1(), LAB.node2())) {
                    String address = "fd99::" + node.name().replace("node", "1");
                    node.ip("-6", "address", "replace", address + "/64", "dev", Underlay.UPLINK, "nodad");
                    node.set("MESHNET_VTEP", address);
                }
            });
        }

        @Test
        void the_undeclared_mtu_leaves_room_for_larger_headers() {
            start(true, Topology.pair());
            awaitPing();

            assertMtu(1430);
            assertThat(passes(1430)).isTrue();
            setMtu(1500);
            assertThat(passes(1431)).isFalse();
            assertThat(told().path("observed").path("too_big").asLong()).isPositive();
        }

        @Test
        void an_mtu_that_would_need_fragments_is_refused_and_the_interface_is_there_all_the_same() {
            start(true, Topology.pair());
            awaitPing();
            ObservedLink before = pod1.link("eth1");

            LAB.upload(Topology.pair().mtu(11, 9000));

            eventually(() -> assertThat(told().path("state").asText()).isEqualTo("failed"));
            assertThat(told().path("reason").asText()).contains("9000", "1430", "IPv6");
            ObservedLink link = pod1.link("eth1");
            assertThat(link.ifindex()).isEqualTo(before.ifindex());
            assertThat(link.addresses()).containsExactly("12.12.12.1/24");
            assertThat(link.likeness().up()).isTrue();
            assertThat(link.saysNoCarrier()).isTrue();
            assertThat(LAB.node1().log()).contains("does not fragment");

            LAB.upload(Topology.pair().mtu(11, 1430));
            awaitPing();
            assertThat(pod1.link("eth1").ifindex()).isEqualTo(before.ifindex());
            assertThat(told().path("state").asText()).isEqualTo("in place");
        }

        @Test
        void an_mtu_that_would_need_fragments_fails_the_ADD_that_would_complete_the_link() {
            LAB.upload(Topology.pair().mtu(11, 9000));
            pod1 = LAB.pod("pod1", LAB.node1());
            pod2 = LAB.pod("pod2", LAB.node2());
            pod1.add().succeeded();
            assertThat(pod1.link("eth1").addresses()).containsExactly("12.12.12.1/24");

            assertThat(pod2.add().failedWith(102).text()).contains("MTU 9000", "1430", "does not fragment");

            assertThat(pod1.link("eth1").addresses()).containsExactly("12.12.12.1/24");
            LAB.assertReleased(pod2);
        }

        @Test
        void within_a_node_it_passes() {
            start(false, Topology.pair().mtu(11, 9000));
            awaitPing();

            assertThat(passes(9000)).isTrue();
        }
    }

    @Nested
    class OverAnUnderlayOf9100 extends Nodes {
        @RegisterExtension
        static final Lab LAB = new Lab();

        @Override
        Lab lab() {
            return LAB;
        }

        @BeforeEach
        void enlarge() {
            restartDaemons(() -> {
                for (String port : List.of("port1", "port2")) {
                    Command.ip("link", "set", port, "mtu", "9100")
                            .inside(LAB.underlay().fabric())
                            .output();
                }
                for (Node node : List.of(LAB.node1(), LAB.node2())) {
                    node.ip("link", "set", Underlay.UPLINK, "mtu", "9100");
                }
            });
        }

        @Test
        void a_declared_mtu_passes_in_one_piece() {
            start(true, Topology.pair().mtu(11, 9000));
            awaitPing();
            assertMtu(9000);
            long before = fragments();

            eventually(() -> assertThat(passes(9000)).isTrue());

            assertThat(fragments()).isEqualTo(before);
        }

        @Test
        void the_undeclared_mtu_is_that_of_Ethernet_and_pods_may_agree_on_more() {
            start(true, Topology.pair());
            awaitPing();
            assertMtu(1500);

            setMtu(9050);

            assertThat(passes(9050)).isTrue();
            setMtu(9051);
            assertThat(passes(9051)).isFalse();
        }
    }

    private static long warnings() {
        return OverAnUnderlayOf1500.LAB
                .node1()
                .log()
                .lines()
                .filter(line -> line.contains("\"level\":\"WARNING\"") && line.contains("too big"))
                .count();
    }
}
