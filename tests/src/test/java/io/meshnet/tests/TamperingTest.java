package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.tests.ObservedLink.Likeness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A pod with NET_ADMIN in the initial user namespace reaches the patch namespace by the id that the kernel gives it for the peer of its
 * own interface. What it breaks there is repaired and told; it gets no frame of another link for longer than the repair takes. A pod in a
 * user namespace of its own reaches nothing, and nobody sends into a link from outside of it.
 */
class TamperingTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "1"));

    private static final int VICTIMS_VNI = 5013;

    @TempDir
    Path directory;

    private Pod attacker;
    private Pod victim;
    private Pod near;
    private Pod far;
    private PatchView patch;

    @BeforeEach
    void start() {
        LAB.upload(new Topology()
                .link(11, end("attacker", "eth1", "10.11.0.1/24"), end("near", "eth9", "10.11.0.2/24"))
                .link(12, end("victim", "eth1", "10.12.0.1/24"), end("near", "eth1", "10.12.0.2/24"))
                .link(13, end("victim", "eth2", "10.13.0.1/24"), end("far", "eth1", "10.13.0.2/24")));
        patch = new PatchView(LAB.node1());
        // Its ports leave indexes behind that are lower than the victim's.
        attacker = added("attacker", LAB.node1());
        near = added("near", LAB.node1());
        near.del().succeeded();
        victim = added("victim", LAB.node1());
        near = added("near", LAB.node1());
        far = added("far", LAB.node2());
        awaitVictim();
    }

    @Test
    void deletes_a_port_which_is_made_again() {
        for (String ifname : List.of("eth1", "eth2")) {
            Likeness before = victim.link(ifname).likeness();
            int port = patch.port(victim, ifname).ifindex();

            assertThat(reach("list").out()).contains(port + " port" + port);
            assertThat(reach("delete", port).status()).isZero();

            eventually(() -> assertThat(victim.link(ifname).likeness()).isEqualTo(before));
            awaitVictim();
            assertThat(patch.port(victim, ifname).ifindex()).isGreaterThan(port);
        }
    }

    @Test
    void adds_devices_which_are_deleted_and_told_of() {
        assertThat(reach("bridge", "spy").status()).isZero();
        assertThat(reach("veth", 4242, 7, "spyport", "spied").status()).isZero();

        eventually(() -> assertThat(patch.links()).doesNotContainKeys("spy", "spyport"));

        assertThat(warnings()).anyMatch(line -> line.contains("tampering") && line.contains("bridge spy"));
        assertThat(warnings())
                .anyMatch(line -> line.contains("tampering")
                        && line.contains("veth spyport")
                        && line.contains("default/attacker"));
        assertThat(attacker.links()).doesNotContainKey("spied");
        awaitVictim();
    }

    @ParameterizedTest
    @ValueSource(strings = {"eth1", "eth2"})
    void takes_the_place_of_a_port_which_is_told_of_and_undone(String ifname) {
        ObservedLink port = patch.port(victim, ifname);
        attacker.ip("link", "add", "spy", "type", "veth", "peer", "name", "spyport");
        attacker.ip("link", "set", "spy", "up");

        try (Capture spied = Capture.begin(attacker.netns(), "spy", directory.resolve("spy"))) {
            // One after the other, so that the daemon sees both at once.
            String nsid = nsid();
            String index = Integer.toString(port.ifindex());
            Command.of(
                            "sh",
                            "-c",
                            "\"$0\" delete \"$1\" \"$2\" && \"$0\" move \"$1\" spyport \"$2\" \"$3\" \"$4\" \"$5\"")
                    .and(Program.REACH.command().words().getFirst(), nsid, index, port.group())
                    .and("port" + index, port.alias())
                    .inside(attacker.netns())
                    .output();

            assertUndone(ifname, port, spied);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"eth1", "eth2"})
    void adds_a_rival_of_a_port_which_is_told_of_and_undone(String ifname) {
        ObservedLink port = patch.port(victim, ifname);
        Likeness before = victim.link(ifname).likeness();
        int lower = PatchView.FIRST_PORT + 2;
        while (patch.ports().containsKey(lower)) {
            lower++;
        }
        assertThat(lower).isLessThan(port.ifindex());
        attacker.ip("link", "add", "spy", "type", "veth", "peer", "name", "spyport");
        attacker.ip("link", "set", "spy", "up");

        try (Capture spied = Capture.begin(attacker.netns(), "spy", directory.resolve("spy"))) {
            assertThat(reach("move", "spyport", lower, port.group(), "spied", port.alias())
                            .status())
                    .isZero();

            assertUndone(ifname, port, spied);
            assertThat(victim.link(ifname).likeness()).isEqualTo(before);
            assertThat(patch.port(victim, ifname).ifindex())
                    .as("the port was left alone")
                    .isEqualTo(port.ifindex());
        }
    }

    @Test
    void takes_the_place_of_a_port_while_no_daemon_runs() {
        ObservedLink port = patch.port(victim, "eth1");
        attacker.ip("link", "add", "spy", "type", "veth", "peer", "name", "spyport");
        attacker.ip("link", "set", "spy", "up");
        LAB.node1().stop();
        try (Capture spied = Capture.begin(attacker.netns(), "spy", directory.resolve("spy"))) {
            assertThat(reach("delete", port.ifindex()).status()).isZero();
            assertThat(reach(
                                    "move",
                                    "spyport",
                                    port.ifindex(),
                                    port.group(),
                                    port.json().path("ifname").asText(),
                                    port.alias())
                            .status())
                    .isZero();

            LAB.node1().start();

            assertUndone("eth1", port, spied);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void uses_indexes_up_and_pods_are_added_all_the_same(boolean isDaemonAway) {
        ObservedLink port = patch.port(victim, "eth1");
        attacker.ip("link", "add", "spy", "type", "veth", "peer", "name", "spyport");
        if (isDaemonAway) {
            LAB.node1().stop();
        }
        assertThat(reach("veth", Integer.MAX_VALUE - 1, 7, "last", "spied").status())
                .isZero();
        assertThat(reach("move", "spyport", Integer.MAX_VALUE - 3, port.group(), "spied", port.alias())
                        .status())
                .isZero();
        if (isDaemonAway) {
            LAB.node1().start();
        }
        patch.awaitInspections(2);
        assertThat(patch.links()).doesNotContainKeys("last", "spied");

        near.del().succeeded();
        near = added("near", LAB.node1());

        awaitVictim();
        assertThat(patch.port(near, "eth1").ifindex()).isLessThan(Integer.MAX_VALUE / 2);
    }

    @Test
    void reaches_nothing_from_a_user_namespace_of_its_own() {
        Pod confined = LAB.pod("confined", LAB.node1());
        Path place = Path.of("/run/netns", confined.netns());
        Path log = directory.resolve("holder");
        LAB.upload(new Topology().link(14, end("confined", "eth1", "10.14.0.1/24"), end("none", "eth1", "")));
        try (Daemon holder = Daemon.start(
                "sleep", Command.of("unshare", "--user", "--map-root-user", "--net", "sleep", "infinity"), log)) {
            Path proc = Path.of("/proc", Long.toString(holder.pid()), "ns");
            eventually(() -> assertThat(Files.readSymbolicLink(proc.resolve("user")))
                    .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/user"))));
            eventually(() -> assertThat(Files.readSymbolicLink(proc.resolve("net")))
                    .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/net"))));
            Command.of("umount", place.toString()).output();
            Command.of("mount", "--bind", proc.resolve("net").toString(), place.toString())
                    .output();
            confined.add().succeeded();
            String nsid = confined.link("eth1").json().path("link_netnsid").asText();
            int port = patch.port(victim, "eth1").ifindex();
            Command pod = Command.of("nsenter", "--user=" + proc.resolve("user"), "--net=" + proc.resolve("net"), "--");

            pod.around(Command.ip("link", "set", "eth1", "mtu", "1300")).output();
            for (Command reach : List.of(
                    Program.REACH.command("list", nsid),
                    Program.REACH.command("delete", nsid, Integer.toString(port)),
                    Program.REACH.command("bridge", nsid, "spy"),
                    Program.REACH.command("veth", nsid, "4242", "7", "spyport", "spied"),
                    Program.REACH.command("move", nsid, "eth1", "4243", "7", "spyport", "spied"))) {
                Outcome outcome = pod.around(reach).run();
                assertThat(outcome.status()).as("%s", outcome).isEqualTo(1);
                assertThat(outcome.err().strip()).as("%s", outcome).isIn("EPERM", "EACCES");
            }
            awaitVictim();
            confined.del().succeeded();
        }
    }

    @Test
    void sends_into_no_other_link_from_within_a_pod() {
        long before = wrongSender();
        try (Capture received = Capture.begin(victim.netns(), "eth2", directory.resolve("victim"))) {
            Frames.sendVxlan(attacker.netns(), LAB.node1().address(), VICTIMS_VNI, "raw");
            attacker.ip("link", "add", "own", "type", "vxlan", "id", Integer.toString(VICTIMS_VNI), "dstport", "4789");
            attacker.ip("link", "set", "own", "up");
            Command.of("bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "own")
                    .and("dst", LAB.node1().address(), "vni", Integer.toString(VICTIMS_VNI))
                    .inside(attacker.netns())
                    .output();
            Frames.send(attacker.netns(), "own", "tunnelled");
            Frames.send(attacker.netns(), "eth1", "own-link");

            eventually(() -> assertThat(wrongSender()).isGreaterThanOrEqualTo(before + 2));
            Frames.send(far.netns(), "eth1", "genuine");
            eventually(() -> assertThat(received.count("genuine")).isEqualTo(1));
            assertThat(received.count("raw")).isZero();
            assertThat(received.count("tunnelled")).isZero();
            assertThat(received.count("own-link")).isZero();
        }
        awaitVictim();
    }

    @Test
    void sends_into_no_link_from_another_host_of_the_underlay() {
        long before = wrongSender();
        try (Capture received = Capture.begin(victim.netns(), "eth2", directory.resolve("victim"))) {
            for (int vni : new int[] {VICTIMS_VNI, 5012, 5011, 5999, 0, (1 << 24) - 1}) {
                Frames.sendVxlan(LAB.underlay().fabric(), LAB.node1().address(), vni, "forged");
            }

            eventually(() -> assertThat(wrongSender()).isEqualTo(before + 1));
            Frames.send(far.netns(), "eth1", "genuine");
            eventually(() -> assertThat(received.count("genuine")).isEqualTo(1));
            assertThat(received.count("forged")).isZero();
        }
        // The right node under another link's VNI.
        try (Capture received = Capture.begin(near.netns(), "eth1", directory.resolve("near"))) {
            Frames.sendVxlan(LAB.node2().netns(), LAB.node1().address(), 5012, "forged");
            Frames.send(victim.netns(), "eth1", "genuine");
            eventually(() -> assertThat(received.count("genuine")).isEqualTo(1));
            assertThat(received.count("forged")).isZero();
        }
        awaitVictim();
    }

    /** The victim's link works, the attacker's device is gone and gets nothing more, and the log tells of it. */
    private void assertUndone(String ifname, ObservedLink port, Capture spied) {
        eventually(() -> assertThat(patch.ports().values())
                .filteredOn(link -> link.alias().equals(port.alias()))
                .hasSize(1)
                .allMatch(link -> link.json().path("link_netnsid").asInt()
                        == patch.port(victim, ifname.equals("eth1") ? "eth2" : "eth1")
                                .json()
                                .path("link_netnsid")
                                .asInt()));
        eventually(() -> assertThat(victim.link(ifname).carrier()).isTrue());
        awaitVictim();
        int before = spied.received();
        Pod peer = ifname.equals("eth1") ? near : far;
        for (int i = 0; i < 5; i++) {
            Frames.send(victim.netns(), ifname, "secret" + i);
            Frames.send(peer.netns(), "eth1", "secret" + i);
        }
        awaitVictim();
        assertThat(spied.received()).isEqualTo(before);
        assertThat(attacker.links()).doesNotContainKey("spy");
        assertThat(warnings())
                .anyMatch(line ->
                        line.contains("tampering") && line.contains("veth") && line.contains("default/attacker"));
    }

    private void awaitVictim() {
        eventually(() -> assertThat(victim.pings("10.12.0.2")).isTrue());
        eventually(() -> assertThat(victim.pings("10.13.0.2")).isTrue());
    }

    /** What the attacker's own netlink says of the patch namespace: the id that it has for it. */
    private String nsid() {
        return attacker.link("eth1").json().path("link_netnsid").asText();
    }

    private Outcome reach(String what, Object... more) {
        String[] words = new String[more.length];
        for (int i = 0; i < more.length; i++) {
            words[i] = more[i].toString();
        }
        return Program.REACH
                .command(what, nsid())
                .and(words)
                .inside(attacker.netns())
                .run();
    }

    private long wrongSender() {
        return LAB.node1()
                .toldOf(victim, "eth2")
                .path("observed")
                .path("wrong_sender")
                .asLong();
    }

    private static List<String> warnings() {
        return LAB.node1()
                .log()
                .lines()
                .filter(line -> line.contains("\"level\":\"WARNING\""))
                .toList();
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
