package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Golden bytes of what is said about addresses and routes, written and read back. */
class AddressAndRouteMessagesTest {

    static final byte[] ADDRESS = Golden.bytes("""
            28 00 00 00              ; nlmsg_len 40
            14 00                    ; nlmsg_type RTM_NEWADDR
            05 06                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            02                       ; ifa_family AF_INET
            18                       ; ifa_prefixlen 24
            00                       ; ifa_flags
            00                       ; ifa_scope RT_SCOPE_UNIVERSE
            07 00 00 00              ; ifa_index 7
            08 00 02 00 0c 0c 0c 01  ; IFA_LOCAL 12.12.12.1
            08 00 01 00 0c 0c 0c 01  ; IFA_ADDRESS 12.12.12.1
            """);

    static final byte[] ADDRESS6 = Golden.bytes("""
            40 00 00 00              ; nlmsg_len 64
            14 00                    ; nlmsg_type RTM_NEWADDR
            05 06                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            0a                       ; ifa_family AF_INET6
            40                       ; ifa_prefixlen 64
            02                       ; ifa_flags IFA_F_NODAD
            00                       ; ifa_scope RT_SCOPE_UNIVERSE
            07 00 00 00              ; ifa_index 7
            14 00 02 00              ; IFA_LOCAL
            20 01 0d b8 00 00 00 00  ;   2001:db8::1
            00 00 00 00 00 00 00 01
            14 00 01 00              ; IFA_ADDRESS
            20 01 0d b8 00 00 00 00  ;   2001:db8::1
            00 00 00 00 00 00 00 01
            """);

    /** An answer in the form of inet_rtm_getroute, and an attribute that no kernel has yet. */
    static final byte[] ROUTE = Golden.bytes("""
            40 00 00 00              ; nlmsg_len 64
            18 00                    ; nlmsg_type RTM_NEWROUTE
            00 00                    ; nlmsg_flags: no NLM_F_MULTI, it is alone
            04 03 02 01              ; nlmsg_seq
            92 10 00 00              ; nlmsg_pid
            02 20 00 00              ; rtm_family AF_INET, rtm_dst_len 32, rtm_src_len, rtm_tos
            fe 00 00 01              ; rtm_table RT_TABLE_MAIN, rtm_protocol, rtm_scope, rtm_type RTN_UNICAST
            00 02 00 00              ; rtm_flags RTM_F_CLONED
            08 00 0f 00 fe 00 00 00  ; RTA_TABLE
            08 00 01 00 01 01 01 01  ; RTA_DST 1.1.1.1
            08 00 04 00 02 00 00 00  ; RTA_OIF 2
            08 00 07 00 0a 00 00 01  ; RTA_PREFSRC 10.0.0.1
            04 00 77 80              ; an attribute of a later kernel, nested and empty
            """);

    private static final int LAST = ROUTE.length - 4;

    private static InterfaceAddress address(String ip, int prefixLength) throws UnknownHostException {
        return new InterfaceAddress(InetAddress.getByName(ip), prefixLength);
    }

    private static Optional<AddressMessages.Assigned> decode(byte[] message) {
        return AddressMessages.decode(Golden.reader(message), new AttributeReader());
    }

    private static byte[] with(byte[] message, int at, int value) {
        byte[] changed = message.clone();
        changed[at] = (byte) value;
        return changed;
    }

    @Test
    void anIpv4AddressIsLocalAndFarEndAtOnce() throws UnknownHostException {
        InterfaceAddress address = address("12.12.12.1", 24);

        assertThat(Golden.written(writer -> AddressMessages.add(writer, 7, address)))
                .isEqualTo(ADDRESS);
        assertThat(decode(ADDRESS)).contains(new AddressMessages.Assigned(7, address));
    }

    @Test
    void anIpv6AddressIsNotHeldBackByDuplicateDetection() throws UnknownHostException {
        InterfaceAddress address = address("2001:db8::1", 64);

        assertThat(Golden.written(writer -> AddressMessages.add(writer, 7, address)))
                .isEqualTo(ADDRESS6);
        assertThat(decode(ADDRESS6)).contains(new AddressMessages.Assigned(7, address));
    }

    @Test
    void noMessageAboutAnAddressIsLongerThanTheLongest() {
        assertThat(ADDRESS6).hasSize(AddressMessages.LONGEST);
    }

    @Test
    void anAddressIsDeletedByTheSameAttributes() throws UnknownHostException {
        byte[] golden = with(with(with(ADDRESS, 4, 0x15), 6, 0x05), 7, 0); // RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK
        InterfaceAddress address = address("12.12.12.1", 24);

        assertThat(Golden.written(writer -> AddressMessages.delete(writer, 7, address)))
                .isEqualTo(golden);
    }

