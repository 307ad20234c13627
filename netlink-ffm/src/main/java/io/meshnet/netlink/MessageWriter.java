package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_ACK;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_REQUEST;

import io.meshnet.netlink.generated.ifaddrmsg;
import io.meshnet.netlink.generated.ifinfomsg;
import io.meshnet.netlink.generated.nlattr;
import io.meshnet.netlink.generated.nlmsghdr;
import io.meshnet.netlink.generated.rtgenmsg;
import io.meshnet.netlink.generated.rtmsg;
import io.meshnet.netlink.generated.tcmsg;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes rtnetlink requests, one behind the other, into memory that its caller owns.
 *
 * <pre>
 *  0               16            + family header
 * +---------------+-------------+------------------+------------------+
 * | nlmsghdr      | ifinfomsg … | nlattr | payload | nlattr | payload |  next message …
 * +---------------+-------------+------------------+------------------+
 * </pre>
 *
 * It only appends: a nest is closed, and a message ended, by patching its length. Everything starts on a multiple of four bytes
 * (NLMSG_ALIGN, NLA_ALIGN in linux/netlink.h), and what lies between is zero. Integers are in host order unless the method says
 * otherwise. It allocates nothing once warm, but for an address or a name that is not ASCII. One thread at a time.
 */
public final class MessageWriter {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfShort BE16 = U16.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfInt BE32 = U32.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int NLMSGHDR = (int) nlmsghdr.sizeof();
    private static final long NLMSG_LEN = nlmsghdr.nlmsg_len$offset();
    private static final long NLMSG_TYPE = nlmsghdr.nlmsg_type$offset();
    private static final long NLMSG_FLAGS = nlmsghdr.nlmsg_flags$offset();
    private static final long NLMSG_SEQ = nlmsghdr.nlmsg_seq$offset();
    private static final int NLATTR = (int) nlattr.sizeof();
    private static final long NLA_LEN = nlattr.nla_len$offset();
    private static final long NLA_TYPE = nlattr.nla_type$offset();
    private static final int NLA_MAX = 0xffff;
    private static final int DEEPEST = 8;

    private final MemorySegment buffer;
    private final Nest nest = new Nest();
    private final int[] nests = new int[DEEPEST];
    private int depth;
    private int sequence;
    private int firstSequence;
    private int position;
    private int start = -1;
    private int messages;

    /**
     * @param buffer where the requests go; the writer neither frees nor grows it
     * @param firstSequence nlmsg_seq of the first request; each one after it has the next, across {@link #clear}
     */
    public MessageWriter(MemorySegment buffer, int firstSequence) {
        this.buffer = buffer;
        this.sequence = firstSequence;
        this.firstSequence = firstSequence;
    }

    /** Forgets what was written, and starts again at the first byte. */
    public void clear() {
        position = 0;
        start = -1;
        messages = 0;
        depth = 0;
        firstSequence = sequence;
    }

    /**
     * Begins a request that changes something: NLM_F_REQUEST, NLM_F_ACK and {@code flags}. The one before it loses its NLM_F_ACK: the
     * kernel works requests off in their order, and answers one that it refuses whether it asks for that or not (netlink_rcv_skb), so
     * that the last one's ack tells of all.
     */
    public MessageWriter change(int type, int flags) {
        if (messages > 0) {
            long at = start + NLMSG_FLAGS;
            buffer.set(U16, at, (short) (buffer.get(U16, at) & ~NLM_F_ACK()));
        }
        return message(type, NLM_F_REQUEST() | NLM_F_ACK() | flags);
    }

    /** Begins a request that asks for something and is answered by it: NLM_F_REQUEST and {@code flags}. */
    public MessageWriter query(int type, int flags) {
        return message(type, NLM_F_REQUEST() | flags);
    }

    private MessageWriter message(int type, int flags) {
        end();
        start = append(NLMSGHDR);
        buffer.set(U16, start + NLMSG_TYPE, (short) type);
        buffer.set(U16, start + NLMSG_FLAGS, (short) flags);
        buffer.set(U32, start + NLMSG_SEQ, sequence++);
        messages++;
        return this;
    }

