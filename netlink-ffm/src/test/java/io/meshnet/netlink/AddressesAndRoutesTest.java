package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every operation on addresses and routes, in the kernel. */
class AddressesAndRoutesTest {

    private TestNetns pod;
    private int eth1;

    @BeforeEach
    void makeALink() {
        pod = TestNetns.create();
        NewLink near = new NewLink(pod.netns(), "eth1", 0, 0, MacAddress.NONE, 0, "");
        NewLink far = new NewLink(pod.netns(), "eth2", 0, 0, MacAddress.NONE, 0, "");
        pod.links().createVeth(near, far);
        eth1 = pod.link("eth1").ifindex();
        pod.links().up(pod.link("eth2").ifindex(), true);
        pod.links().up(eth1, true);
    }

    @AfterEach
    void deleteNamespace() {
        pod.close();
    }

    private static InetAddress ip(String text) throws Exception {
        return InetAddress.getByName(text);
    }

    private static InterfaceAddress address(String ip, int prefixLength) throws Exception {
        return new InterfaceAddress(ip(ip), prefixLength);
    }

    private List<InterfaceAddress> listed() {
        return pod.socket().addresses().list().getOrDefault(eth1, List.of());
    }

    @Test
    void anAddressIsAddedAndDeletedAndTwiceIsNoError() throws Exception {
        for (InterfaceAddress address : List.of(address("12.12.12.1", 24), address("2001:db8::1", 64))) {
            pod.socket().addresses().add(eth1, address);
            pod.socket().addresses().add(eth1, address);
            assertThat(listed()).containsExactly(address);

            pod.socket().addresses().delete(eth1, address);
            pod.socket().addresses().delete(eth1, address);
            assertThat(listed()).isEmpty();
        }
    }

    @Test
    void aListHasWhatSomebodyElseAddedButNothingOfLinkScope() throws Exception {
        pod.ip("address", "add", "12.12.12.1/24", "dev", "eth1");
        pod.ip("address", "add", "12.12.12.2/24", "dev", "eth1");
        pod.ip("address", "add", "10.9.9.1", "peer", "10.9.9.2/32", "dev", "eth1");
        pod.ip("address", "add", "169.254.1.1/16", "dev", "eth1", "scope", "link");
        pod.ip("address", "add", "2001:db8::1/64", "dev", "eth1", "nodad");

        assertThat(listed())
                .containsExactlyInAnyOrder(
                        address("12.12.12.1", 24), // the second is IFA_F_SECONDARY, the bit that IPv6 has for temporary
                        address("12.12.12.2", 24),
                        address("10.9.9.1", 32),
                        address("2001:db8::1", 64));
        assertThat(pod.ip("-6", "address", "show", "dev", "eth1")).contains("scope link");
    }

    @Test
    void thousandsOfAddressesComeInOneDump() throws Exception {
        StringBuilder batch = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            batch.append("address add 10.1.")
                    .append(i / 250)
                    .append('.')
                    .append(i % 250 + 1)
                    .append("/32 dev eth1\n");
        }
        Path file = Files.writeString(Files.createTempFile("meshnet-nl", ".batch"), batch.toString());
        pod.ip("-batch", file.toString());
        Files.delete(file);

        assertThat(listed()).hasSize(2000).contains(address("10.1.7.250", 32));
    }

    @Test
    void aRouteOnTheLinkHasNoGateway() throws Exception {
        pod.socket().addresses().add(eth1, address("10.0.0.1", 24));
        pod.socket().addresses().add(eth1, address("2001:db8::1", 64));

        assertThat(pod.socket().routes().lookup(ip("10.0.0.2")))
                .isEqualTo(new Route(eth1, ip("10.0.0.1"), Optional.empty()));
        assertThat(pod.socket().routes().lookup(ip("2001:db8::2")))
                .isEqualTo(new Route(eth1, ip("2001:db8::1"), Optional.empty()));
    }

    @Test
    void aRouteElsewhereGoesByItsGatewayAlsoByOneOfTheOtherFamily() throws Exception {
        pod.socket().addresses().add(eth1, address("10.0.0.1", 24));
        pod.socket().addresses().add(eth1, address("2001:db8::1", 64));
        pod.ip("route", "add", "1.1.1.0/24", "via", "10.0.0.254");
        pod.ip("route", "add", "2.2.2.0/24", "via", "inet6", "2001:db8::fe", "dev", "eth1");
        pod.ip("route", "add", "2001:db8:1::/48", "via", "2001:db8::fe");

        Routes routes = pod.socket().routes();

        assertThat(routes.lookup(ip("1.1.1.1")))
                .isEqualTo(new Route(eth1, ip("10.0.0.1"), Optional.of(ip("10.0.0.254"))));
        assertThat(routes.lookup(ip("2.2.2.2")).gateway()).contains(ip("2001:db8::fe"));
        assertThat(routes.lookup(ip("2001:db8:1::1")))
                .isEqualTo(new Route(eth1, ip("2001:db8::1"), Optional.of(ip("2001:db8::fe"))));
    }

    @Test
    void whereNoRouteLeadsIsSaidSo() {
        NetlinkException ipv4 = catchThrowableOfType(
                NetlinkException.class, () -> pod.socket().routes().lookup(ip("1.1.1.1")));
        NetlinkException ipv6 = catchThrowableOfType(
                NetlinkException.class, () -> pod.socket().routes().lookup(ip("2001:db8::1")));

        assertThat(ipv4.errno()).isEqualTo(Errno.ENETUNREACH);
        assertThat(ipv4)
                .hasMessage("find the route to 1.1.1.1 in /run/netns/" + pod.name()
                        + ": ENETUNREACH (network unreachable)");
        assertThat(ipv6.errno()).isEqualTo(Errno.ENETUNREACH);
    }
}
