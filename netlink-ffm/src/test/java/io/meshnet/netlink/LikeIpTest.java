package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What we send is what {@code ip} sends for the same, attribute by attribute. Runs the real one, under strace. */
class LikeIpTest {

    private static final int RTM_NEWLINK = 16;
    private static final int RTM_DELLINK = 17;
    private static final int RTM_GETLINK = 18;
    private static final int RTM_NEWADDR = 20;
    private static final int RTM_DELADDR = 21;
    private static final int RTM_GETADDR = 22;
    private static final int RTM_GETROUTE = 26;
    private static final int RTM_NEWNSID = 88;
    private static final int IFINFOMSG = 16;
    private static final int IFADDRMSG = 8;
    private static final int RTMSG = 12;
    private static final int RTGENMSG = 4;

    private static final MacAddress MAC = MacAddress.parse("02:00:5e:10:00:01");

    private TestNetns node;
    private TestNetns pod;

    @BeforeEach
    void makeNamespaces() {
        node = TestNetns.create();
        pod = TestNetns.create();
    }

    @AfterEach
    void deleteNamespaces() {
        pod.close();
        node.close();
    }

    private static InetAddress ip(String text) throws Exception {
        return InetAddress.getByName(text);
    }

    private void same(int type, int familyHeader, Consumer<MessageWriter> ours, String arguments) {
        byte[] theirs = IpRequests.sent(type, node.name(), arguments.split(" ")).getLast();

        assertThat(IpRequests.canonical(Golden.written(ours), familyHeader))
                .as("ip " + arguments)
                .isEqualTo(IpRequests.canonical(theirs, familyHeader));
    }

    private int veth(String name) {
        NewLink near = new NewLink(node.netns(), name, 0, 0, MacAddress.NONE, 0, "");
        NewLink far = new NewLink(pod.netns(), name, 0, 0, MacAddress.NONE, 0, "");
        node.links().createVeth(near, far);
        return node.link(name).ifindex();
    }

