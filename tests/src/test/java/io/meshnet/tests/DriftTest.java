package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.tests.ObservedLink.Likeness;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A pod changes the interfaces that meshnet made for it. They are the pod's: what it does to them stays, however often its links are
 * reconciled, and the wires go on carrying. Only an interface that the pod deletes is made again, as declared. A pod whose namespace
 * vanishes is withdrawn. The daemons look at nothing by themselves for a day, so that only what the kernel tells can be the reason.
 */
class DriftTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "86400"));

    /** What a pod may do to an interface, and what it has to do before frames pass again, if it has to. */
    enum Doing {
        ADDRESS_TAKEN("address delete ADDRESS dev IF", "address add ADDRESS dev IF"),
        ADDRESS_ADDED("address add 192.0.2.1/24 dev IF", ""),
        /** The kernel takes IPv6 addresses off what goes down. */
        SET_DOWN("link set IF down", "link set IF up; address replace ADDRESS dev IF"),
        MTU_SET("link set IF mtu 1300", ""),
        MAC_SET("link set IF address 02:00:00:00:00:77", ""),
        ALIAS_SET("link set IF alias uplink", ""),
        GROUP_SET("link set IF group 77", ""),
        PUT_INTO_A_BRIDGE("link set IF master red", "link set IF nomaster"),
        QUEUED("link set IF txqueuelen 13", "");

        private final String command;
        private final String reversal;

        Doing(String command, String reversal) {
            this.command = command;
            this.reversal = reversal;
        }

        void to(Pod pod, String ifname, String address) {
            run(command, pod, ifname, address);
        }

        void reverse(Pod pod, String ifname, String address) {
            Stream.of(reversal.split("; "))
                    .filter(each -> !each.isEmpty())
                    .forEach(each -> run(each, pod, ifname, address));
        }

        private static void run(String command, Pod pod, String ifname, String address) {
            Map<String, String> meant = Map.of("IF", ifname, "ADDRESS", address);
            pod.ip(Stream.of(command.split(" "))
                    .map(word -> meant.getOrDefault(word, word))
                    .toArray(String[]::new));
        }
    }

    private static final Map<String, String> PEER_ADDRESSES = new TreeMap<>(
            Map.of("near4", "10.1.4.2", "near6", "fd00:1:6::2", "away4", "10.2.4.2", "away6", "fd00:2:6::2"));

    private Pod pod1;
    private Pod pod2;
    private Pod pod3;

    @BeforeEach
    void addPods() {
        LAB.upload(topology());
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", LAB.node1());
        pod3 = added("pod3", LAB.node2());
        PEER_ADDRESSES.values().forEach(this::awaitAnswer);
    }

    private static Topology topology() {
        return new Topology()
                .link(11, end("pod1", "near4", "10.1.4.1/24"), end("pod2", "near4", "10.1.4.2/24"))
                .link(12, end("pod1", "near6", "fd00:1:6::1/64"), end("pod2", "near6", "fd00:1:6::2/64"))
                .link(13, end("pod1", "away4", "10.2.4.1/24"), end("pod3", "away4", "10.2.4.2/24"))
                .link(14, end("pod1", "away6", "fd00:2:6::1/64"), end("pod3", "away6", "fd00:2:6::2/64"));
    }

    @ParameterizedTest
    @EnumSource
    void is_left_alone(Doing doing) {
        pod1.ip("link", "add", "red", "type", "bridge");
        pod1.ip("link", "set", "red", "up");
        Map<String, String> addresses = PEER_ADDRESSES.keySet().stream()
                .collect(Collectors.toMap(
                        ifname -> ifname,
                        ifname -> pod1.link(ifname).addresses().getFirst()));
        Map<String, ObservedLink> before = pod1.links();
        PEER_ADDRESSES.keySet().forEach(ifname -> doing.to(pod1, ifname, addresses.get(ifname)));
        Map<String, Likeness> left = likenesses(pod1);

        reconcile();
        assertThat(likenesses(pod1)).containsAllEntriesOf(left);
        LAB.node1().stop();
        LAB.node1().start();
        reconcile();

        assertThat(likenesses(pod1)).containsAllEntriesOf(left);
        for (String ifname : PEER_ADDRESSES.keySet()) {
            assertThat(pod1.link(ifname).ifindex()).isEqualTo(before.get(ifname).ifindex());
            assertThat(pod1.link(ifname).peer())
                    .as("its port")
                    .isEqualTo(before.get(ifname).peer());
            doing.reverse(pod1, ifname, addresses.get(ifname));
            awaitAnswer(PEER_ADDRESSES.get(ifname));
        }
    }

    @Test
    void by_another_name_is_left_alone_and_frames_pass() {
        Map<String, Likeness> before = likenesses(pod1);
        PEER_ADDRESSES.keySet().forEach(ifname -> {
            pod1.brand(ifname);
            pod1.ip("link", "set", ifname, "name", "my" + ifname);
        });

        reconcile();

        PEER_ADDRESSES.forEach((ifname, address) -> {
            assertThat(pod1.links()).doesNotContainKey(ifname);
            assertThat(pod1.link("my" + ifname).branded()).isTrue();
            assertThat(pod1.link("my" + ifname).likeness().ifindex())
                    .isEqualTo(before.get(ifname).ifindex());
            awaitAnswer(address);
        });
    }

    @Test
    void to_another_namespace_is_left_alone_and_frames_pass() {
        Pod inner = LAB.pod("inner", LAB.node1());
        PEER_ADDRESSES.keySet().forEach(ifname -> {
            String address = pod1.link(ifname).addresses().getFirst();
            pod1.brand(ifname);
            pod1.ip("link", "set", ifname, "netns", inner.netns());
            inner.ip("address", "add", address, "dev", ifname);
            inner.ip("link", "set", ifname, "up");
        });

        reconcile();

        PEER_ADDRESSES.forEach((ifname, address) -> {
            assertThat(pod1.links()).doesNotContainKey(ifname);
            assertThat(inner.link(ifname).branded()).isTrue();
            eventually(() ->
                    assertThat(inner.pings(address)).as("%s answers", address).isTrue());
        });
        pod1.del().succeeded();
        assertThat(inner.links()).containsOnlyKeys("lo");
    }

    @Test
    void that_takes_an_interface_away_is_made_good() {
        for (String ifname : PEER_ADDRESSES.keySet()) {
            pod1.brand(ifname);
            Likeness before = pod1.link(ifname).likeness();

            pod1.ip("link", "delete", ifname);

            eventually(() -> assertThat(pod1.link(ifname).likeness())
                    .as("%s made again", ifname)
                    .isEqualTo(before));
            assertThat(pod1.link(ifname).branded()).isFalse();
            awaitAnswer(PEER_ADDRESSES.get(ifname));
        }
        assertThat(pod1.links().keySet()).containsExactlyInAnyOrder("lo", "eth0", "near4", "near6", "away4", "away6");
    }

    @Test
    void that_takes_all_interfaces_away_at_once_is_made_good() {
        Map<String, Likeness> before = likenesses(pod1);

        for (String ifname : PEER_ADDRESSES.keySet()) {
            pod1.ip("link", "delete", ifname);
        }

        eventually(() -> assertThat(likenesses(pod1)).isEqualTo(before));
        PEER_ADDRESSES.values().forEach(this::awaitAnswer);
    }

    @Test
    void of_the_users_own_interfaces_is_none_of_meshnets_affair() {
        pod1.ip("link", "add", "left", "type", "veth", "peer", "name", "right");
        pod1.ip("link", "add", "bridge0", "type", "bridge");
        pod1.ip("link", "add", "upon", "link", "near4", "type", "macvlan");
        pod1.ip("link", "set", "bridge0", "up");
        pod1.ip("link", "set", "upon", "up");
        pod1.ip("address", "add", "192.0.2.1/24", "dev", "bridge0");
        pod1.ip("address", "add", "192.0.2.2/24", "dev", "upon");
        pod1.ip("link", "set", "bridge0", "down");
        pod1.ip("link", "set", "left", "name", "lefter");
        pod1.ip("link", "set", "lefter", "name", "left");
        pod1.ip("link", "set", "eth0", "mtu", "1300");
        pod1.ip("address", "add", "192.0.2.3/24", "dev", "eth0");
        Survivors survivors = new Survivors().with(pod1, "left", "right", "bridge0", "upon", "eth0", "near4");

        pod1.ip("link", "delete", "away4");

        awaitAnswer(PEER_ADDRESSES.get("away4"));
        reconcile();
        survivors.assertUntouched();

        // The delegate takes back what it did for every address that it finds there.
        pod1.ip("address", "delete", "192.0.2.3/24", "dev", "eth0");
        pod1.ip("link", "delete", "left");
        pod1.ip("link", "delete", "upon");
        pod1.ip("link", "delete", "bridge0");
        pod1.ip("link", "delete", "away6");
        awaitAnswer(PEER_ADDRESSES.get("away6"));
        assertThat(pod1.links()).doesNotContainKeys("left", "right", "upon", "bridge0");
    }

    @Test
    void to_a_namespace_that_is_gone_withdraws_the_pod_and_lets_it_die() {
        Survivors survivors = new Survivors().with(pod1, PEER_ADDRESSES.keySet().toArray(String[]::new));

        LAB.removeNamespace(pod2);
        LAB.removeNamespace(pod3);

        eventually(() -> LAB.assertReleased(pod2));
        eventually(() -> LAB.assertReleased(pod3));
        for (String ifname : PEER_ADDRESSES.keySet()) {
            eventually(() -> assertThat(pod1.link(ifname).saysNoCarrier()).isTrue());
        }
        survivors.assertUntouched();
    }

    @Test
    void that_the_kernel_could_not_tell_is_found_because_it_tells_that_something_was_lost() {
        Map<String, Likeness> before = likenesses(pod1);
        PatchView patch = LAB.node1().patch();
        long lost = lostNotifications(patch);
        LAB.node1().freeze();
        while (lostNotifications(patch) == lost) {
            flood(patch);
        }

        pod1.ip("link", "delete", "near4");
        pod1.ip("link", "delete", "away4");
        LAB.node1().thaw();

        eventually(() -> assertThat(likenesses(pod1)).isEqualTo(before));
        awaitAnswer(PEER_ADDRESSES.get("near4"));
        awaitAnswer(PEER_ADDRESSES.get("away4"));
    }

    /** Has all links of pod1 reconciled: one more is declared, made, and declared no more. */
    private void reconcile() {
        LAB.upload(topology().link(15, end("pod1", "more", "10.3.4.1/24"), end("pod2", "more", "10.3.4.2/24")));
        eventually(() -> assertThat(pod1.pings("10.3.4.2")).isTrue());
        LAB.upload(topology());
        eventually(() -> assertThat(pod1.links()).doesNotContainKey("more"));
    }

    /** Makes the kernel tell of changes by the thousand. */
    private static void flood(PatchView patch) {
        String lines = IntStream.range(0, 2000)
                .mapToObj(i -> "link set lo txqueuelen " + (1000 + i % 2) + "\n")
                .collect(Collectors.joining());
        Command.ip("-batch", "-").fed(lines).inside(patch.path()).output();
    }

    /** How many notifications found no room in a socket of the patch namespace, as the kernel's list says, in its last column but one. */
    private static long lostNotifications(PatchView patch) {
        return patch.run("cat", "/proc/net/netlink")
                .lines()
                .skip(1)
                .map(line -> line.strip().split("\\s+"))
                .filter(columns -> columns[1].equals("0"))
                .mapToLong(columns -> Long.parseLong(columns[8]))
                .sum();
    }

    private static Map<String, Likeness> likenesses(Pod pod) {
        return pod.links().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, link -> link.getValue().likeness()));
    }

    private void awaitAnswer(String address) {
        eventually(
                () -> assertThat(pod1.pings(address)).as("%s answers", address).isTrue());
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
