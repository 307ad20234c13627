package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.tests.ObservedLink.Likeness;
import java.util.List;
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
 * Somebody in a pod changes what meshnet made there. It is put right with the same name, MAC and ifindex, in place where the device is
 * still there to be told; what is not meshnet's is neither repaired nor touched; and a pod whose namespace vanishes is withdrawn. The daemons
 * look at nothing by themselves for a day, so that only what the kernel tells can be the reason.
 */
class DriftTest {
    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_RESYNC", "86400"));

    /** What can be done to an interface, and whether it outlives both that and the repair. */
    enum Harm {
        DELETED(false, false, "link delete IF"),
        ADDRESS_TAKEN(true, true, "address delete ADDRESS dev IF"),
        SET_DOWN(true, true, "link set IF down"),
        MTU_TOO_SMALL_FOR_IPV6(true, true, "link set IF mtu 1000"),
        RENAMED(false, false, "link set IF name other"),
        ALIAS_TAKEN(false, true, "link set IF alias NONE");

        private final boolean vethStays;
        private final boolean vxlanStays;
        private final String command;

        Harm(boolean vethStays, boolean vxlanStays, String command) {
            this.vethStays = vethStays;
            this.vxlanStays = vxlanStays;
            this.command = command;
        }

        void to(Pod pod, String ifname) {
            String address = pod.link(ifname).addresses().getFirst();
            Map<String, String> meant = Map.of("IF", ifname, "ADDRESS", address, "NONE", "");
            pod.ip(Stream.of(command.split(" "))
                    .map(word -> meant.getOrDefault(word, word))
                    .toArray(String[]::new));
        }

        boolean leaves(String kind) {
            return kind.equals("veth") ? vethStays : vxlanStays;
        }
    }

    private static final Map<String, String> PEER_ADDRESSES = new TreeMap<>(
            Map.of("veth4", "10.1.4.2", "veth6", "fd00:1:6::2", "vxlan4", "10.2.4.2", "vxlan6", "fd00:2:6::2"));

    private Pod pod1;
    private Pod pod2;
    private Pod pod3;

    @BeforeEach
    void addPods() {
        LAB.upload(new Topology()
                .link(11, end("pod1", "veth4", "10.1.4.1/24"), end("pod2", "veth4", "10.1.4.2/24"))
                .link(12, end("pod1", "veth6", "fd00:1:6::1/64"), end("pod2", "veth6", "fd00:1:6::2/64"))
                .link(13, end("pod1", "vxlan4", "10.2.4.1/24"), end("pod3", "vxlan4", "10.2.4.2/24"))
                .link(14, end("pod1", "vxlan6", "fd00:2:6::1/64"), end("pod3", "vxlan6", "fd00:2:6::2/64")));
        pod1 = added("pod1", LAB.node1());
        pod2 = added("pod2", LAB.node1());
        pod3 = added("pod3", LAB.node2());
        PEER_ADDRESSES.values().forEach(this::awaitAnswer);
    }

    @ParameterizedTest
    @EnumSource
    void is_repaired(Harm harm) {
        for (String ifname : PEER_ADDRESSES.keySet()) {
            pod1.brand(ifname);
            ObservedLink before = pod1.link(ifname);

            harm.to(pod1, ifname);

            eventually(() -> assertThat(pod1.link(ifname).likeness())
                    .as("%s repaired", ifname)
                    .isEqualTo(before.likeness()));
            assertThat(pod1.link(ifname).branded())
                    .as("%s is the device that it was", ifname)
                    .isEqualTo(harm.leaves(before.kind()));
            awaitAnswer(PEER_ADDRESSES.get(ifname));
        }
        assertThat(pod1.links().keySet()).containsExactlyInAnyOrder("lo", "eth0", "veth4", "veth6", "vxlan4", "vxlan6");
    }

    @Test
    void is_repaired_when_it_befell_everything_at_once() {
        Map<String, Likeness> before = likenesses(pod1);

        for (String ifname : PEER_ADDRESSES.keySet()) {
            pod1.ip("link", "delete", ifname);
        }

        eventually(() -> assertThat(likenesses(pod1)).isEqualTo(before));
        PEER_ADDRESSES.values().forEach(this::awaitAnswer);
    }

    @Test
    void is_repaired_when_a_tunnel_is_led_elsewhere() {
        pod1.brand("vxlan4");

        pod1.ip("link", "set", "vxlan4", "type", "vxlan", "id", "5013", "remote", Underlay.addressOf(9));

        eventually(() ->
                assertThat(pod1.link("vxlan4").remote()).isEqualTo(LAB.node2().address()));
        assertThat(pod1.link("vxlan4").branded()).isTrue();
        awaitAnswer(PEER_ADDRESSES.get("vxlan4"));
    }

