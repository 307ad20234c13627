package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every operation on links, in the kernel. */
class LinksTest {

    private static final int GROUP = 0x6d65;
    private static final MacAddress MAC = MacAddress.parse("02:00:5e:10:00:01");

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

    private static NewLink end(TestNetns netns, String name) {
        return new NewLink(netns.netns(), name, 0, 0, MacAddress.NONE, GROUP, "");
    }

    private static InetAddress ip(String text) throws Exception {
        return InetAddress.getByName(text);
    }

    private Link veth() {
        node.links().createVeth(end(a, "eth1"), end(b, "eth1"));
        return a.link("eth1");
    }

    private int underlay() throws Exception {
        node.links().createVeth(end(node, "up0"), end(b, "up1"));
        int ifindex = node.link("up0").ifindex();
        node.links()
                .raise(
                        ifindex,
                        List.of(new InterfaceAddress(ip("10.0.0.1"), 24), new InterfaceAddress(ip("fd00::1"), 64)));
        b.links().raise(b.link("up1").ifindex(), List.of());
        return ifindex;
    }

    private Vxlan vxlan(int vni, String remote, int underlay) throws Exception {
        return new Vxlan(vni, Optional.of(ip(remote)), Optional.empty(), 4789, underlay, false);
    }

    @Test
    void aVethIsMadeWithBothEndsInPlaceAndEverythingThatWasAskedFor() {
        node.links()
                .createVeth(
                        new NewLink(a.netns(), "eth1", 70001, 1400, MAC, GROUP, "here"),
                        new NewLink(b.netns(), "eth2", 70002, 1400, MacAddress.NONE, GROUP, "there"));

        Link near = a.link("eth1");
        assertThat(near.ifindex()).isEqualTo(70001);
        assertThat(near.kind()).isEqualTo("veth");
        assertThat(near.mtu()).isEqualTo(1400);
        assertThat(near.mac()).isEqualTo(MAC);
        assertThat(near.group()).isEqualTo(GROUP);
        assertThat(near.alias()).isEqualTo("here");
        assertThat(near.peer()).isEqualTo(70002);
        assertThat(near.peerNetnsid())
                .isEqualTo(a.socket().netnsids().find(b.netns()))
                .isNotNegative();
        assertThat(near.isUp()).isFalse();
        assertThat(near.vxlan()).isEmpty();
        assertThat(b.link("eth2"))
                .returns(70002, Link::ifindex)
                .returns("there", Link::alias)
                .returns(GROUP, Link::group)
                .returns(1400, Link::mtu);
        assertThat(a.ip("-d", "link", "show", "eth1")).contains("numtxqueues 1", "numrxqueues 1");
        assertThat(node.links().list()).extracting(Link::name).containsExactly("lo");
    }

    @Test
    void aVethMayHaveBothEndsInOneNamespace() {
        node.links().createVeth(end(a, "eth1"), end(a, "eth2"));

        assertThat(a.link("eth1").peer()).isEqualTo(a.link("eth2").ifindex());
        assertThat(a.link("eth1").peerNetnsid()).isEqualTo(-1);
    }

    @Test
    void aVxlanLivesInThePodWhileItsTunnelStaysOnTheNode() throws Exception {
        int underlay = underlay();
        Vxlan wanted = new Vxlan(5021, Optional.of(ip("10.0.0.2")), Optional.of(ip("10.0.0.1")), 4790, underlay, false);

        node.links().createVxlan(new NewLink(a.netns(), "eth2", 70003, 1400, MAC, GROUP, "pod1/eth2"), wanted);

        Link link = a.link("eth2");
        assertThat(link.vxlan()).contains(wanted);
        assertThat(link)
                .returns(70003, Link::ifindex)
                .returns("vxlan", Link::kind)
                .returns(1400, Link::mtu)
                .returns(MAC, Link::mac)
                .returns(GROUP, Link::group)
                .returns("pod1/eth2", Link::alias);
        assertThat(link.peerNetnsid()).isEqualTo(a.socket().netnsids().find(node.netns()));
    }

    @Test
    void aVxlanRunsOverIpv6Too() throws Exception {
        int underlay = underlay();
        Vxlan wanted = new Vxlan(5021, Optional.of(ip("fd00::2")), Optional.of(ip("fd00::1")), 4789, underlay, true);

        node.links().createVxlan(end(a, "eth2"), wanted);

        assertThat(a.link("eth2").vxlan()).contains(wanted);
    }

