package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Golden bytes of what is said about links, written and read back. */
class LinkMessagesTest {

    private static final MacAddress MAC = MacAddress.parse("02:00:5e:10:00:01");
    private static final NewLink NEAR = new NewLink(Golden.netns(7), "eth1", 70001, 1400, MAC, 0x6d65, "ignored");
    private static final NewLink FAR = new NewLink(Golden.netns(8), "e2", 0, 0, MacAddress.NONE, 0, "");

    static final byte[] VETH = Golden.bytes("""
            a4 00 00 00              ; nlmsg_len 164
            10 00                    ; nlmsg_type RTM_NEWLINK
            05 06                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            00 00 00 00              ; ifi_family AF_UNSPEC, pad, ifi_type
            71 11 01 00              ; ifi_index 70001
            00 00 00 00              ; ifi_flags: not IFF_UP
            00 00 00 00              ; ifi_change
            09 00 03 00              ; IFLA_IFNAME
            65 74 68 31 00 00 00 00  ;   "eth1", closed by zero, padded
            08 00 1c 00 07 00 00 00  ; IFLA_NET_NS_FD 7
            08 00 04 00 78 05 00 00  ; IFLA_MTU 1400
            0a 00 01 00              ; IFLA_ADDRESS
            02 00 5e 10 00 01 00 00  ;   02:00:5e:10:00:01, padded
            08 00 1b 00 65 6d 00 00  ; IFLA_GROUP 0x6d65
            08 00 1f 00 01 00 00 00  ; IFLA_NUM_TX_QUEUES 1
            08 00 20 00 01 00 00 00  ; IFLA_NUM_RX_QUEUES 1
            44 00 12 00              ; IFLA_LINKINFO
            08 00 01 00 76 65 74 68  ;   IFLA_INFO_KIND "veth"
            38 00 02 00              ;   IFLA_INFO_DATA
            34 00 01 00              ;     VETH_INFO_PEER
            00 00 00 00              ;       ifi_family, pad, ifi_type
            00 00 00 00              ;       ifi_index: the kernel's choice
            00 00 00 00              ;       ifi_flags
            00 00 00 00              ;       ifi_change
            07 00 03 00 65 32 00 00  ;       IFLA_IFNAME "e2", closed by zero, padded
            08 00 1c 00 08 00 00 00  ;       IFLA_NET_NS_FD 8
            08 00 1f 00 01 00 00 00  ;       IFLA_NUM_TX_QUEUES 1
            08 00 20 00 01 00 00 00  ;       IFLA_NUM_RX_QUEUES 1
            """);

    static final byte[] VXLAN = Golden.bytes("""
            74 00 00 00              ; nlmsg_len 116
            10 00                    ; nlmsg_type RTM_NEWLINK
            05 06                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            00 00 00 00              ; ifi_family AF_UNSPEC, pad, ifi_type
            00 00 00 00              ; ifi_index: the kernel's choice
            00 00 00 00              ; ifi_flags
            00 00 00 00              ; ifi_change
            07 00 03 00 65 32 00 00  ; IFLA_IFNAME "e2"
            08 00 1c 00 08 00 00 00  ; IFLA_NET_NS_FD 8
            44 00 12 00              ; IFLA_LINKINFO
            09 00 01 00              ;   IFLA_INFO_KIND
            76 78 6c 61 6e 00 00 00  ;     "vxlan", padded
            34 00 02 00              ;   IFLA_INFO_DATA
            08 00 01 00 9d 13 00 00  ;     IFLA_VXLAN_ID 5021
            08 00 02 00 0a 00 00 02  ;     IFLA_VXLAN_GROUP 10.0.0.2
            08 00 04 00 0a 00 00 01  ;     IFLA_VXLAN_LOCAL 10.0.0.1
            08 00 03 00 02 00 00 00  ;     IFLA_VXLAN_LINK 2
            05 00 07 00 00 00 00 00  ;     IFLA_VXLAN_LEARNING 0, padded
            06 00 0f 00 12 b5 00 00  ;     IFLA_VXLAN_PORT 4789 in network order, padded
            """);
    static final byte[] VXLAN6 = Golden.bytes("""
            84 00 00 00              ; nlmsg_len 132
            10 00                    ; nlmsg_type RTM_NEWLINK
            05 06                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            00 00 00 00 00 00 00 00  ; ifinfomsg
            00 00 00 00 00 00 00 00
            07 00 03 00 65 32 00 00  ; IFLA_IFNAME "e2"
            08 00 1c 00 08 00 00 00  ; IFLA_NET_NS_FD 8
            54 00 12 00              ; IFLA_LINKINFO
            09 00 01 00              ;   IFLA_INFO_KIND
            76 78 6c 61 6e 00 00 00  ;     "vxlan", padded
            44 00 02 00              ;   IFLA_INFO_DATA
            08 00 01 00 9d 13 00 00  ;     IFLA_VXLAN_ID 5021
            14 00 10 00              ;     IFLA_VXLAN_GROUP6
            fd 00 00 00 00 00 00 00  ;       fd00::2
            00 00 00 00 00 00 00 02
            14 00 11 00              ;     IFLA_VXLAN_LOCAL6
            fd 00 00 00 00 00 00 00  ;       fd00::1
            00 00 00 00 00 00 00 01
            05 00 07 00 01 00 00 00  ;     IFLA_VXLAN_LEARNING 1, padded
            06 00 0f 00 12 b5 00 00  ;     IFLA_VXLAN_PORT 4789 in network order, padded
            """);

