package io.meshnet.netlink;

import static io.meshnet.netlink.LinkEvent.OWN_NETNS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A monitor of all namespaces that its own has an id for. */
class LinkMonitorOfAllTest {

    private static final int ROOM = 1 << 20;

    private TestNetns node;
    private TestNetns a;
    private TestNetns b;
    private LinkMonitor monitor;

    @BeforeEach
    void watchAll() {
        node = TestNetns.create();
        a = TestNetns.create();
        b = TestNetns.create();
        monitor = LinkMonitor.openAll(node.netns(), ROOM);
    }

    @AfterEach
    void deleteNamespaces() {
        monitor.close();
        b.close();
        a.close();
        node.close();
    }

    private int assign(TestNetns netns) {
        return node.socket().netnsids().assign(netns.netns());
    }

    private void veth() {
        NewLink near = new NewLink(a.netns(), "eth1", 0, 0, MacAddress.NONE, 0, "");
        NewLink far = new NewLink(b.netns(), "eth2", 0, 0, MacAddress.NONE, 0, "");
        a.links().createVeth(near, far);
    }

    /** All events up to the first that is meant. */
    private List<LinkEvent> until(Predicate<LinkEvent> meant) {
        List<LinkEvent> seen = new ArrayList<>();
        while (true) {
            List<LinkEvent> more = monitor.poll(Duration.ofSeconds(20));
            assertThat(more).as("what follows " + seen).isNotEmpty();
            seen.addAll(more);
            if (more.stream().anyMatch(meant)) {
                return seen;
            }
        }
    }

    private static Predicate<LinkEvent> changed(int where, String name, Predicate<Link> how) {
        return event -> event instanceof LinkEvent.Changed(int netnsid, Link link)
                && netnsid == where
                && link.name().equals(name)
                && how.test(link);
    }

    private static Optional<Integer> where(LinkEvent event) {
        return switch (event) {
            case LinkEvent.Changed it -> Optional.of(it.netnsid());
            case LinkEvent.Deleted it -> Optional.of(it.netnsid());
            case LinkEvent.AddressAdded it -> Optional.of(it.netnsid());
            case LinkEvent.AddressDeleted it -> Optional.of(it.netnsid());
            case LinkEvent.NetnsGone _, LinkEvent.Overflow _ -> Optional.empty();
        };
    }

    @Test
    void driftIsToldWithTheIdOfTheNamespaceWhereItHappens() {
        int inA = assign(a);
        int inB = assign(b);
        veth();

        a.ip("link", "set", "eth1", "mtu", "1300");
        until(changed(inA, "eth1", it -> it.mtu() == 1300));
        b.ip("link", "set", "eth2", "up");
        until(changed(inB, "eth2", Link::isUp));
        b.ip("link", "set", "eth2", "down");
        until(changed(inB, "eth2", it -> !it.isUp()));
        node.ip("link", "set", "lo", "up");
        until(changed(OWN_NETNS, "lo", Link::isUp));

        b.ip("link", "delete", "eth2");
        Set<String> gone = new HashSet<>();
        until(event -> {
            if (event instanceof LinkEvent.Deleted(int netnsid, Link link)) {
                gone.add(link.name() + " of " + netnsid);
            }
            return gone.containsAll(Set.of("eth1 of " + inA, "eth2 of " + inB));
        });
        assertThat(gone).hasSize(2);
    }

    @Test
    void addressesOfEitherFamilyAreToldWithTheIdToo() throws Exception {
        int inA = assign(a);
        veth();
        int ifindex = a.link("eth1").ifindex();
        for (InterfaceAddress address : List.of(
                new InterfaceAddress(InetAddress.getByName("12.12.12.1"), 24),
                new InterfaceAddress(InetAddress.getByName("2001:db8::1"), 64))) {
            a.ip("address", "add", address.toString(), "dev", "eth1");
            until(new LinkEvent.AddressAdded(inA, ifindex, address)::equals);

            a.ip("address", "delete", address.toString(), "dev", "eth1");
            until(new LinkEvent.AddressDeleted(inA, ifindex, address)::equals);
        }
    }

    @Test
    void aNamespaceWithoutAnIdTellsNothingUntilItHasOne() {
        int inA = assign(a);
        b.ip("link", "set", "lo", "up");
        b.ip("address", "add", "12.12.12.1/24", "dev", "lo");
        a.ip("link", "set", "lo", "up");

        List<LinkEvent> seen = until(changed(inA, "lo", Link::isUp));

        assertThat(seen).allSatisfy(event -> assertThat(where(event)).contains(inA));

        int inB = assign(b);
        b.ip("link", "set", "lo", "down");
        until(changed(inB, "lo", it -> !it.isUp()));
    }

