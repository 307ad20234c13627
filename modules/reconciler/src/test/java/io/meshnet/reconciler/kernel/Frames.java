package io.meshnet.reconciler.kernel;

import java.nio.ByteBuffer;

/** Frames of given lengths. The programs forward them without looking at the payload. */
final class Frames {

    static final int ETHERNET = 14;
    static final int TAG = 4;
    private static final int IPV4 = 20;
    private static final int TCP = 20;

    /** struct virtio_net_hdr in linux/virtio_net.h. */
    private static final int VNET = 10;

    private static final byte VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
    private static final byte VIRTIO_NET_HDR_GSO_TCPV4 = 1;

    private Frames() {}

    /** A frame with a packet of some length, which is neither IPv4 nor IPv6. */
    static byte[] of(int packet) {
        return ByteBuffer.allocate(ETHERNET + packet)
                .put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2})
                .putShort((short) 0x88b5) // for experiments, IEEE 802
                .array();
    }

    /** A frame with a VLAN tag and a packet of some length. */
    static byte[] tagged(int packet) {
        return ByteBuffer.allocate(ETHERNET + TAG + packet)
                .put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2})
                .putShort((short) 0x8100)
                .putShort((short) 10)
                .putShort((short) 0x88b5)
                .array();
    }

    /** Writes two bytes, the higher one first. */
    static void putShort(byte[] frame, int offset, short value) {
        ByteBuffer.wrap(frame).putShort(offset, value);
    }

    /** A frame as a packet socket with PACKET_VNET_HDR expects it. */
    static byte[] single(byte[] frame) {
        return ByteBuffer.allocate(VNET + frame.length).put(VNET, frame).array();
    }

    /**
     * What a packet socket with PACKET_VNET_HDR takes for a frame of TCP over IPv4 that stands for
     * several.
     *
     * @param vlan whether it has a VLAN tag
     * @param packet the length of each segment with its IP header
     * @param segments the number of segments
     */
    static byte[] segmented(boolean vlan, int packet, int segments) {
        int payload = packet - IPV4 - TCP;
        int link = ETHERNET + (vlan ? TAG : 0);
        int length = IPV4 + TCP + payload * segments;
        ByteBuffer all = ByteBuffer.allocate(VNET + link + length);
        all.put(VIRTIO_NET_HDR_F_NEEDS_CSUM).put(VIRTIO_NET_HDR_GSO_TCPV4);
        all.putShort(Short.reverseBytes((short) (link + IPV4 + TCP)))
                .putShort(Short.reverseBytes((short) payload))
                .putShort(Short.reverseBytes((short) (link + IPV4)))
                .putShort(Short.reverseBytes((short) 16)); // the checksum in the TCP header
        all.put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2});
        if (vlan) {
            all.putShort((short) 0x8100).putShort((short) 10);
        }
        all.putShort((short) 0x0800);
        all.putShort((short) 0x4500).putShort((short) length).putInt(0x4000).putShort((short) 0x4006);
        all.putShort((short) 0).putInt(0x0a010001).putInt(0x0a010002);
        all.putShort((short) 1000).putShort((short) 2000).putInt(0).putInt(0).putShort((short) 0x5010);
        return all.array();
    }
}