    @Test
    void of_the_users_own_interfaces_is_not_repaired() {
        pod1.ip("link", "add", "left", "type", "veth", "peer", "name", "right");
        pod1.ip("link", "add", "bridge0", "type", "bridge");
        pod1.ip("link", "add", "upon", "link", "veth4", "type", "macvlan");
        pod1.ip("link", "set", "bridge0", "up");
        pod1.ip("link", "set", "upon", "up");
        pod1.ip("address", "add", "192.0.2.1/24", "dev", "bridge0");
        pod1.ip("address", "add", "192.0.2.2/24", "dev", "upon");
        List<String> foreign = List.of("left", "right", "bridge0", "upon", "eth0");

        pod1.ip("link", "set", "bridge0", "down");
        pod1.ip("link", "set", "left", "name", "lefter");
        pod1.ip("link", "set", "lefter", "name", "left");
        pod1.ip("link", "set", "eth0", "mtu", "1300");
        pod1.ip("address", "add", "192.0.2.3/24", "dev", "eth0");
        Survivors survivors = new Survivors().with(pod1, foreign.toArray(String[]::new));
        harmAndAwaitRepair(Harm.ADDRESS_TAKEN);
        harmAndAwaitRepair(Harm.SET_DOWN);
        survivors.assertUntouched();

        // The delegate takes back what it did for every address that it finds there.
        pod1.ip("address", "delete", "192.0.2.3/24", "dev", "eth0");
        pod1.ip("link", "delete", "left");
        pod1.ip("link", "delete", "upon");
        pod1.ip("link", "delete", "bridge0");
        harmAndAwaitRepair(Harm.ADDRESS_TAKEN);
        assertThat(pod1.links()).doesNotContainKeys("left", "right", "upon", "bridge0");
    }

    @Test
    void that_is_the_users_own_addition_stays() {
        for (String ifname : PEER_ADDRESSES.keySet()) {
            pod1.ip("address", "add", "192.0.2.1/24", "dev", ifname);
            pod1.ip("link", "set", ifname, "address", "02:00:00:00:00:77");
        }
        Survivors survivors = new Survivors().with(pod1, PEER_ADDRESSES.keySet().toArray(String[]::new));

        harmAndAwaitRepair(Harm.SET_DOWN);

        survivors.assertUntouched();
        assertThat(pod1.link("vxlan6").addresses()).containsExactlyInAnyOrder("192.0.2.1/24", "fd00:2:6::1/64");
        assertThat(pod1.link("vxlan6").mac()).isEqualTo("02:00:00:00:00:77");
    }

    @Test
    void to_a_namespace_that_is_gone_withdraws_the_pod_and_lets_it_die() {
        LAB.removeNamespace(pod2);
        LAB.removeNamespace(pod3);

        eventually(() -> LAB.assertReleased(pod2));
        eventually(() -> LAB.assertReleased(pod3));
        eventually(() -> assertThat(pod1.links()).doesNotContainKeys("veth4", "veth6"));
        eventually(() -> assertThat(pod1.link("vxlan4").saysNoCarrier()).isTrue());
        eventually(() -> assertThat(pod1.link("vxlan6").saysNoCarrier()).isTrue());
    }

    @Test
    void that_the_kernel_could_not_tell_is_found_because_it_tells_that_something_was_lost() {
        ObservedLink before = pod1.link("veth4");
        long lost = lostNotifications();
        LAB.node1().freeze();
        while (lostNotifications() == lost) {
            flood();
        }

        pod1.ip("address", "flush", "dev", "veth4", "scope", "global");
        pod1.ip("link", "delete", "vxlan4");
        LAB.node1().thaw();

        eventually(() -> assertThat(pod1.link("veth4").likeness()).isEqualTo(before.likeness()));
        awaitAnswer(PEER_ADDRESSES.get("veth4"));
        awaitAnswer(PEER_ADDRESSES.get("vxlan4"));
    }

    /** To all four, one after the other. */
    private void harmAndAwaitRepair(Harm harm) {
        for (String ifname : PEER_ADDRESSES.keySet()) {
            Likeness before = pod1.link(ifname).likeness();
            harm.to(pod1, ifname);
            eventually(() -> assertThat(pod1.link(ifname).likeness())
                    .as("%s repaired", ifname)
                    .isEqualTo(before));
        }
    }

    /** Makes the kernel tell of changes by the thousand. */
    private void flood() {
        String lines = IntStream.range(0, 2000)
                .mapToObj(i -> "link set lo txqueuelen " + (1000 + i % 2) + "\n")
                .collect(Collectors.joining());
        Command.ip("-batch", "-").fed(lines).inside(pod1.netns()).output();
    }

    /** How many notifications found no room in a socket of the node's, as the kernel's list says, in its last column but one. */
    private static long lostNotifications() {
        return Command.of("cat", "/proc/net/netlink")
                .inside(LAB.node1().netns())
                .output()
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
