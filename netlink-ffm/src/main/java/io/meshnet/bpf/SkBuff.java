package io.meshnet.bpf;

/**
 * Offsets in bytes in the context of a program of type SCHED_CLS: {@code struct __sk_buff} in
 * linux/bpf.h. Every field here is a u32.
 */
public final class SkBuff {

    /**
     * The length of the frame with its Ethernet header. A VLAN tag does not count when
     * {@link #VLAN_PRESENT} is set.
     */
    public static final int LEN = 0;
    /** The mark of the frame. */
    public static final int MARK = 8;
    /** The ethertype, in network order. */
    public static final int PROTOCOL = 16;
    /** Not 0 when the frame has a VLAN tag, which the kernel keeps outside of the data. */
    public static final int VLAN_PRESENT = 20;
    /** The device that the frame comes in by or goes out by. */
    public static final int IFINDEX = 40;
    /** The number of segments of a GSO frame. */
    public static final int GSO_SEGS = 164;
    /** The payload of each segment of a GSO frame, in bytes; 0 for any other frame. */
    public static final int GSO_SIZE = 176;

    static final int WIRE_LEN = 160;

    /**
     * sizeof(struct __sk_buff) since Linux 5.18. Other kernels accept it too, since the bytes that
     * they do not know are zero.
     */
    static final int BYTES = 192;

    private SkBuff() {}
}