    static final byte[] EXTERNAL_VXLAN = Golden.bytes("""
            5c 00 00 00              ; nlmsg_len 92
            10 00                    ; nlmsg_type RTM_NEWLINK
            05 06                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            00 00 00 00 00 00 00 00  ; ifinfomsg
            00 00 00 00 00 00 00 00
            07 00 03 00 65 32 00 00  ; IFLA_IFNAME "e2"
            08 00 1c 00 08 00 00 00  ; IFLA_NET_NS_FD 8
            2c 00 12 00              ; IFLA_LINKINFO
            09 00 01 00              ;   IFLA_INFO_KIND
            76 78 6c 61 6e 00 00 00  ;     "vxlan", padded
            1c 00 02 00              ;   IFLA_INFO_DATA
            05 00 19 00 01 00 00 00  ;     IFLA_VXLAN_COLLECT_METADATA 1, padded
            05 00 07 00 00 00 00 00  ;     IFLA_VXLAN_LEARNING 0, padded
            06 00 0f 00 12 b6 00 00  ;     IFLA_VXLAN_PORT 4790 in network order, padded
            """);

    private static InetAddress ip(String text) throws UnknownHostException {
        return InetAddress.getByName(text);
    }

    private static byte[] request(String header, String rest) {
        return Golden.bytes(header + "\n04 03 02 01 00 00 00 00\n" + rest);
    }

    @Test
    void aVethIsBothEndsInOneMessage() {
        assertThat(Golden.written(writer -> VethMessages.create(writer, NEAR, FAR)))
                .isEqualTo(VETH);

        Link near = new LinkDecoder().decode(Golden.reader(VETH));
        assertThat(near)
                .isEqualTo(new Link(70001, "eth1", "veth", 0, 1400, MAC, 0x6d65, "", 0, -1, false, Optional.empty()));
    }

    @Test
    void aVxlanNamesItsUnderlayAndItsPortInNetworkOrder() throws UnknownHostException {
        Vxlan vxlan = new Vxlan(5021, Optional.of(ip("10.0.0.2")), Optional.of(ip("10.0.0.1")), 4789, 2, false);

        assertThat(Golden.written(writer -> VxlanMessages.create(writer, FAR, vxlan)))
                .isEqualTo(VXLAN);

        Link link = new LinkDecoder().decode(Golden.reader(VXLAN));
        assertThat(link.kind()).isEqualTo("vxlan");
        assertThat(link.vxlan()).contains(vxlan);
    }

    @Test
    void aVxlanOverIpv6HasAttributesOfItsOwnForTheAddresses() throws UnknownHostException {
        Vxlan vxlan = new Vxlan(5021, Optional.of(ip("fd00::2")), Optional.of(ip("fd00::1")), 4789, 0, true);

        assertThat(Golden.written(writer -> VxlanMessages.create(writer, FAR, vxlan)))
                .isEqualTo(VXLAN6);

        assertThat(new LinkDecoder().decode(Golden.reader(VXLAN6)).vxlan()).contains(vxlan);
    }