    @Test
    void aVxlanIsPointedAtAnotherVtepInPlace() throws Exception {
        int underlay = underlay();
        node.links().createVxlan(end(a, "eth2"), vxlan(5021, "10.0.0.2", underlay));
        Link before = a.link("eth2");

        a.links().vxlanRemote(before.ifindex(), 5021, ip("10.0.0.3"));

        assertThat(a.link("eth2").ifindex()).isEqualTo(before.ifindex());
        assertThat(a.link("eth2").vxlan()).contains(vxlan(5021, "10.0.0.3", underlay));
        assertThat(Commands.run("bridge", "-n", a.name(), "fdb", "show", "dev", "eth2"))
                .contains("10.0.0.3")
                .doesNotContain("10.0.0.2");
    }

    @Test
    void aVxlanOverIpv6IsPointedAtAnotherVtepInPlace() throws Exception {
        int underlay = underlay();
        node.links().createVxlan(end(a, "eth2"), vxlan(5021, "fd00::2", underlay));
        Link before = a.link("eth2");

        a.links().vxlanRemote(before.ifindex(), 5021, ip("fd00::3"));

        assertThat(a.link("eth2").ifindex()).isEqualTo(before.ifindex());
        assertThat(a.link("eth2").vxlan()).contains(vxlan(5021, "fd00::3", underlay));
    }

    @Test
    void aVxlanHeldDownHasNoCarrierUntilItIsLetGo() throws Exception {
        node.links().createVxlan(end(a, "eth2"), vxlan(5021, "10.0.0.2", underlay()));
        Link before = a.link("eth2");
        a.links().up(before.ifindex(), true);
        assertThat(a.link("eth2").hasCarrier()).isTrue();

        a.links().protoDown(before.ifindex(), true);

        assertThat(a.link("eth2"))
                .returns(true, Link::protoDown)
                .returns(false, Link::hasCarrier)
                .returns(before.ifindex(), Link::ifindex);

        a.links().protoDown(before.ifindex(), false);

        assertThat(a.link("eth2")).returns(false, Link::protoDown).returns(true, Link::hasCarrier);
    }