    @Test
    void addressesOfLinkScopeAndTemporaryOnesOfIpv6AreNotOurs() {
        assertThat(decode(with(ADDRESS, 19, 0xfd))).isEmpty(); // ifa_scope RT_SCOPE_LINK
        assertThat(decode(with(ADDRESS6, 18, 0x01))).isEmpty(); // ifa_flags IFA_F_TEMPORARY
        assertThat(decode(with(ADDRESS, 18, 0x01))).isPresent(); // the same bit in IPv4: IFA_F_SECONDARY
    }

    @Test
    void allAddressesAreAskedForAtOnce() {
        assertThat(Golden.written(AddressMessages::list)).isEqualTo(Golden.bytes("""
                                18 00 00 00 16 00 01 03  ; 24 bytes, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP
                                04 03 02 01 00 00 00 00
                                00 00 00 00 00 00 00 00  ; ifaddrmsg of AF_UNSPEC: of either family
                                """));
    }

    @Test
    void allAddressesOfAnotherNamespaceAreAskedForByItsId() {
        assertThat(Golden.written(writer -> AddressMessages.list(writer, 7))).isEqualTo(Golden.bytes("""
                                20 00 00 00 16 00 01 03  ; 32 bytes, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP
                                04 03 02 01 00 00 00 00
                                00 00 00 00 00 00 00 00  ; ifaddrmsg of AF_UNSPEC: of either family
                                08 00 0a 00 07 00 00 00  ; IFA_TARGET_NETNSID 7
                                """));
    }

    @Test
    void aRouteIsLookedUpForTheWholeAddress() throws UnknownHostException {
        InetAddress ipv4 = InetAddress.getByName("1.1.1.1");
        InetAddress ipv6 = InetAddress.getByName("2001:db8::1");

        assertThat(Golden.written(writer -> RouteMessages.lookup(writer, ipv4))).isEqualTo(Golden.bytes("""
                                24 00 00 00 1a 00 01 00  ; 36 bytes, RTM_GETROUTE, NLM_F_REQUEST
                                04 03 02 01 00 00 00 00
                                02 20 00 00 00 00 00 00  ; rtm_family AF_INET, rtm_dst_len 32
                                00 00 00 00              ; rtm_flags
                                08 00 01 00 01 01 01 01  ; RTA_DST 1.1.1.1
                                """));
        assertThat(Golden.written(writer -> RouteMessages.lookup(writer, ipv6))).isEqualTo(Golden.bytes("""
                                30 00 00 00 1a 00 01 00  ; 48 bytes, RTM_GETROUTE, NLM_F_REQUEST
                                04 03 02 01 00 00 00 00
                                0a 80 00 00 00 00 00 00  ; rtm_family AF_INET6, rtm_dst_len 128
                                00 00 00 00              ; rtm_flags
                                14 00 01 00              ; RTA_DST
                                20 01 0d b8 00 00 00 00  ;   2001:db8::1
                                00 00 00 00 00 00 00 01
                                """));
    }

    @Test
    void aRouteTellsDeviceSourceAndNextHopAndWhatIsUnknownIsPassedOver() throws UnknownHostException {
        InetAddress source = InetAddress.getByName("10.0.0.1");
        assertThat(RouteMessages.decode(Golden.reader(ROUTE), new AttributeReader()))
                .isEqualTo(new Route(2, source, Optional.empty()));

        byte[] viaIpv4 = extended("08 00 05 00 0a 00 00 fe  ; RTA_GATEWAY 10.0.0.254");
        assertThat(RouteMessages.decode(Golden.reader(viaIpv4), new AttributeReader())
                        .gateway())
                .contains(InetAddress.getByName("10.0.0.254"));

        byte[] viaIpv6 =
                extended("16 00 12 00 0a 00 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00  ; RTA_VIA fe80::1");
        assertThat(RouteMessages.decode(Golden.reader(viaIpv6), new AttributeReader())
                        .gateway())
                .contains(InetAddress.getByName("fe80::1"));
    }

    /** The route with its last attribute replaced. */
    private static byte[] extended(String attribute) {
        byte[] more = Golden.bytes(attribute);
        byte[] all = Arrays.copyOf(ROUTE, LAST + more.length);
        System.arraycopy(more, 0, all, LAST, more.length);
        all[0] = (byte) all.length;
        return all;
    }
}