    @Test
    void anExternalVxlanHasNoVni() {
        assertThat(Golden.written(writer -> VxlanMessages.create(writer, FAR, Vxlan.external(4790))))
                .isEqualTo(EXTERNAL_VXLAN);

        assertThat(new LinkDecoder().decode(Golden.reader(EXTERNAL_VXLAN)).vxlan())
                .contains(Vxlan.external(4790));
    }

    @Test
    void theVethEndWithAnIndexIsWrittenFirst() {
        assertThat(Golden.written(writer -> VethMessages.create(writer, FAR, NEAR)))
                .isEqualTo(VETH);
    }

    @Test
    void aNewRemoteComesWithTheVni() throws UnknownHostException {
        byte[] golden =
                request("44 00 00 00 10 00 05 00          ; 68 bytes, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK", """
                00 00 00 00 07 00 00 00  ; ifi_index 7
                00 00 00 00 00 00 00 00
                24 00 12 00              ; IFLA_LINKINFO
                09 00 01 00              ;   IFLA_INFO_KIND
                76 78 6c 61 6e 00 00 00  ;     "vxlan", padded
                14 00 02 00              ;   IFLA_INFO_DATA
                08 00 01 00 9d 13 00 00  ;     IFLA_VXLAN_ID 5021
                08 00 02 00 0a 00 00 03  ;     IFLA_VXLAN_GROUP 10.0.0.3
                """);
        InetAddress remote = ip("10.0.0.3");

        assertThat(Golden.written(writer -> VxlanMessages.remote(writer, 7, 5021, remote)))
                .isEqualTo(golden);
        assertThat(new LinkDecoder()
                        .decode(Golden.reader(golden))
                        .vxlan()
                        .orElseThrow()
                        .remote())
                .contains(remote);
    }

    @Test
    void upAndDownChangeOneFlag() {
        byte[] up = request("20 00 00 00 10 00 05 00          ; 32 bytes, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK", """
                00 00 00 00 07 00 00 00  ; ifi_index 7
                01 00 00 00              ; ifi_flags IFF_UP
                01 00 00 00              ; ifi_change IFF_UP
                """);
        byte[] down =
                request("20 00 00 00 10 00 05 00          ; 32 bytes, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK", """
                00 00 00 00 07 00 00 00  ; ifi_index 7
                00 00 00 00              ; ifi_flags
                01 00 00 00              ; ifi_change IFF_UP
                """);

        assertThat(Golden.written(writer -> LinkMessages.up(writer, 7, true))).isEqualTo(up);
        assertThat(Golden.written(writer -> LinkMessages.up(writer, 7, false))).isEqualTo(down);
        assertThat(new LinkDecoder().decode(Golden.reader(up)).isUp()).isTrue();
        assertThat(new LinkDecoder().decode(Golden.reader(down)).isUp()).isFalse();
    }