    @Test
    void aVethCannotBeHeldDown() {
        int ifindex = veth().ifindex();

        assertThatThrownBy(() -> a.links().protoDown(ifindex, true))
                .isInstanceOfSatisfying(
                        NetlinkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP));
    }

    @Test
    void whatCanBeChangedInPlaceKeepsTheIfindex() {
        Link before = veth();
        int ifindex = before.ifindex();
        a.links().up(ifindex, true);

        a.links().mtu(ifindex, 1300);
        a.links().mac(ifindex, MAC);
        a.links().mark(ifindex, 77, "marked");
        a.links().rename(ifindex, "eth9");

        assertThat(a.link("eth9"))
                .returns(ifindex, Link::ifindex)
                .returns(1300, Link::mtu)
                .returns(MAC, Link::mac)
                .returns(77, Link::group)
                .returns("marked", Link::alias)
                .returns(true, Link::isUp);
        assertThat(a.links().find("eth1")).isEmpty();

        a.links().mark(ifindex, 77, "");
        a.links().up(ifindex, false);

        assertThat(a.link("eth9")).returns("", Link::alias).returns(false, Link::isUp);
    }

    @Test
    void whatBecomesAnotherKindKeepsIfindexNameAndHardwareAddress() throws Exception {
        NewLink device = new NewLink(a.netns(), "eth1", 70001, 1400, MAC, GROUP, "");
        int underlay = underlay();
        node.links().createVeth(device, end(b, "eth1"));
        assertThat(a.link("eth1").kind()).isEqualTo("veth");

        a.links().delete(70001);
        node.links().createVxlan(device, vxlan(5021, "10.0.0.2", underlay));

        assertThat(a.link("eth1"))
                .returns("vxlan", Link::kind)
                .returns(70001, Link::ifindex)
                .returns(MAC, Link::mac)
                .returns(1400, Link::mtu);
        assertThat(b.links().find("eth1")).isEmpty();

        a.links().delete(70001);
        node.links().createVeth(device, end(b, "eth1"));

        assertThat(a.link("eth1"))
                .returns("veth", Link::kind)
                .returns(70001, Link::ifindex)
                .returns(MAC, Link::mac);
    }

    @Test
    void anAliasMayBe255BytesLongAndInAnyScript() {
        Link link = veth();
        String alias = "ж".repeat(127) + "x";

        a.links().mark(link.ifindex(), GROUP, alias);

        assertThat(a.link("eth1").alias()).isEqualTo(alias);
        assertThatThrownBy(() -> a.links().mark(link.ifindex(), GROUP, alias + "x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("256 bytes");
    }

    @Test
    void raisingSetsALinkUpAndGivesItItsAddressesAndMayBeRepeated() throws Exception {
        Link link = veth();
        b.links().raise(b.link("eth1").ifindex(), List.of());
        List<InterfaceAddress> addresses = List.of(
                new InterfaceAddress(ip("12.12.12.1"), 24),
                new InterfaceAddress(ip("12.12.13.1"), 24),
                new InterfaceAddress(ip("2001:db8::1"), 64));

        a.links().raise(link.ifindex(), addresses);
        a.links().raise(link.ifindex(), addresses);

        assertThat(a.link("eth1")).returns(true, Link::isUp).returns(true, Link::hasCarrier);
        assertThat(a.socket().addresses().list().get(link.ifindex())).containsExactlyInAnyOrderElementsOf(addresses);
        assertThat(a.ip("-6", "address", "show", "dev", "eth1", "scope", "global"))
                .contains("nodad")
                .doesNotContain("tentative");
    }

    @Test
    void raisingGivesALinkItsAliasAndNoAliasLeavesItAsItIs() throws Exception {
        Link link = veth();
        List<InterfaceAddress> addresses = List.of(new InterfaceAddress(ip("12.12.12.1"), 24));

        a.links().raise(link.ifindex(), "pod1/eth1", addresses);
        a.links().raise(link.ifindex(), "", List.of());

        assertThat(a.link("eth1")).returns("pod1/eth1", Link::alias).returns(true, Link::isUp);
        assertThat(a.socket().addresses().list().get(link.ifindex())).isEqualTo(addresses);
    }

    @Test
    void raisingTakesMoreAddressesThanFitOneSend() throws Exception {
        Link link = veth();
        List<InterfaceAddress> addresses = new ArrayList<>();
        for (int i = 1; i <= 250; i++) {
            addresses.add(new InterfaceAddress(ip("10.1.0." + i), 24));
        }

        a.links().raise(link.ifindex(), addresses);

        assertThat(a.socket().addresses().list().get(link.ifindex())).containsExactlyInAnyOrderElementsOf(addresses);
    }

    @Test
    void theFirstRefusalOfARaiseIsToldAndTheRestIsDone() throws Exception {
        a.links().up(a.link("lo").ifindex(), true);
        Link link = veth();
        // 127.0.0.0/8 is fine, an IPv6 multicast address is not, and the last one is fine again
        List<InterfaceAddress> addresses =
                List.of(new InterfaceAddress(ip("ff02::1"), 64), new InterfaceAddress(ip("12.12.12.1"), 24));

        NetlinkException refused =
                catchThrowableOfType(NetlinkException.class, () -> a.links().raise(link.ifindex(), addresses));

        assertThat(refused.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
        assertThat(refused).hasMessageContaining("ff02:").hasMessageContaining(a.name());
        assertThat(a.socket().addresses().list().get(link.ifindex()))
                .containsExactly(new InterfaceAddress(ip("12.12.12.1"), 24));
    }

    @Test
    void deletingOneEndOfAVethDeletesTheOtherAndTwiceIsNoError() {
        Link link = veth();

        a.links().delete(link.ifindex());
        a.links().delete(link.ifindex());

        assertThat(a.links().find("eth1")).isEmpty();
        assertThat(b.links().find("eth1")).isEmpty();
    }

    @Test
    void loopbackIsNotDeleted() {
        NetlinkException refused =
                catchThrowableOfType(NetlinkException.class, () -> a.links().delete(1));

        assertThat(refused.errno()).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(refused).hasMessageContaining("ifindex 1 in /run/netns/" + a.name());
    }

    @Test
    void deletingAGroupDeletesAllOfItAndNothingElse() {
        node.links().createVeth(end(a, "eth1"), end(b, "eth1"));
        node.links().createVeth(end(a, "eth2"), end(b, "eth2"));
        node.links()
                .createVeth(
                        new NewLink(a.netns(), "eth3", 0, 0, MacAddress.NONE, 0, ""),
                        new NewLink(b.netns(), "eth3", 0, 0, MacAddress.NONE, 0, ""));

        a.links().deleteGroup(GROUP);
        a.links().deleteGroup(GROUP);

        assertThat(a.links().list()).extracting(Link::name).containsExactlyInAnyOrder("lo", "eth3");
        assertThatThrownBy(() -> a.links().deleteGroup(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void linksAreFoundByNameAndByIndexAndListedByTheHundred() {
        for (int i = 0; i < 150; i++) {
            node.links().createVeth(end(a, "near" + i), end(a, "far" + i));
        }

        List<Link> all = a.links().list();

        assertThat(all).hasSize(301);
        assertThat(a.links().find(a.link("near149").ifindex())).contains(a.link("near149"));
        assertThat(all).contains(a.link("far0"), a.link("near77"), a.link("lo"));
        assertThat(a.links().find("nobody")).isEmpty();
        assertThat(a.links().find(99999)).isEmpty();
        a.links().deleteGroup(GROUP);
    }

    @Test
    void aNamespaceThatNobodyHasTalkedToHasNoId() {
        assertThat(a.socket().netnsids().find(node.netns())).isEqualTo(-1);
    }
}
