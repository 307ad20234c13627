package io.meshnet.reconciler.kernel;

import static io.meshnet.bpf.Register.R0;
import static io.meshnet.bpf.Register.R1;
import static io.meshnet.bpf.Register.R10;
import static io.meshnet.bpf.Register.R2;
import static io.meshnet.bpf.Register.R3;
import static io.meshnet.bpf.Register.R4;
import static io.meshnet.bpf.Register.R5;
import static io.meshnet.bpf.Register.R6;
import static io.meshnet.bpf.Register.R7;
import static io.meshnet.bpf.Register.R8;
import static io.meshnet.bpf.Register.R9;

import io.meshnet.bpf.Assembler;
import io.meshnet.bpf.BpfMap;
import io.meshnet.bpf.HelperFunction;
import io.meshnet.bpf.SkBuff;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The two programs that forward frames by {@link WireMaps}, for the ingress of a clsact: one on every port, one on the vxlan device.
 * They take Linux 5.19, which has the local address in the tunnel key (26101f5ab6bd, "bpf: Add source ip in struct bpf_tunnel_key").
 *
 * <p>Both redirect by bpf_redirect. bpf_redirect_peer would be quicker, but the receiving kernel would not compare the frame's
 * destination with the MAC of the pod's interface: its IP stack would answer frames that are meant for others.
 *
 * <p>Registers: R6 holds the frame, R7 the entry of the map. Both name all three maps, so that the kernel lists them for the program of
 * any filter.
 */
public final class WirePrograms {

    /** linux/pkt_cls.h. */
    private static final int TC_ACT_SHOT = 2;

    /** struct bpf_tunnel_key in linux/bpf.h: offsets, and its length with and without the local address. */
    private static final int TUNNEL_ID = 0;

    private static final int REMOTE = 4;
    private static final int TTL = 21;
    private static final int LOCAL = 28;
    private static final int KEY_BYTES = 44;
    private static final int KEY_BYTES_WITHOUT_LOCAL = 28;

    /** Flags of bpf_skb_set_tunnel_key and bpf_skb_get_tunnel_key. */
    private static final int BPF_F_TUNINFO_IPV6 = 1;

    private static final int BPF_F_ZERO_CSUM_TX = 2;

    /** Flag of bpf_check_mtu. */
    private static final int BPF_MTU_CHK_SEGS = 1;

    /** Lengths and offsets of headers: linux/if_ether.h, linux/if_vlan.h, RFC 791, RFC 8200, RFC 9293, RFC 768. */
    private static final int ETH_HLEN = 14;

    private static final int VLAN_HLEN = 4;
    private static final int IPV4_PROTOCOL = 9;
    private static final int IPV6_NEXT_HEADER = 6;
    private static final int IPV6_BYTES = 40;
    private static final int TCP_DATA_OFFSET = 12;
    private static final int UDP_BYTES = 8;
    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_UDP = 17;

    private static final int OUTER_TTL = 64;

    /**
     * On the stack: a key of a map, the answer of bpf_check_mtu, a tunnel key with its remote on a multiple of eight, and the first
     * bytes of a header.
     */
    private static final int MAP_KEY = -4;

    private static final int MTU = -8;
    private static final int KEY = -60;
    private static final int HEADER = -72;
    private static final int HEADER_BYTES = 12;

    private WirePrograms() {}

    /**
     * The program of a port. A frame of a port without an entry is dropped; one that does not fit the vxlan device is counted and
     * dropped, unless the entry allows fragments.
     *
     * @param vxlanIfindex the vxlan device, whose MTU counts
     * @param ipv6 whether the underlay is IPv6
     * @param local the source address of outer packets, of that family
     */
    public static Assembler port(
            BpfMap ports, BpfMap tunnels, BpfMap numbers, int vxlanIfindex, boolean ipv6, InetAddress local) {
        Assembler code = new Assembler();
        code.mov(R6, R1); // the frame
        nameAll(code, tunnels, numbers);
        // R7 = ports[skb->ifindex], or drop
        code.loadWord(R1, R6, SkBuff.IFINDEX);
        lookUp(code, ports);
        // vni 0: the target is a port of this node
        code.loadWord(R1, R7, WireMaps.VNI).jumpIfZero(R1, "redirect");
        checkMtu(code, vxlanIfindex);
        setTunnelKey(code, ipv6, local);
        code.label("redirect").loadWord(R1, R7, WireMaps.TARGET);
        redirect(code);
        drop(code);
        count(code, "tooBig", WireMaps.TOO_BIG);
        return code;
    }

