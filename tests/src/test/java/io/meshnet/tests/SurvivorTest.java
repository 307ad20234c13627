package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A router configures its interface, and its peer is restarted. The interface loses its carrier meanwhile and nothing else: what the
 * router laid on it is there afterwards, and frames pass again.
 */
class SurvivorTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private static final String NEAR = "12.12.12.1";
    private static final String FAR = "12.12.12.2";

    /** Where the peer runs, one incarnation after the other; the router is on node1. */
    enum Journey {
        STAYS_ON_THE_ROUTERS_NODE("11"),
        STAYS_ON_THE_OTHER_NODE("22"),
        LEAVES_AND_COMES_BACK("121");

        private final String nodes;

        /** @param nodes the numbers of the nodes, a digit each */
        Journey(String nodes) {
            this.nodes = nodes;
        }

        int first() {
            return nodes.charAt(0) - '0';
        }

        /** Where the peer is started again. */
        List<Integer> restarts() {
            return nodes.chars().skip(1).mapToObj(digit -> digit - '0').toList();
        }
    }

    @TempDir
    Path directory;

    private final RestartedPeer peer = new RestartedPeer(LAB, "pod2");
    private Pod router;

    @ParameterizedTest
    @EnumSource
    void the_interface_itself(Journey journey) {
        begin(journey);
        router.brand("eth1");

        assertSurvives(journey, () -> router.link("eth1").likeness());

        assertThat(router.link("eth1").branded()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void a_token_bucket(Journey journey) {
        begin(journey);
        tc("qdisc add dev eth1 root handle 7: tbf rate 900mbit burst 100k latency 50ms");

        assertSurvives(journey, () -> tc("qdisc show dev eth1"));

        assertThat(tc("qdisc show dev eth1")).contains("tbf 7:");
    }

    @ParameterizedTest
    @EnumSource
    void a_tree_of_classes(Journey journey) {
        begin(journey);
        tc("qdisc add dev eth1 root handle 8: htb default 20");
        tc("class add dev eth1 parent 8: classid 8:10 htb rate 500mbit");
        tc("class add dev eth1 parent 8: classid 8:20 htb rate 400mbit");
        tc("filter add dev eth1 parent 8: protocol ip u32 match ip dport 179 0xffff flowid 8:10");

        assertSurvives(
                journey,
                () -> tc("qdisc show dev eth1") + tc("class show dev eth1") + tc("filter show dev eth1 parent 8:"));

        assertThat(tc("class show dev eth1")).contains("8:10", "8:20");
    }

    @ParameterizedTest
    @EnumSource
    void an_ingress_filter(Journey journey) {
        begin(journey);
        tc("qdisc add dev eth1 handle ffff: ingress");
        tc(
                "filter add dev eth1 ingress protocol ip u32 match ip protocol 17 0xff action mirred egress redirect dev lo");

        assertSurvives(journey, () -> tc("qdisc show dev eth1") + tc("filter show dev eth1 ingress"));

        assertThat(tc("filter show dev eth1 ingress")).contains("mirred");
    }

    @Test
    void a_vlan() {
        Journey journey = Journey.LEAVES_AND_COMES_BACK;
        begin(journey);
        Outcome made = Command.ip("link", "add", "eth1.30", "link", "eth1", "type", "vlan", "id", "30")
                .inside(router.netns())
                .run();
        if (made.status() != 0) {
            // This kernel has no 8021q, for any device of anybody.
            assertThat(made.err()).contains("Unknown device type");
            assertThat(Command.ip("link", "add", "lo.30", "link", "lo", "type", "vlan", "id", "30")
                            .inside(router.netns())
                            .run()
                            .err())
                    .contains("Unknown device type");
            return;
        }
        router.ip("address", "add", "30.30.30.1/24", "dev", "eth1.30");
        router.ip("link", "set", "eth1.30", "up");

        assertSurvives(journey, () -> router.link("eth1.30").likeness(), () -> {
            Pod far = peer.pod();
            far.ip("link", "add", "eth1.30", "link", "eth1", "type", "vlan", "id", "30");
            far.ip("address", "add", "30.30.30.2/24", "dev", "eth1.30");
            far.ip("link", "set", "eth1.30", "up");
            return eventuallyTrue(() -> router.pings("30.30.30.2"));
        });
    }

    @ParameterizedTest
    @EnumSource
    void a_macvlan(Journey journey) {
        begin(journey);
        router.ip("link", "add", "upon", "link", "eth1", "type", "macvlan", "mode", "bridge");
        router.ip("address", "add", "12.12.12.11/24", "dev", "upon");
        router.ip("link", "set", "upon", "up");

        assertSurvives(
                journey,
                () -> router.link("upon").likeness(),
                () -> eventuallyTrue(() -> Frames.passesThrough(router.netns(), "upon", FAR)));
    }

    @ParameterizedTest
    @EnumSource
    void membership_of_a_bridge(Journey journey) {
        begin(journey);
        router.ip("link", "add", "bridge0", "type", "bridge");
        router.ip("link", "set", "eth1", "master", "bridge0");
        router.ip("link", "set", "bridge0", "up");
        router.ip("address", "flush", "dev", "eth1");
        router.ip("address", "add", NEAR + "/24", "dev", "bridge0");

        assertSurvives(journey, () -> {
            ObservedLink link = router.link("eth1");
            assertThat(link.json().path("master").asText()).isEqualTo("bridge0");
            return link.likeness();
        });
    }

    @ParameterizedTest
    @EnumSource
    void a_guest_behind_a_tap(Journey journey) {
        begin(journey);
        router.ip("address", "flush", "dev", "eth1");
        router.ip("tuntap", "add", "tap0", "mode", "tap");
        router.ip("link", "set", "tap0", "up");
        for (String[] way : new String[][] {{"eth1", "tap0"}, {"tap0", "eth1"}}) {
            tc("qdisc add dev %s ingress".formatted(way[0]));
            tc("filter add dev %s ingress protocol all u32 match u32 0 0 action mirred egress redirect dev %s"
                    .formatted(way[0], way[1]));
        }
        Path log = directory.resolve("guest");
        Command guest = Program.GUEST.command("tap0", NEAR).inside(router.netns());
        try (Daemon running = Daemon.start("guest", guest, log)) {
            eventually(() -> assertThat(Daemon.text(log)).contains("ready"));

            assertSurvives(
                    journey,
                    () -> tc("filter show dev eth1 ingress")
                            + router.link("tap0").ifindex(),
                    () -> eventuallyTrue(() -> peer.pod().pings(NEAR)));

            assertThat(running.running()).as("%s", Daemon.text(log)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void an_open_packet_socket(Journey journey) {
        begin(journey);
        try (Capture socket = Capture.begin(router.netns(), "eth1", directory.resolve("capture"))) {
            for (int node : journey.restarts()) {
                restart(node);
                String text = "from " + peer.pod().netns();
                assertThat(socket.count(text)).isZero();
                eventually(() -> {
                    Frames.send(peer.pod().netns(), "eth1", text);
                    assertThat(socket.count(text)).isPositive();
                });
                awaitPing();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void addresses_routes_and_neighbours(Journey journey) {
        begin(journey);
        router.ip("address", "add", "192.0.2.7/24", "dev", "eth1");
        router.ip("address", "add", "fd00:7::1/64", "dev", "eth1", "nodad");
        router.ip("route", "add", "198.51.100.0/24", "via", FAR);
        router.ip("route", "add", "203.0.113.0/24", "dev", "eth1", "metric", "7");
        router.ip("route", "add", "fd00:8::/64", "via", "fd00:7::2");
        router.ip("neighbour", "add", "12.12.12.99", "lladdr", "02:00:00:00:00:99", "nud", "permanent", "dev", "eth1");

        assertSurvives(
                journey,
                () -> List.of(
                        router.link("eth1").addresses().stream().sorted().toList(),
                        routes("-4"),
                        routes("-6"),
                        ip("neighbour", "show", "nud", "permanent", "dev", "eth1")));
    }

    @ParameterizedTest
    @EnumSource
    void settings_of_the_kernel(Journey journey) {
        begin(journey);
        router.sysctl("net.ipv4.conf.eth1.rp_filter", "2");
        router.sysctl("net.ipv4.conf.eth1.arp_ignore", "1");
        router.sysctl("net.ipv6.conf.eth1.accept_ra", "0");
        router.sysctl("net.ipv6.conf.eth1.forwarding", "1");
        router.sysctl("net.ipv4.neigh.eth1.gc_stale_time", "77");

        assertSurvives(
                journey,
                () -> Command.of(
                                "sh",
                                "-c",
                                "cd /proc/sys/net && cat ipv4/conf/eth1/rp_filter ipv4/conf/eth1/arp_ignore"
                                        + " ipv6/conf/eth1/accept_ra ipv6/conf/eth1/forwarding ipv4/neigh/eth1/gc_stale_time")
                        .inside(router.netns())
                        .output());
    }

    /** The link is up, and the peer's first incarnation runs. */
    private void begin(Journey journey) {
        LAB.upload(Topology.pair());
        router = LAB.pod("pod1", LAB.node1());
        router.add().succeeded();
        peer.start(node(journey.first()));
        awaitPing();
    }

    private void assertSurvives(Journey journey, Supplier<Object> look) {
        assertSurvives(journey, look, () -> {
            awaitPing();
            return true;
        });
    }

    /** Restarts the peer along its journey, and compares what the router sees with what it saw before. */
    private void assertSurvives(Journey journey, Supplier<Object> look, BooleanSupplier awaitFrames) {
        assertThat(awaitFrames.getAsBoolean()).isTrue();
        Object before = look.get();
        for (int node : journey.restarts()) {
            restart(node);
            assertThat(awaitFrames.getAsBoolean()).isTrue();
            assertThat(look.get()).as("after a restart on node%d", node).isEqualTo(before);
        }
    }

    /** The router's interface is without carrier in between. */
    private void restart(int node) {
        int ifindex = router.link("eth1").ifindex();
        peer.stop();
        eventually(() -> assertThat(router.link("eth1").saysNoCarrier()).isTrue());
        peer.start(node(node));
        eventually(() -> assertThat(router.link("eth1").carrier()).isTrue());
        assertThat(router.link("eth1").ifindex()).isEqualTo(ifindex);
    }

    private void awaitPing() {
        eventually(() -> assertThat(router.pings(FAR)).isTrue());
    }

    private static boolean eventuallyTrue(BooleanSupplier condition) {
        eventually(() -> assertThat(condition.getAsBoolean()).isTrue());
        return true;
    }

    private static Node node(int number) {
        return number == 1 ? LAB.node1() : LAB.node2();
    }

    private String tc(String arguments) {
        return Command.of("tc")
                .and(arguments.split(" ", -1))
                .inside(router.netns())
                .output();
    }

    private String ip(String... arguments) {
        return Command.ip(arguments).inside(router.netns()).output();
    }

    /** The routes by the interface, without the flags that tell of its carrier. */
    private JsonNode routes(String family) {
        ArrayNode routes = (ArrayNode) Json.parse(ip("-j", family, "route", "show", "dev", "eth1"));
        IntStream.range(0, routes.size()).forEach(i -> ((ObjectNode) routes.get(i)).remove("flags"));
        return routes;
    }
}