    /** Ends the request that was begun last, and tells how many bytes there are to send. */
    public int length() {
        end();
        return position;
    }

    /** Where the requests are. */
    MemorySegment buffer() {
        return buffer;
    }

    /** How many requests there are. */
    public int messages() {
        return messages;
    }

    /** The sequence of the first request; those behind it count up from there. */
    public int firstSequence() {
        return firstSequence;
    }

    /** How many bytes of the buffer are left. */
    public int remaining() {
        return (int) (buffer.byteSize() - position);
    }

    /** The struct that leads every RTM_*LINK message, here for a new link or for any. */
    public MessageWriter ifinfomsg(int ifindex) {
        return ifinfomsg(ifindex, 0, 0);
    }

    /**
     * The struct that leads every RTM_*LINK message.
     *
     * @param flags IFF_* bits as they shall be
     * @param change which of them are meant
     */
    public MessageWriter ifinfomsg(int ifindex, int flags, int change) {
        int at = append((int) ifinfomsg.sizeof());
        buffer.set(U32, at + ifinfomsg.ifi_index$offset(), ifindex);
        buffer.set(U32, at + ifinfomsg.ifi_flags$offset(), flags);
        buffer.set(U32, at + ifinfomsg.ifi_change$offset(), change);
        return this;
    }

    /** The struct that leads every RTM_*ADDR message; {@code flags} are those IFA_F_* that fit a byte. */
    public MessageWriter ifaddrmsg(int family, int prefixLength, int flags, int scope, int ifindex) {
        int at = append((int) ifaddrmsg.sizeof());
        set8(at + ifaddrmsg.ifa_family$offset(), family);
        set8(at + ifaddrmsg.ifa_prefixlen$offset(), prefixLength);
        set8(at + ifaddrmsg.ifa_flags$offset(), flags);
        set8(at + ifaddrmsg.ifa_scope$offset(), scope);
        buffer.set(U32, at + ifaddrmsg.ifa_index$offset(), ifindex);
        return this;
    }

    /** The struct that leads every RTM_*ROUTE message, here for a look-up. */
    public MessageWriter rtmsg(int family, int destinationLength) {
        int at = append((int) rtmsg.sizeof());
        set8(at + rtmsg.rtm_family$offset(), family);
        set8(at + rtmsg.rtm_dst_len$offset(), destinationLength);
        return this;
    }

    /** The struct that leads the messages which need no more than a family. */
    public MessageWriter rtgenmsg(int family) {
        int at = append((int) rtgenmsg.sizeof());
        set8(at + rtgenmsg.rtgen_family$offset(), family);
        return this;
    }

    /**
     * The struct that leads every message about qdiscs and filters (struct tcmsg,
     * linux/rtnetlink.h).
     *
     * @param handle the handle of the qdisc or filter; 0 for any
     * @param parent its place, TC_H_*; 0 for any
     * @param info of a filter: the priority in the upper 16 bits, the protocol in network order in
     *     the lower ones; 0 of a qdisc
     */
    public MessageWriter tcmsg(int ifindex, int handle, int parent, int info) {
        int at = append((int) tcmsg.sizeof());
        buffer.set(U32, at + tcmsg.tcm_ifindex$offset(), ifindex);
        buffer.set(U32, at + tcmsg.tcm_handle$offset(), handle);
        buffer.set(U32, at + tcmsg.tcm_parent$offset(), parent);
        buffer.set(U32, at + tcmsg.tcm_info$offset(), info);
        return this;
    }

    /** An attribute of one byte. */
    public MessageWriter u8(int type, int value) {
        set8(attribute(type, 1), value);
        return this;
    }

    /** An attribute of two bytes in network order, as ports are. */
    public MessageWriter be16(int type, int value) {
        buffer.set(BE16, attribute(type, 2), (short) value);
        return this;
    }

    /** An attribute of four bytes. */
    public MessageWriter u32(int type, int value) {
        buffer.set(U32, attribute(type, 4), value);
        return this;
    }

    /** An attribute of text closed by a zero byte, as interface names are (NLA_NUL_STRING). */
    public MessageWriter string(int type, String value) {
        return utf8(type, value, 1);
    }

