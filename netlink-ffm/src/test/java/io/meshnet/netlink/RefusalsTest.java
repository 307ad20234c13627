package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the kernel refuses, and that whoever reads it knows what and where. */
class RefusalsTest {

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

    private NewLink end(String name) {
        return new NewLink(pod.netns(), name, 0, 0, MacAddress.NONE, 0, "");
    }

    private static NetlinkException refusal(ThrowingCallable operation) {
        NetlinkException refused = catchThrowableOfType(NetlinkException.class, operation);
        assertThat(refused).isNotNull();
        return refused;
    }

    private static Vxlan vxlan(int vni) throws Exception {
        return new Vxlan(vni, Optional.of(InetAddress.getByName("10.0.0.2")), Optional.empty(), 4789, 0, false);
    }

    @Test
    void aNameThatIsTaken() {
        node.links().createVeth(end("eth1"), end("eth2"));

        NetlinkException refused = refusal(() -> node.links().createVeth(end("eth3"), end("eth2")));

        assertThat(refused)
                .returns(Errno.EEXIST, NetlinkException::errno)
                .returns("create veth", NetlinkException::operation);
        assertThat(refused)
                .hasMessageStartingWith("create veth eth3 in /run/netns/" + pod.name() + " to eth2 in /run/netns/"
                        + pod.name() + ": EEXIST (exists already)");
        assertThat(pod.links().find("eth3")).isEmpty();
    }

    @Test
    void anIndexThatIsTaken() {
        NewLink first = new NewLink(pod.netns(), "eth1", 70001, 0, MacAddress.NONE, 0, "");
        NewLink second = new NewLink(pod.netns(), "eth3", 70001, 0, MacAddress.NONE, 0, "");
        node.links().createVeth(first, end("eth2"));

        NetlinkException refused = refusal(() -> node.links().createVeth(second, end("eth4")));

        assertThat(refused.errno()).isIn(Errno.EBUSY, Errno.EEXIST);
        assertThat(pod.links().list()).extracting(Link::name).containsExactlyInAnyOrder("lo", "eth1", "eth2");
    }

    @Test
    void aVniThatIsTakenAlsoWhenItsDeviceLivesElsewhere() throws Exception {
        node.links().createVxlan(end("eth1"), vxlan(5021));

        NetlinkException refused = refusal(() -> node.links().createVxlan(end("eth2"), vxlan(5021)));

        assertThat(refused.errno()).isEqualTo(Errno.EEXIST);
        assertThat(refused)
                .hasMessageContaining("VNI 5021, UDP port 4789")
                .hasMessageContaining("eth2 in /run/netns/" + pod.name())
                .hasMessageContaining("tunnel /run/netns/" + node.name())
                .hasMessageContaining("A VXLAN device with the specified VNI already exists");
    }

    @Test
    void anMtuThatNoLinkMayHave() {
        NewLink small = new NewLink(pod.netns(), "eth1", 0, 67, MacAddress.NONE, 0, "");
        NetlinkException refused = refusal(() -> node.links().createVeth(small, end("eth2")));
        assertThat(refused).returns(Errno.EINVAL, NetlinkException::errno);

        node.links().createVeth(end("eth1"), end("eth2"));
        int ifindex = pod.link("eth1").ifindex();
        NetlinkException changed = refusal(() -> pod.links().mtu(ifindex, 70_000));

        assertThat(changed.errno()).isEqualTo(Errno.EINVAL);
        assertThat(changed.kernelText()).startsWith("mtu greater than device maximum");
        assertThat(changed)
                .hasMessageContaining("set MTU 70000 of link ifindex " + ifindex + " in /run/netns/" + pod.name());
    }

