package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.net.InetAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the records take, and what they say to what they do not. */
class ValuesTest {

    private static NewLink named(String name) {
        return new NewLink(Golden.netns(7), name, 0, 0, MacAddress.NONE, 0, "");
    }

    private static Vxlan vxlan(int vni, int port) {
        return new Vxlan(vni, Optional.empty(), Optional.empty(), port, 0, false);
    }

    @Test
    void aHardwareAddressReadsAsItIsWritten() {
        MacAddress mac = MacAddress.parse("02:00:5E:10:00:ff");

        assertThat(mac.bits()).isEqualTo(0x02005e1000ffL);
        assertThat(mac).hasToString("02:00:5e:10:00:ff");
        assertThat(MacAddress.NONE).hasToString("00:00:00:00:00:00");
        assertThat(MacAddress.parse("ff:ff:ff:ff:ff:ff").bits()).isEqualTo(0xffff_ffff_ffffL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "02:00:5e:10:00",
                "02:00:5e:10:00:01:02",
                "02-00-5e-10-00-01",
                "02:00:5e:10:00:0g",
                "2:0:5e:10:0:1"
            })
    void aHardwareAddressIsWrittenInOneWayOnly(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MacAddress.parse(text))
                .withMessageContaining("'" + text + "'");
    }

    @Test
    void aHardwareAddressHas48Bits() {
        assertThatIllegalArgumentException().isThrownBy(() -> new MacAddress(1L << 48));
        assertThatIllegalArgumentException().isThrownBy(() -> new MacAddress(-1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"e", "eth1", "Ethernet1.100", "ge-0_0_0", "fifteen-bytes-x", "жжжжжжж"})
    void anInterfaceNameOfFifteenBytesIsFine(String name) {
        assertThat(named(name).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "a/b",
                "a b",
                "a\tb",
                "a:b",
                "eth%d",
                "sixteen-bytes-xx",
                "жжжжжжжж",
                "a\u0000b",
                "\u00e0"
            })
    void anInterfaceNameThatTheKernelWouldNotTakeIsRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> named(name))
                .withMessageContaining("interface name '" + name + "'");
    }

    @Test
    void aNewLinkHasNoNegativeNumbersAndNoAliasThatWouldBeCut() {
        Netns netns = Golden.netns(7);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NewLink(netns, "eth1", -1, 0, MacAddress.NONE, 0, ""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NewLink(netns, "eth1", 0, -1, MacAddress.NONE, 0, ""))
                .withMessageContaining("eth1")
                .withMessageContaining("mtu -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NewLink(netns, "eth1", 0, 0, MacAddress.NONE, 0, "x".repeat(256)))
                .withMessageContaining("256 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new NewLink(netns, "eth1", 0, 0, MacAddress.NONE, 0, "a\0b"));
        assertThatNullPointerException().isThrownBy(() -> new NewLink(null, "eth1", 0, 0, MacAddress.NONE, 0, ""));
    }

    @Test
    void aPrefixIsNoLongerThanItsFamilyAllows() throws Exception {
        InetAddress ipv4 = InetAddress.getByName("12.12.12.1");
        InetAddress ipv6 = InetAddress.getByName("2001:db8::1");

        assertThat(new InterfaceAddress(ipv4, 32)).hasToString("12.12.12.1/32");
        assertThat(new InterfaceAddress(ipv6, 128).prefixLength()).isEqualTo(128);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new InterfaceAddress(ipv4, 33))
                .withMessageContaining("12.12.12.1/33");
        assertThatIllegalArgumentException().isThrownBy(() -> new InterfaceAddress(ipv6, 129));
        assertThatIllegalArgumentException().isThrownBy(() -> new InterfaceAddress(ipv6, -1));
    }

    @Test
    void aVxlanStaysInItsRanges() throws Exception {
        Optional<InetAddress> ipv4 = Optional.of(InetAddress.getByName("10.0.0.1"));
        Optional<InetAddress> ipv6 = Optional.of(InetAddress.getByName("fd00::1"));

        assertThat(vxlan((1 << 24) - 1, 65535).vni()).isEqualTo(16777215);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> vxlan(1 << 24, 4789))
                .withMessageContaining("VNI 16777216");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> vxlan(5000, 65536))
                .withMessageContaining("port 65536");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Vxlan(5000, ipv4, ipv6, 4789, 0, false))
                .withMessageContaining("two families");
        assertThatIllegalArgumentException().isThrownBy(() -> new Vxlan(5000, ipv4, ipv4, 4789, -1, false));
    }

    @Test
    void anErrorReadsForAPerson() {
        NetlinkException refused =
                new NetlinkException("create veth", Errno.EEXIST, "Device exists", "eth1 in /run/netns/a");

        assertThat(refused).hasMessage("create veth eth1 in /run/netns/a: EEXIST (exists already): Device exists");
        assertThat(new NetlinkException("create veth", 132, "", "eth1")).hasMessage("create veth eth1: errno 132");
    }
}