    @Test
    void aNamespaceDiesWithItsLastHolderAlthoughItIsWatched() {
        String name = a.name() + "-late";
        Commands.run("ip", "netns", "add", name);
        Netns late = Netns.open(Path.of("/run/netns", name));
        int netnsid;
        List<LinkEvent> before;
        try {
            netnsid = node.socket().netnsids().assign(late);
            Commands.run("ip", "-n", name, "link", "set", "lo", "up");
            Commands.run("ip", "netns", "delete", name);
            before = until(changed(netnsid, "lo", Link::isUp));
            assertThat(node.links().list(netnsid)).extracting(Link::name).containsExactly("lo");
            before.addAll(monitor.poll(Duration.ZERO));
        } finally {
            late.close();
        }
        assertThat(before).noneMatch(LinkEvent.NetnsGone.class::isInstance);

        until(new LinkEvent.NetnsGone(netnsid)::equals);

        NetlinkException refused =
                catchThrowableOfType(NetlinkException.class, () -> node.links().list(netnsid));
        assertThat(refused.errno()).isEqualTo(Errno.EINVAL);
    }

    @Test
    void theEndOfALinkWhosePeerDiedWithItsNamespaceIsTold() {
        int inA = assign(a);
        TestNetns late = TestNetns.create();
        int inLate;
        try (late) {
            inLate = assign(late);
            NewLink near = new NewLink(a.netns(), "eth1", 0, 0, MacAddress.NONE, 0, "");
            NewLink far = new NewLink(late.netns(), "eth1", 0, 0, MacAddress.NONE, 0, "");
            node.links().createVeth(near, far);
            until(changed(inA, "eth1", _ -> true));
        }

        List<LinkEvent> seen = until(event -> event instanceof LinkEvent.Deleted(int netnsid, Link link)
                && netnsid == inA
                && link.name().equals("eth1"));

        assertThat(seen)
                .contains(new LinkEvent.NetnsGone(inLate))
                .noneMatch(event -> event instanceof LinkEvent.Deleted(int netnsid, Link _) && netnsid != inA);
    }

    @Test
    void anIdThatAnotherNamespaceLosesIsNoneOfOurs() {
        int inA = assign(a);
        TestNetns late = TestNetns.create();
        int inLate;
        try (late) {
            inLate = assign(late);
            a.ip("netns", "set", late.name(), "4711");
        }

        List<LinkEvent> seen = until(new LinkEvent.NetnsGone(inLate)::equals);
        a.ip("link", "set", "lo", "up");
        seen.addAll(until(changed(inA, "lo", Link::isUp)));

        assertThat(seen).filteredOn(LinkEvent.NetnsGone.class::isInstance).hasSize(1);
        assertThat(a.ip("netns", "list-id")).doesNotContain("4711");
    }

    @Test
    void moreThanThereIsRoomForIsAnEventAndNotAnError() {
        int inA = assign(a);
        veth();
        int ifindex = a.link("eth1").ifindex();
        monitor.close();
        monitor = LinkMonitor.openAll(node.netns(), 4096);
        for (int i = 0; i < 100; i++) {
            a.links().mtu(ifindex, 1300 + i % 2);
        }

        until(new LinkEvent.Overflow()::equals);

        monitor.poll(Duration.ZERO);
        a.links().mtu(ifindex, 1400);
        until(changed(inA, "eth1", it -> it.mtu() == 1400));
    }

    @Test
    void aMonitorOfOneNamespaceIsToldOfNoOther() {
        assign(a);
        try (LinkMonitor ofOne = LinkMonitor.open(node.netns())) {
            a.ip("link", "set", "lo", "up");
            node.ip("link", "set", "lo", "up");

            List<LinkEvent> seen = ofOne.poll(Duration.ofSeconds(20));

            assertThat(seen)
                    .isNotEmpty()
                    .allSatisfy(event -> assertThat(where(event)).contains(OWN_NETNS));
        }
    }

    @Test
    void itsOwnNamespaceIsThatOfTheThreadWhichOpensIt() {
        int inA = assign(a);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            monitor.close();
            node.netns().inside(state, () -> {
                monitor = LinkMonitor.openAll();
                return 0;
            });
        }

        a.ip("link", "set", "lo", "up");
        until(changed(inA, "lo", Link::isUp));
        node.ip("link", "set", "lo", "up");
        until(changed(OWN_NETNS, "lo", Link::isUp));
    }

    /** This kernel may be one that does not; so the id of another stands for the own one, to see what becomes of it. */
    @Test
    void whereTheKernelTellsOfTheOwnNamespaceByAnIdItIsTheOwnNevertheless() {
        int inA = assign(a);
        monitor.close();
        monitor = LinkMonitor.openAll(node.netns(), ROOM, inA);

        a.ip("link", "set", "lo", "up");

        until(changed(OWN_NETNS, "lo", Link::isUp));
    }

    @Test
    void withoutThePermissionItIsNotOpened() throws Exception {
        NetlinkException refused = Threads.onPlatformThread(() -> {
            Capabilities.dropNetBroadcast();
            return catchThrowableOfType(NetlinkException.class, () -> LinkMonitor.openAll(node.netns(), ROOM));
        });

        assertThat(refused)
                .hasMessage("listen to all namespaces, which takes CAP_NET_BROADCAST: EPERM (operation not permitted)");
    }
}