    @Test
    void aHardwareAddressThatNoLinkMayHave() {
        node.links().createVeth(end("eth1"), end("eth2"));
        int ifindex = pod.link("eth1").ifindex();
        MacAddress multicast = MacAddress.parse("01:00:5e:00:00:01");

        NetlinkException refused = refusal(() -> pod.links().mac(ifindex, multicast));

        assertThat(refused.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
        assertThat(refused).hasMessageContaining("01:00:5e:00:00:01");
    }

    @Test
    void aLinkThatIsNotThere() throws Exception {
        InterfaceAddress address = new InterfaceAddress(InetAddress.getByName("12.12.12.1"), 24);

        assertThat(refusal(() -> pod.links().up(999, true)).errno()).isEqualTo(Errno.ENODEV);
        assertThat(refusal(() -> pod.links().raise(999, List.of(address))).errno())
                .isEqualTo(Errno.ENODEV);
        assertThat(refusal(() -> pod.socket().addresses().add(999, address)))
                .returns(Errno.ENODEV, NetlinkException::errno)
                .hasMessageContaining("12.12.12.1/24 of ifindex 999");
    }

    @Test
    void anIpv6AddressWhereIpv6IsDisabled() throws Exception {
        node.links().createVeth(end("eth1"), end("eth2"));
        int ifindex = pod.link("eth1").ifindex();
        Commands.run("ip", "netns", "exec", pod.name(), "sysctl", "-qw", "net.ipv6.conf.eth1.disable_ipv6=1");
        InterfaceAddress address = new InterfaceAddress(InetAddress.getByName("2001:db8::1"), 64);

        assertThat(refusal(() -> pod.socket().addresses().add(ifindex, address)).kernelText())
                .contains("IPv6 is disabled");

        pod.netns().enableIpv6("eth1");
        pod.netns().enableIpv6("eth1");
        pod.socket().addresses().add(ifindex, address);
        assertThat(pod.socket().addresses().list().get(ifindex)).contains(address);
    }

    @Test
    void anythingWithoutThePermission() throws Exception {
        node.links().createVeth(end("eth1"), end("eth2"));
        NetlinkException refused = Threads.onPlatformThread(() -> {
            Capabilities.dropNetAdmin();
            try (RouteSocket socket = RouteSocket.open(node.netns())) {
                assertThat(socket.links().list()).isNotEmpty();
                return refusal(() -> socket.links().createVeth(end("eth3"), end("eth4")));
            }
        });

        assertThat(refused.errno()).isEqualTo(Errno.EPERM);
        assertThat(refused).hasMessageContaining("EPERM (operation not permitted)");
        assertThat(pod.links().find("eth3")).isEmpty();
    }

    @Test
    void aNamespaceThatIsGone() {
        Path gone = Path.of("/run/netns", pod.name() + "-gone");

        assertThat(refusal(() -> Netns.open(gone)))
                .returns(Errno.ENOENT, NetlinkException::errno)
                .hasMessage("open netns " + gone + ": ENOENT (no such file)");
    }

    @Test
    void aNamespaceHandleThatIsClosed() {
        Netns closed = Netns.open(Path.of("/run/netns", pod.name()));
        closed.close();
        closed.close();
        NewLink end = new NewLink(closed, "eth1", 0, 0, MacAddress.NONE, 0, "");

        assertThatIllegalStateException()
                .isThrownBy(() -> node.links().createVeth(end, end("eth2")))
                .withMessage("netns /run/netns/" + pod.name() + " is closed");
        assertThat(node.links().list()).hasSize(1);
    }

    @Test
    void aSocketThatIsClosed() {
        RouteSocket socket = RouteSocket.open(pod.netns());
        socket.close();
        socket.close();

        assertThatIllegalStateException()
                .isThrownBy(() -> socket.links().list())
                .withMessage("the netlink socket in /run/netns/" + pod.name() + " is closed");
    }

    @Test
    void aVxlanWithoutVniOrPort() throws Exception {
        Vxlan none = new Vxlan(0, Optional.empty(), Optional.empty(), 4789, 0, false);

        assertThat(catchThrowableOfType(
                        IllegalArgumentException.class, () -> node.links().createVxlan(end("eth1"), none)))
                .hasMessageContaining("VNI 0");
        assertThat(catchThrowableOfType(
                        IllegalArgumentException.class, () -> node.links().createVxlan(end("eth1"), Vxlan.external(0))))
                .hasMessageContaining("UDP port 0");
        Vxlan both = new Vxlan(5021, Optional.empty(), Optional.empty(), 4789, 0, false, true);
        assertThat(catchThrowableOfType(
                        IllegalArgumentException.class, () -> node.links().createVxlan(end("eth1"), both)))
                .hasMessageContaining("only an external vxlan has VNI 0");
        assertThat(pod.links().find("eth1")).isEmpty();
    }
}