    @Test
    void aVethIsCreated() {
        NewLink near = new NewLink(node.netns(), "eth1", 70001, 1400, MAC, 77, "");
        NewLink far = new NewLink(pod.netns(), "eth2", 70002, 1400, MacAddress.NONE, 77, "");

        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> VethMessages.create(writer, near, far),
                "link add eth1 index 70001 netns " + node.name() + " mtu 1400 address 02:00:5e:10:00:01 group 77"
                        + " numtxqueues 1 numrxqueues 1 type veth peer name eth2 index 70002 netns " + pod.name()
                        + " mtu 1400 group 77 numtxqueues 1 numrxqueues 1");
    }

    @Test
    void aVxlanIsCreatedOverIpv4() throws Exception {
        int underlay = veth("up0");
        NewLink link = new NewLink(pod.netns(), "eth2", 0, 1400, MacAddress.NONE, 0, "");
        Vxlan vxlan = new Vxlan(5021, Optional.of(ip("10.0.0.2")), Optional.of(ip("10.0.0.1")), 4789, underlay, false);

        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> VxlanMessages.create(writer, link, vxlan),
                "link add eth2 netns " + pod.name() + " mtu 1400 type vxlan id 5021 remote 10.0.0.2 local 10.0.0.1"
                        + " dev up0 dstport 4789 nolearning");
    }

    @Test
    void aVxlanIsCreatedOverIpv6() throws Exception {
        NewLink link = new NewLink(pod.netns(), "eth2", 0, 0, MacAddress.NONE, 0, "");
        Vxlan vxlan = new Vxlan(5021, Optional.of(ip("fd00::2")), Optional.of(ip("fd00::1")), 4790, 0, true);

        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> VxlanMessages.create(writer, link, vxlan),
                "link add eth2 netns " + pod.name()
                        + " type vxlan id 5021 remote fd00::2 local fd00::1 dstport 4790 learning");
    }

    @Test
    void anExternalVxlanIsCreated() {
        NewLink link = new NewLink(pod.netns(), "eth2", 70001, 1450, MAC, 0, "");

        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> VxlanMessages.create(writer, link, Vxlan.external(4790)),
                "link add eth2 index 70001 netns " + pod.name()
                        + " mtu 1450 address 02:00:5e:10:00:01 type vxlan external dstport 4790");
    }

    @Test
    void linksAreChanged() {
        int ifindex = veth("eth1");

        same(RTM_NEWLINK, IFINFOMSG, writer -> LinkMessages.up(writer, ifindex, true), "link set dev eth1 up");
        same(RTM_NEWLINK, IFINFOMSG, writer -> LinkMessages.up(writer, ifindex, false), "link set dev eth1 down");
        same(RTM_NEWLINK, IFINFOMSG, writer -> LinkMessages.mtu(writer, ifindex, 1300), "link set dev eth1 mtu 1300");
        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> LinkMessages.mac(writer, ifindex, MAC),
                "link set dev eth1 address 02:00:5e:10:00:01");
        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> LinkMessages.mark(writer, ifindex, 77, "marked"),
                "link set dev eth1 alias marked group 77");
        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> LinkMessages.rename(writer, ifindex, "eth9"),
                "link set dev eth1 name eth9");
    }

    @Test
    void aVxlanIsHeldDown() throws Exception {
        NewLink link = new NewLink(node.netns(), "eth2", 0, 0, MacAddress.NONE, 0, "");
        Vxlan vxlan = new Vxlan(5021, Optional.of(ip("10.0.0.2")), Optional.empty(), 4789, 0, false);
        node.links().createVxlan(link, vxlan);
        int ifindex = node.link("eth2").ifindex();

        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> LinkMessages.protoDown(writer, ifindex, true),
                "link set dev eth2 protodown on");
    }

    @Test
    void aVxlanIsPointedAtAnotherVtep() throws Exception {
        NewLink link = new NewLink(node.netns(), "eth2", 0, 0, MacAddress.NONE, 0, "");
        Vxlan vxlan = new Vxlan(5021, Optional.of(ip("10.0.0.2")), Optional.empty(), 4789, 0, false);
        node.links().createVxlan(link, vxlan);
        int ifindex = node.link("eth2").ifindex();
        InetAddress remote = ip("10.0.0.3");

        same(
                RTM_NEWLINK,
                IFINFOMSG,
                writer -> VxlanMessages.remote(writer, ifindex, 5021, remote),
                "link set dev eth2 type vxlan id 5021 remote 10.0.0.3");
    }

    @Test
    void linksAreDeleted() {
        int ifindex = veth("eth1");
        same(RTM_DELLINK, IFINFOMSG, writer -> LinkMessages.delete(writer, ifindex), "link delete dev eth1");

        node.links().mark(veth("eth1"), 77, "");
        same(RTM_DELLINK, IFINFOMSG, writer -> LinkMessages.deleteGroup(writer, 77), "link delete group 77");
    }

    @Test
    void aLinkIsAskedForExceptThatIpAsksForVirtualFunctionsToo() {
        veth("eth1");
        byte[] theirs = IpRequests.sent(RTM_GETLINK, node.name(), "link", "show", "dev", "eth1")
                .getFirst();
        byte[] ours = Golden.written(writer -> LinkMessages.find(writer, "eth1"));

        // IFLA_EXT_MASK: RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS
        assertThat(IpRequests.canonical(theirs, IFINFOMSG)).contains("029=09000000");
        assertThat(IpRequests.canonical(ours, IFINFOMSG))
                .isEqualTo(IpRequests.canonical(theirs, IFINFOMSG).replace("029=09000000", "029=08000000"));
    }

    @Test
    void addressesAreAddedAndDeleted() throws Exception {
        int ifindex = veth("eth1");
        InterfaceAddress ipv4 = new InterfaceAddress(ip("12.12.12.1"), 24);
        InterfaceAddress ipv6 = new InterfaceAddress(ip("2001:db8::1"), 64);

        for (var each : List.of(ipv4, ipv6)) {
            String text = each.address().getHostAddress() + "/" + each.prefixLength();
            same(
                    RTM_NEWADDR,
                    IFADDRMSG,
                    writer -> AddressMessages.add(writer, ifindex, each),
                    "address add " + text + " dev eth1" + (each.equals(ipv6) ? " nodad" : ""));
            same(
                    RTM_DELADDR,
                    IFADDRMSG,
                    writer -> AddressMessages.delete(writer, ifindex, each),
                    "address delete " + text + " dev eth1");
        }
    }

    @Test
    void allAddressesAreAskedFor() {
        byte[] theirs =
                IpRequests.sent(RTM_GETADDR, node.name(), "address", "show").getLast();
        byte[] ours = Golden.written(AddressMessages::list);

        assertThat(IpRequests.canonical(ours, IFADDRMSG)).isEqualTo(IpRequests.canonical(theirs, IFADDRMSG));
    }

    @Test
    void aNamespaceIsGivenAnId() {
        same(RTM_NEWNSID, RTGENMSG, writer -> NetnsMessages.assign(writer, 7), "netns set " + pod.name() + " auto");
    }

    @Test
    void aRouteIsLookedUpExceptThatIpWantsToKnowTheTableToo() throws Exception {
        node.links().raise(veth("eth1"), List.of(new InterfaceAddress(ip("10.0.0.1"), 24)));
        byte[] theirs = IpRequests.sent(RTM_GETROUTE, node.name(), "route", "get", "10.0.0.2")
                .getLast();
        InetAddress destination = ip("10.0.0.2");
        byte[] ours = Golden.written(writer -> RouteMessages.lookup(writer, destination));

        assertThat(theirs[16 + 9]).isEqualTo((byte) 0x10); // rtm_flags RTM_F_LOOKUP_TABLE
        theirs[16 + 9] = 0;
        assertThat(IpRequests.canonical(ours, RTMSG)).isEqualTo(IpRequests.canonical(theirs, RTMSG));
    }
}