    /**
     * The program of the vxlan device. A frame of a VNI without an entry is dropped; one that another host than the remote has sent is
     * counted and dropped.
     *
     * @param ipv6 whether the underlay is IPv6
     */
    public static Assembler tunnel(BpfMap ports, BpfMap tunnels, BpfMap numbers, boolean ipv6) {
        Assembler code = new Assembler();
        code.mov(R6, R1); // the frame
        nameAll(code, ports, numbers);
        clearKey(code, KEY_BYTES_WITHOUT_LOCAL);
        // the tunnel key that the vxlan device has read from the outer packet; none, or of the other family: drop
        code.mov(R1, R6)
                .mov(R2, R10)
                .add(R2, KEY)
                .mov(R3, KEY_BYTES_WITHOUT_LOCAL)
                .mov(R4, ipv6 ? BPF_F_TUNINFO_IPV6 : 0)
                .call(HelperFunction.SKB_GET_TUNNEL_KEY)
                .jumpIfNotZero(R0, "drop");
        // R7 = tunnels[key.tunnel_id], or drop
        code.loadWord(R1, R10, KEY + TUNNEL_ID);
        lookUp(code, tunnels);
        compareSender(code, ipv6);
        code.loadWord(R1, R7, WireMaps.TARGET);
        redirect(code);
        drop(code);
        count(code, "wrongSender", WireMaps.WRONG_SENDER);
        return code;
    }

    /** Names maps that the program does not read. */
    private static void nameAll(Assembler code, BpfMap... maps) {
        for (BpfMap map : maps) {
            code.loadMap(R1, map);
        }
    }

    /** R7 = map[R1], or drop. */
    private static void lookUp(Assembler code, BpfMap map) {
        code.storeWord(R10, MAP_KEY, R1)
                .loadMap(R1, map)
                .mov(R2, R10)
                .add(R2, MAP_KEY)
                .call(HelperFunction.MAP_LOOKUP_ELEM)
                .jumpIfZero(R0, "drop")
                .mov(R7, R0);
    }

    /**
     * Jumps to "tooBig" when the frame does not fit the vxlan device, with its VLAN tag, if it has one.
     *
     * <p>bpf_check_mtu checks each segment of a frame (BPF_MTU_CHK_SEGS) or adds the length of a tag that the kernel keeps beside the data
     * (len_diff); it refuses to do both at once. So the program adds up the length of a tagged segment itself.
     */
    private static void checkMtu(Assembler code, int vxlanIfindex) {
        // the entry allows fragments: no check
        code.loadWord(R1, R7, WireMaps.FLAGS).and(R1, WireMaps.FRAGMENT).jumpIfNotZero(R1, "fits");
        code.storeWord(R10, MTU, 0) // 0: take the length of the frame
                .mov(R1, R6)
                .mov(R2, vxlanIfindex)
                .mov(R3, R10)
                .add(R3, MTU)
                .mov(R4, 0)
                .mov(R5, BPF_MTU_CHK_SEGS);
        // a tagged frame without segments is four bytes longer than its length says
        code.loadWord(R0, R6, SkBuff.VLAN_PRESENT)
                .jumpIfZero(R0, "check")
                .loadWord(R0, R6, SkBuff.GSO_SIZE)
                .jumpIfNotZero(R0, "check")
                .mov(R4, VLAN_HLEN)
                .mov(R5, 0);
        code.label("check").call(HelperFunction.CHECK_MTU).jumpIfSignedGreater(R0, 0, "tooBig");
        // R9 = the payload of each segment of a tagged frame
        code.loadWord(R1, R6, SkBuff.VLAN_PRESENT)
                .jumpIfZero(R1, "fits")
                .loadWord(R9, R6, SkBuff.GSO_SIZE)
                .jumpIfZero(R9, "fits");
        checkTaggedSegments(code);
        code.label("fits");
    }

