package io.meshnet.reconciler.kernel;

import java.util.HexFormat;
import java.util.stream.Stream;

/**
 * A kind of frame.
 *
 * @param name what it is
 * @param hex an example, from destination to payload, as hexadecimal digits
 */
record FrameKind(String name, String hex) {

    /** A unicast address that no interface has. */
    static final String UNKNOWN = "020000000099";

    static final String SENDER = "02000000000a";
    private static final String BROADCAST = "ffffffffffff";

    /** Groups of IEEE 802.1D, which a bridge does not forward. */
    private static final String LINK_LOCAL = "0180c20000";

    private static final String CISCO = "01000ccccc";

    /** The payload of a frame whose length does not matter: as long as the shortest of Ethernet. */
    private static final int SHORTEST = 46;

    /** A frame of an EtherType, or of a length. The payload is filled up to the shortest of Ethernet. */
    static FrameKind of(String name, String destination, String type, String payload) {
        return of(name, destination, type, payload, SHORTEST);
    }

    /** A frame whose payload is filled up to some bytes. */
    static FrameKind of(String name, String destination, String type, String payload, int length) {
        StringBuilder hex = new StringBuilder(destination + SENDER + type + payload);
        for (int i = payload.length() / 2; i < length; i++) {
            hex.append(HexFormat.of().toHexDigits((byte) i));
        }
        return new FrameKind(name, hex.toString());
    }

    /** A frame by which a test recognises that all frames before it have come. */
    static FrameKind marker(int number) {
        return of("marker " + number, UNKNOWN, "88b5", HexFormat.of().toHexDigits(number));
    }

    /** An ordinary frame to an address that no interface has. */
    static FrameKind unicast() {
        return of("unicast", UNKNOWN, "88b5", "");
    }

    /** A frame whose payload has that many bytes. A longer payload is cut off. */
    static FrameKind cut(String type, String payload, int length) {
        String start = payload.substring(0, Math.min(payload.length(), 2 * length));
        return of(type + " with " + length + " bytes", UNKNOWN, type, start, length);
    }

    /** The frame. */
    byte[] bytes() {
        return HexFormat.of().parseHex(hex);
    }

    /** A frame from another address. */
    FrameKind from(String source) {
        return new FrameKind(
                name + " from " + source, hex.substring(0, 12) + source.replace(":", "") + hex.substring(24));
    }

    /** All kinds that pass over every cable. */
    static Stream<FrameKind> all() {
        return Stream.of(linkLocal(), otherGroups(), tagged(), others(), ip(), lengths(), addresses())
                .flatMap(kinds -> kinds);
    }

    private static Stream<FrameKind> linkLocal() {
        Stream<FrameKind> unused = Stream.of("04", "05", "06", "07", "09", "0a", "0b", "0c", "0d", "0f")
                .map(last -> of("01:80:c2:00:00:" + last, LINK_LOCAL + last, "88b5", ""));
        Stream<FrameKind> used = Stream.of(
                of("STP", LINK_LOCAL + "00", "0026", "424203000000000080000200000000010000000080000200000000"),
                of("RSTP", LINK_LOCAL + "00", "0027", "424203000002023c80000200000000010000000080000200000000"),
                of("PAUSE", LINK_LOCAL + "01", "8808", "0001ffff"),
                of("priority PAUSE", LINK_LOCAL + "01", "8808", "010100ffffff"),
                of("LACP", LINK_LOCAL + "02", "8809", "0101011480000200000000010001800000013d"),
                of("LACP marker", LINK_LOCAL + "02", "8809", "0201011000010200000000010000"),
                of("Ethernet OAM", LINK_LOCAL + "02", "8809", "0300500001"),
                of("ESMC", LINK_LOCAL + "02", "8809", "0a0019a70001"),
                of("802.1X", LINK_LOCAL + "03", "888e", "02010000"),
                of("802.1X identity request", LINK_LOCAL + "03", "888e", "020000050101000501"),
                of("provider bridge STP", LINK_LOCAL + "08", "0026", "4242030000000000"),
                of("LLDP", LINK_LOCAL + "0e", "88cc", "0207040200000000010403657468060200780000"),
                of("LLDP to the nearest customer bridge", LINK_LOCAL + "00", "88cc", "020704020000000001"),
                of("LLDP to the nearest bridge", LINK_LOCAL + "03", "88cc", "020704020000000001"),
                of("PTP peer delay", LINK_LOCAL + "0e", "88f7", "0202003600000000"));
        return Stream.concat(used, unused);
    }

