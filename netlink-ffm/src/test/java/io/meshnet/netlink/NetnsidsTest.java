package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The ids of namespaces, and what can be done by them, in the kernel. */
class NetnsidsTest {

    private TestNetns node;
    private TestNetns a;
    private TestNetns b;

    @BeforeEach
    void makeNamespaces() {
        node = TestNetns.create();
        a = TestNetns.create();
        b = TestNetns.create();
    }

    @AfterEach
    void deleteNamespaces() {
        b.close();
        a.close();
        node.close();
    }

    private Netnsids ids() {
        return node.socket().netnsids();
    }

    private static NewLink end(TestNetns netns, String name) {
        return new NewLink(netns.netns(), name, 0, 0, MacAddress.NONE, 0, "");
    }

    private static Link named(String name, List<Link> links) {
        return links.stream()
                .filter(link -> link.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static NetlinkException refusal(ThrowingCallable operation) {
        NetlinkException refused = catchThrowableOfType(NetlinkException.class, operation);
        assertThat(refused).isNotNull();
        return refused;
    }

    @Test
    void anIdIsAssignedOnceAndStays() {
        assertThat(ids().find(a.netns())).isEqualTo(-1);

        int first = ids().assign(a.netns());
        int second = ids().assign(b.netns());

        assertThat(first).isNotNegative().isNotEqualTo(second);
        assertThat(second).isNotNegative();
        assertThat(ids().assign(a.netns())).isEqualTo(first);
        assertThat(ids().find(a.netns())).isEqualTo(first);
        assertThat(a.socket().netnsids().find(node.netns())).isEqualTo(-1); // it goes one way only
        assertThat(node.ip("netns", "list-id")).contains("nsid " + first + " ").contains("nsid " + second + " ");
    }

    @Test
    void anIdThatSomebodyElseAssignedIsTaken() {
        node.ip("netns", "set", a.name(), "4711");

        assertThat(ids().assign(a.netns())).isEqualTo(4711);
    }

    @Test
    void aNamespaceMayHaveAnIdForItself() {
        int own = ids().assign(node.netns());

        assertThat(own).isNotNegative().isEqualTo(ids().find(node.netns()));
        assertThat(node.links().list(own)).isEqualTo(node.links().list());
    }

    @Test
    void linksAndAddressesAreListedWithoutAHandleOnTheirNamespace() throws Exception {
        int netnsid = ids().assign(a.netns());
        b.links().createVeth(end(a, "eth1"), end(b, "eth1"));
        int ifindex = a.link("eth1").ifindex();
        List<InterfaceAddress> addresses = List.of(
                new InterfaceAddress(InetAddress.getByName("12.12.12.1"), 24),
                new InterfaceAddress(InetAddress.getByName("2001:db8::1"), 64));
        a.links().raise(ifindex, addresses);

        assertThat(node.links().list(netnsid)).extracting(Link::name).containsExactlyInAnyOrder("lo", "eth1");
        assertThat(named("lo", node.links().list(netnsid))).isEqualTo(a.link("lo"));
        assertThat(node.socket().addresses().list(netnsid))
                .isEqualTo(a.socket().addresses().list());
        assertThat(node.socket().addresses().list(netnsid).get(ifindex)).containsExactlyInAnyOrderElementsOf(addresses);
        assertThat(node.links().list()).extracting(Link::name).containsExactly("lo");
    }

    @Test
    void listedFromElsewhereAPeerIsToldByTheIdsOfWhoAsks() throws Exception {
        node.ip("netns", "set", a.name(), "10");
        node.ip("netns", "set", b.name(), "11");
        a.ip("netns", "set", b.name(), "20");
        a.ip("netns", "set", node.name(), "21");
        b.links().createVeth(end(a, "eth1"), end(b, "eth1"));
        Optional<InetAddress> remote = Optional.of(InetAddress.getByName("10.0.0.2"));
        node.links().createVxlan(end(a, "eth2"), new Vxlan(5021, remote, Optional.empty(), 4789, 0, false));

        List<Link> listed = node.links().list(10);

        assertThat(a.link("eth1").peerNetnsid()).isEqualTo(20);
        assertThat(a.link("eth2").peerNetnsid()).isEqualTo(21);
        assertThat(named("eth1", listed).peerNetnsid()).isEqualTo(11);
        // the tunnel is in node, which had no id for itself: the kernel gave it one
        assertThat(named("eth2", listed).peerNetnsid()).isNotNegative().isEqualTo(ids().find(node.netns()));
    }

    @Test
    void aLinkOfAnotherNamespaceIsFoundByItsIndex() {
        node.ip("netns", "set", a.name(), "10");
        b.links().createVeth(end(a, "eth1"), end(b, "eth1"));
        Link link = a.link("eth1");

        assertThat(node.links().find(link.ifindex(), 10)).map(Link::name).contains("eth1");
        assertThat(a.links().find(link.ifindex(), -1)).contains(link);
        assertThat(node.links().find(70_001, 10)).isEmpty();
        assertThat(refusal(() -> node.links().find(link.ifindex(), 7)).errno()).isEqualTo(Errno.EINVAL);
    }

    @Test
    void theMtuOfALinkInAnotherNamespaceIsSet() {
        b.links().createVeth(end(a, "eth1"), end(b, "eth1"));
        int ifindex = a.link("eth1").ifindex();

        node.links().mtu(ifindex, 1300, a.netns());

        assertThat(a.link("eth1").mtu()).isEqualTo(1300);
        assertThat(refusal(() -> node.links().mtu(70_001, 1300, a.netns())))
                .hasMessageContaining("ifindex 70001 in /run/netns/" + a.name())
                .returns(Errno.ENODEV, NetlinkException::errno);
    }

    @Test
    void anIdThatLeadsNowhereIsSaidSo() {
        for (int nobody : new int[] {7, -1}) {
            NetlinkException links = refusal(() -> node.links().list(nobody));
            NetlinkException addresses = refusal(() -> node.socket().addresses().list(nobody));

            String where = "netnsid " + nobody + " of /run/netns/" + node.name() + ": EINVAL (invalid argument)";
            assertThat(links).returns(Errno.EINVAL, NetlinkException::errno);
            assertThat(links).hasMessageStartingWith("list links in " + where);
            assertThat(links.kernelText()).containsIgnoringCase("invalid target network namespace id");
            assertThat(addresses).returns(Errno.EINVAL, NetlinkException::errno);
            assertThat(addresses).hasMessageStartingWith("list addresses in " + where);
            assertThat(addresses.kernelText()).containsIgnoringCase("invalid target network namespace id");
        }
    }

    @Test
    void withoutThePermissionNothingIsAssignedNorLookedAt() throws Exception {
        int netnsid = ids().assign(a.netns());

        Threads.onPlatformThread(() -> {
            Capabilities.dropNetAdmin();
            try (RouteSocket socket = RouteSocket.open(node.netns())) {
                assertThat(socket.netnsids().assign(a.netns())).isEqualTo(netnsid);
                assertThat(refusal(() -> socket.netnsids().assign(b.netns())).errno())
                        .isEqualTo(Errno.EPERM);
                assertThat(refusal(() -> socket.links().list(netnsid)))
                        .hasMessageContaining("EACCES (permission denied)");
                assertThat(refusal(() -> socket.addresses().list(netnsid)))
                        .hasMessageContaining("EACCES (permission denied)");
            }
            return null;
        });

        assertThat(ids().find(b.netns())).isEqualTo(-1);
    }

    @Test
    void aLinkOfAnotherNamespaceIsSettledByItsIndex() {
        node.socket().links().createVeth(end(a, "one"), end(node, "other"));
        Link one = named("one", a.socket().links().list());
        a.socket().links().up(one.ifindex(), true);
        node.socket().links().up(one.peer(), true);

        assertThat(node.socket().links().settle(one.ifindex(), ids().assign(a.netns())))
                .isTrue();
        assertThat(a.ip("link", "show", "one")).contains("state UP");
        assertThat(node.socket().links().settle(one.peer(), -1)).isTrue();
        assertThat(node.socket().links().settle(4711, ids().assign(a.netns()))).isFalse();
        assertThat(node.socket().links().settle(4711, -1)).isFalse();
    }
}