    /**
     * Adds to the payload R9 the headers of TCP or UDP and of IP, and the tag. What is neither, or is hidden by a second tag or by IPv6
     * extension headers, passes: it is four bytes too long at most.
     */
    private static void checkTaggedSegments(Assembler code) {
        // the first bytes of the IP header, or drop
        code.mov(R2, ETH_HLEN).mov(R4, HEADER_BYTES);
        loadHeader(code);
        // R8 = the length of the IP header, R3 = the protocol in it
        code.loadByte(R8, R10, HEADER)
                .mov(R1, R8)
                .shiftRight(R1, 4)
                .jumpIfEqual(R1, 6, "ipv6")
                .jumpIfNotEqual(R1, 4, "fits")
                .and(R8, 0xf)
                .shiftLeft(R8, 2)
                .loadByte(R3, R10, HEADER + IPV4_PROTOCOL)
                .jump("protocol")
                .label("ipv6")
                .mov(R8, IPV6_BYTES)
                .loadByte(R3, R10, HEADER + IPV6_NEXT_HEADER);
        // R1 = the length of the UDP header, or of the TCP header
        code.label("protocol")
                .mov(R1, UDP_BYTES)
                .jumpIfEqual(R3, IPPROTO_UDP, "sum")
                .jumpIfNotEqual(R3, IPPROTO_TCP, "fits")
                .mov(R2, R8)
                .add(R2, ETH_HLEN + TCP_DATA_OFFSET)
                .mov(R4, 1);
        loadHeader(code);
        code.loadByte(R1, R10, HEADER).shiftRight(R1, 4).shiftLeft(R1, 2);
        // all of it together beside the MTU, which bpf_check_mtu has left
        code.label("sum")
                .add(R9, R1)
                .add(R9, R8)
                .add(R9, VLAN_HLEN)
                .loadWord(R1, R10, MTU)
                .jumpIfGreater(R9, R1, "tooBig");
    }

    /** Copies R4 bytes of the frame, from the offset R2 on, to the stack, or drops. */
    private static void loadHeader(Assembler code) {
        code.mov(R1, R6)
                .mov(R3, R10)
                .add(R3, HEADER)
                .call(HelperFunction.SKB_LOAD_BYTES)
                .jumpIfNotZero(R0, "drop");
    }

    /** Gives the frame VNI and remote of the entry, and the local address. */
    private static void setTunnelKey(Assembler code, boolean ipv6, InetAddress local) {
        clearKey(code, KEY_BYTES);
        code.loadWord(R1, R7, WireMaps.VNI).storeWord(R10, KEY + TUNNEL_ID, R1).storeByte(R10, KEY + TTL, OUTER_TTL);
        code.loadDouble(R1, R7, WireMaps.REMOTE).storeDouble(R10, KEY + REMOTE, R1);
        if (ipv6) {
            code.loadDouble(R1, R7, WireMaps.REMOTE + Long.BYTES).storeDouble(R10, KEY + REMOTE + Long.BYTES, R1);
        }
        storeLocal(code, local);
        code.mov(R1, R6)
                .mov(R2, R10)
                .add(R2, KEY)
                .mov(R3, KEY_BYTES)
                .mov(R4, ipv6 ? BPF_F_TUNINFO_IPV6 : BPF_F_ZERO_CSUM_TX)
                .call(HelperFunction.SKB_SET_TUNNEL_KEY)
                .jumpIfNotZero(R0, "drop");
    }

    /** Writes the local address as {@link WireRemote} writes a remote: both fields of the key are alike. */
    private static void storeLocal(Assembler code, InetAddress local) {
        ByteBuffer memory = ByteBuffer.allocate(WireRemote.BYTES).order(ByteOrder.nativeOrder());
        WireRemote.of(local).write(memory, 0);
        for (int offset = 0; offset < WireRemote.BYTES; offset += Integer.BYTES) {
            code.storeWord(R10, KEY + LOCAL + offset, memory.getInt(offset));
        }
    }

    /** Zeroes a tunnel key: four bytes, up to a multiple of eight, and the rest. */
    private static void clearKey(Assembler code, int bytes) {
        code.storeWord(R10, KEY, 0);
        for (int offset = Integer.BYTES; offset < bytes; offset += Long.BYTES) {
            code.storeDouble(R10, KEY + offset, 0);
        }
    }

    /** Goes to "wrongSender" unless the frame comes from the remote of the entry. */
    private static void compareSender(Assembler code, boolean ipv6) {
        if (ipv6) {
            for (int half = 0; half < WireRemote.BYTES; half += Long.BYTES) {
                code.loadDouble(R1, R7, WireMaps.REMOTE + half)
                        .loadDouble(R2, R10, KEY + REMOTE + half)
                        .jumpIfNotEqual(R1, R2, "wrongSender");
            }
        } else {
            code.loadWord(R1, R7, WireMaps.REMOTE)
                    .loadWord(R2, R10, KEY + REMOTE)
                    .jumpIfNotEqual(R1, R2, "wrongSender");
        }
    }

    /** Sends the frame out by the device R1. */
    private static void redirect(Assembler code) {
        code.mov(R2, 0).call(HelperFunction.REDIRECT).exit();
    }

    private static void drop(Assembler code) {
        code.label("drop").mov(R0, TC_ACT_SHOT).exit();
    }

    /** Counts in the entry, and drops. */
    private static void count(Assembler code, String label, int offset) {
        code.label(label).mov(R1, 1).atomicAdd(R7, offset, R1).jump("drop");
    }
}