    private static Stream<FrameKind> otherGroups() {
        return Stream.of(
                of("MMRP", LINK_LOCAL + "20", "88f6", "0001"),
                of("MVRP", LINK_LOCAL + "21", "88f5", "0001"),
                of("GARP", LINK_LOCAL + "22", "0010", "4242030001"),
                of("CFM", LINK_LOCAL + "30", "8902", "00010446"),
                of("all bridges", LINK_LOCAL + "10", "0026", "424203"),
                of("IS-IS level 1, LLC", LINK_LOCAL + "14", "0030", "fefe03831b0100"),
                of("IS-IS level 2, LLC", LINK_LOCAL + "15", "0030", "fefe03831b0100"),
                of("IS-IS, SNAP", "09002b000005", "0030", "aaaa03000000fefe83"),
                of("IS-IS of more than 1500 bytes by its type", LINK_LOCAL + "14", "8870", "fefe03831b0100"),
                of("CDP", CISCO + "cc", "002e", "aaaa0300000c200002b4"),
                of("VTP", CISCO + "cc", "002e", "aaaa0300000c20030102"),
                of("DTP", CISCO + "cc", "002e", "aaaa0300000c200401"),
                of("UDLD", CISCO + "cc", "002e", "aaaa0300000c01112100"),
                of("PVST", CISCO + "cd", "0032", "aaaa0300000c010b0000"),
                of("PTP", "011b19000000", "88f7", "0002002c"));
    }

    private static Stream<FrameKind> tagged() {
        return Stream.of(
                of("VLAN", UNKNOWN, "8100", "000a88b5"),
                of("VLAN of 20 bytes", UNKNOWN, "8100", "000a88b50102", 0),
                of("VLAN, priority only", UNKNOWN, "8100", "e00088b5"),
                of("VLAN 4095, drop eligible", UNKNOWN, "8100", "ffff88b5"),
                of("VLAN with LLC", UNKNOWN, "8100", "000a0026424203"),
                of("VLAN with LLDP", LINK_LOCAL + "0e", "8100", "000a88cc0207"),
                of("VLAN, broadcast", BROADCAST, "8100", "000a0806000108000604000102"),
                of("VLAN with full MTU", UNKNOWN, "8100", "000a88b5", TestNode.MTU),
                of("802.1ad", UNKNOWN, "88a8", "000a88b5"),
                of("QinQ, 802.1ad", UNKNOWN, "88a8", "00648100000a88b5"),
                of("QinQ, twice 802.1Q", UNKNOWN, "8100", "00648100000a88b5"),
                of("QinQ, 9100", UNKNOWN, "9100", "00648100000a88b5"),
                of("three tags", UNKNOWN, "88a8", "006488a800658100000a88b5"));
    }

    private static Stream<FrameKind> others() {
        return Stream.of(
                of("MPLS", UNKNOWN, "8847", "0001014045000014"),
                of("MPLS, two labels", UNKNOWN, "8847", "000100400001014045000014"),
                of("MPLS multicast", "01005e800001", "8848", "00010140"),
                of("MACsec", UNKNOWN, "88e5", "2c00000000010200000000010001"),
                of("MACsec key agreement", LINK_LOCAL + "03", "888e", "0305003c0110"),
                of("PPPoE discovery", BROADCAST, "8863", "11090000000401010000"),
                of("PPPoE session", UNKNOWN, "8864", "110000010004c0210101"),
                of("TRILL", "0180c2000040", "22f3", "0000"),
                of("FCoE", UNKNOWN, "8906", "0000"),
                of("loopback", "cf0000000000", "9000", "00000100"),
                of("LLC test", UNKNOWN, "0003", "0000f3"),
                of("a length that is wrong", UNKNOWN, "05dc", "424203"),
                of("unknown type 0600", UNKNOWN, "0600", "01"),
                of("unknown type 88b6", UNKNOWN, "88b6", "01"),
                of("unknown type ffff", UNKNOWN, "ffff", "01"),
                of("type 0000", UNKNOWN, "0000", "01"));
    }

    private static Stream<FrameKind> ip() {
        return Stream.of(
                of("ARP request", BROADCAST, "0806", "000108000604000102000000000a0a0100fa0000000000000a0100fb"),
                of("ARP reply", UNKNOWN, "0806", "000108000604000202000000000a0a0100fa0200000000990a0100fb"),
                of("OSPF", "01005e000005", "0800", "45c0002c00000000015900000a0100fae0000005"),
                of("VRRP", "01005e000012", "0800", "45c0002c00000000ff7000000a0100fae0000012"),
                of("IPv4 with wrong checksums", UNKNOWN, "0800", "4500002e000000004011ffff0a0100fa0a0100fb"),
                of("IPv6", UNKNOWN, "86dd", "6000000000063b40fd" + "00".repeat(31)),
                of(
                        "router solicitation",
                        "333300000002",
                        "86dd",
                        "6000000000083afffe80" + "00".repeat(30) + "85000000"));
    }

    private static Stream<FrameKind> lengths() {
        return Stream.concat(
                Stream.of(1, 2, 5, 6, 45, 46, 100, 1000, TestNode.MTU)
                        .map(length -> of(length + " bytes of payload", UNKNOWN, "88b5", "", length)),
                Stream.of(of("LLC with full MTU", UNKNOWN, "05aa", "fefe03", TestNode.MTU)));
    }

    private static Stream<FrameKind> addresses() {
        return Stream.of(
                of("broadcast", BROADCAST, "88b5", ""),
                of("multicast", "010000000001", "88b5", ""),
                of("unicast to an unknown MAC", UNKNOWN, "88b5", ""),
                of("to no MAC", "000000000000", "88b5", ""),
                of("to its sender", SENDER, "88b5", ""),
                unicast().from("000000000000"),
                unicast().from(BROADCAST),
                unicast().from("010000000001"));
    }

    @Override
    public String toString() {
        return name;
    }
}