    /** An attribute of text without a zero byte, as kinds and aliases are sent (NLA_STRING takes both). */
    public MessageWriter text(int type, String value) {
        return utf8(type, value, 0);
    }

    /** An attribute of six bytes: a hardware address. */
    public MessageWriter mac(int type, MacAddress mac) {
        int at = attribute(type, 6);
        buffer.set(BE16, at, (short) (mac.bits() >> 32));
        buffer.set(BE32, at + 2L, (int) mac.bits());
        return this;
    }

    /** An attribute of four or sixteen bytes: an IP address in network order. */
    public MessageWriter address(int type, InetAddress address) {
        return bytes(type, address.getAddress());
    }

    /** An attribute of any bytes. */
    public MessageWriter bytes(int type, byte[] value) {
        int at = attribute(type, value.length);
        // For the few bytes of an address this is quicker than MemorySegment.copy, two calls of native code where C1
        // has compiled it.
        for (int i = 0; i < value.length; i++) {
            set8(at + i, value[i]);
        }
        return this;
    }

    /**
     * Begins an attribute that holds attributes. What is written until the returned nest is closed is inside; it is the same object
     * each time, so that it costs nothing, and nests close in the reverse order of their opening as try-with-resources does.
     */
    public Nest nest(int type) {
        if (depth == DEEPEST) {
            throw new IllegalStateException("more than " + DEEPEST + " nests in one another");
        }
        nests[depth++] = attribute(type, 0) - NLATTR;
        return nest;
    }

    /** An open nest; closing it writes its length. */
    public final class Nest implements AutoCloseable {

        private Nest() {}

        @Override
        public void close() {
            int at = nests[--depth];
            int length = position - at;
            if (length > NLA_MAX) {
                throw new IllegalStateException("a nest of " + length + " bytes; nla_len has two");
            }
            buffer.set(U16, at + NLA_LEN, (short) length);
        }
    }

    private MessageWriter utf8(int type, String value, int zeroes) {
        int length = value.length();
        int mark = position;
        int at = attribute(type, length + zeroes);
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            if (c >= 0x80) { // as long in UTF-8 as it is not in UTF-16: begin anew
                position = mark;
                byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
                at = attribute(type, utf8.length + zeroes);
                MemorySegment.copy(utf8, 0, buffer, ValueLayout.JAVA_BYTE, at, utf8.length);
                return this;
            }
            buffer.set(ValueLayout.JAVA_BYTE, at + (long) i, (byte) c);
        }
        return this;
    }

    /** Appends the header and zeroed room for the payload; the offset of the latter. */
    private int attribute(int type, int length) {
        int whole = NLATTR + length;
        if (whole > NLA_MAX) {
            throw new IllegalArgumentException("attribute " + type + " of " + whole + " bytes; nla_len has two");
        }
        int at = append(whole);
        buffer.set(U16, at + NLA_LEN, (short) whole);
        buffer.set(U16, at + NLA_TYPE, (short) type);
        return at + NLATTR;
    }

    /** Appends zeroes up to the next multiple of four; the offset of the first. */
    private int append(int length) {
        int aligned = (length + 3) & ~3;
        int at = position;
        if (aligned > buffer.byteSize() - at) {
            throw new IllegalStateException("a message of more than " + buffer.byteSize() + " bytes");
        }
        for (int i = 0; i < aligned; i += 4) {
            buffer.set(U32, at + i, 0);
        }
        position = at + aligned;
        return at;
    }

    private void end() {
        if (depth != 0) {
            throw new IllegalStateException(depth + " nests are open");
        }
        if (start >= 0) {
            buffer.set(U32, start + NLMSG_LEN, position - start);
        }
    }

    private void set8(long at, int value) {
        buffer.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    /** Gives the requests fresh sequences, so that they can be sent again. */
    void resequence() {
        end();
        firstSequence = sequence;
        for (int at = 0; at < position; at += buffer.get(U32, at + NLMSG_LEN)) {
            buffer.set(U32, at + NLMSG_SEQ, sequence++);
        }
    }
}