    @Test
    void aChangeInPlaceNamesTheIfindexAndWhatChanges() {
        String header = "00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00  ; ifi_index 7\n";
        byte[] mtu = request("28 00 00 00 10 00 05 00", header + "08 00 04 00 78 05 00 00  ; IFLA_MTU 1400");
        byte[] mac = request(
                "2c 00 00 00 10 00 05 00", header + "0a 00 01 00 02 00 5e 10 00 01 00 00  ; IFLA_ADDRESS, padded");
        byte[] name =
                request("2c 00 00 00 10 00 05 00", header + "09 00 03 00 65 74 68 39 00 00 00 00  ; IFLA_IFNAME eth9");
        byte[] held =
                request("28 00 00 00 10 00 05 00", header + "05 00 27 00 01 00 00 00  ; IFLA_PROTO_DOWN 1, padded");
        byte[] mark = request("30 00 00 00 10 00 05 00", header + """
                        08 00 1b 00 65 6d 00 00  ; IFLA_GROUP 0x6d65
                        06 00 14 00 61 62 00 00  ; IFLA_IFALIAS "ab", not closed by zero, padded
                        """);

        assertThat(Golden.written(writer -> LinkMessages.mtu(writer, 7, 1400))).isEqualTo(mtu);
        assertThat(Golden.written(writer -> LinkMessages.mac(writer, 7, MAC))).isEqualTo(mac);
        assertThat(Golden.written(writer -> LinkMessages.rename(writer, 7, "eth9")))
                .isEqualTo(name);
        assertThat(Golden.written(writer -> LinkMessages.protoDown(writer, 7, true)))
                .isEqualTo(held);
        assertThat(Golden.written(writer -> LinkMessages.mark(writer, 7, 0x6d65, "ab")))
                .isEqualTo(mark);
        assertThat(new LinkDecoder().decode(Golden.reader(mtu)).mtu()).isEqualTo(1400);
        assertThat(new LinkDecoder().decode(Golden.reader(mac)).mac()).isEqualTo(MAC);
        assertThat(new LinkDecoder().decode(Golden.reader(name)).name()).isEqualTo("eth9");
        assertThat(new LinkDecoder().decode(Golden.reader(held)).protoDown()).isTrue();
        assertThat(new LinkDecoder().decode(Golden.reader(mark)))
                .returns(0x6d65, Link::group)
                .returns("ab", Link::alias)
                .returns(7, Link::ifindex);
    }

    @Test
    void anAliasIsSetByName() {
        byte[] golden =
                request("34 00 00 00 10 00 05 00          ; 52 bytes, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK", """
                00 00 00 00 00 00 00 00  ; ifi_index 0: the link is the one that is named
                00 00 00 00 00 00 00 00
                09 00 03 00              ; IFLA_IFNAME
                65 74 68 31 00 00 00 00  ;   "eth1", closed by zero, padded
                06 00 14 00 d0 b6 00 00  ; IFLA_IFALIAS "ж" in UTF-8, padded
                """);

        assertThat(Golden.written(writer -> LinkMessages.alias(writer, "eth1", "ж")))
                .isEqualTo(golden);
        assertThat(new LinkDecoder().decode(Golden.reader(golden)))
                .returns("ж", Link::alias)
                .returns("eth1", Link::name);
    }

    @Test
    void aLinkIsAskedForWithoutItsStatistics() {
        String none = "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ; ifinfomsg\n";
        String mask = "08 00 1d 00 08 00 00 00  ; IFLA_EXT_MASK RTEXT_FILTER_SKIP_STATS\n";

        assertThat(Golden.written(writer -> LinkMessages.find(writer, "eth1")))
                .isEqualTo(request(
                        "34 00 00 00 12 00 01 00  ; 52 bytes, RTM_GETLINK, NLM_F_REQUEST",
                        none + mask + "09 00 03 00 65 74 68 31 00 00 00 00  ; IFLA_IFNAME eth1"));
        assertThat(Golden.written(writer -> LinkMessages.find(writer, 7)))
                .isEqualTo(request(
                        "28 00 00 00 12 00 01 00  ; 40 bytes, RTM_GETLINK, NLM_F_REQUEST",
                        "00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00  ; ifi_index 7\n" + mask));
        assertThat(Golden.written(LinkMessages::list))
                .isEqualTo(request(
                        "28 00 00 00 12 00 01 03  ; 40 bytes, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP", none + mask));
        assertThat(Golden.written(writer -> LinkMessages.list(writer, 7)))
                .isEqualTo(request(
                        "30 00 00 00 12 00 01 03  ; 48 bytes, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP",
                        none + mask + "08 00 2e 00 07 00 00 00  ; IFLA_TARGET_NETNSID 7"));
    }

    @Test
    void linksAreDeletedByIndexOrByGroup() {
        assertThat(Golden.written(writer -> LinkMessages.delete(writer, 7)))
                .isEqualTo(request(
                        "20 00 00 00 11 00 05 00  ; 32 bytes, RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK",
                        "00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00  ; ifi_index 7"));
        assertThat(Golden.written(writer -> LinkMessages.deleteGroup(writer, 0x6d65)))
                .isEqualTo(request("28 00 00 00 11 00 05 00  ; 40 bytes, RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK", """
                        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ; ifinfomsg
                        08 00 1b 00 65 6d 00 00  ; IFLA_GROUP 0x6d65
                        """));
    }
}
