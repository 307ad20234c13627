package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.NLA_F_NESTED;
import static io.meshnet.netlink.generated.Rtnetlink.NLA_F_NET_BYTEORDER;

import io.meshnet.netlink.generated.nlattr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Walks over the attributes of a message or of a nest, in place. An attribute that nobody asks about is passed over, whatever it is.
 *
 * <p>It never reads beyond the bounds of what it walks over, and always moves on: a length that cannot be, or a payload shorter than
 * what is asked of it, is a {@link MalformedMessageException}. One thread at a time.
 */
public final class AttributeReader {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfShort BE16 = U16.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfInt BE32 = U32.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int NLATTR = (int) nlattr.sizeof();
    private static final long NLA_LEN = nlattr.nla_len$offset();
    private static final long NLA_TYPE = nlattr.nla_type$offset();
    /** NLA_TYPE_MASK, an expression that jextract does not take. */
    private static final int NLA_TYPE_MASK = ~(NLA_F_NESTED() | NLA_F_NET_BYTEORDER()) & 0xffff;

    private MemorySegment buffer = MemorySegment.NULL;
    private long end;
    private long following;
    private long payload;
    private int length;
    private int type;

    /** A reader of nothing yet. */
    public AttributeReader() {}

    AttributeReader wrap(MemorySegment buffer, long from, long to) {
        this.buffer = buffer;
        this.end = to;
        this.following = from;
        this.payload = from;
        this.length = 0;
        this.type = 0;
        return this;
    }

    /** Moves to the next attribute; false when there is none. */
    public boolean next() {
        long left = end - following;
        if (left <= 0) {
            return false;
        }
        if (left < NLATTR) {
            throw new MalformedMessageException(
                    left + " bytes at offset " + following + ", too few for an attribute header");
        }
        int whole = Short.toUnsignedInt(buffer.get(U16, following + NLA_LEN));
        type = Short.toUnsignedInt(buffer.get(U16, following + NLA_TYPE)) & NLA_TYPE_MASK;
        if (whole < NLATTR || whole > left) {
            throw new MalformedMessageException("attribute " + type + " of " + whole + " bytes at offset " + following
                    + ", where " + left + " are left");
        }
        payload = following + NLATTR;
        length = whole - NLATTR;
        following += (whole + 3) & ~3;
        return true;
    }

    /** Its nla_type without the flags. */
    public int type() {
        return type;
    }

    /** How many bytes its payload has. */
    public int length() {
        return length;
    }

    /** Its payload as one byte. */
    public int u8() {
        return Byte.toUnsignedInt(buffer.get(ValueLayout.JAVA_BYTE, need(1)));
    }

    /** Its payload as two bytes in network order. */
    public int be16() {
        return Short.toUnsignedInt(buffer.get(BE16, need(2)));
    }

    /** Its payload as four bytes. */
    public int u32() {
        return buffer.get(U32, need(4));
    }

    /** Its payload as text, up to its first zero byte if it has one. */
    public String string() {
        int used = 0;
        while (used < length && buffer.get(ValueLayout.JAVA_BYTE, payload + used) != 0) {
            used++;
        }
        byte[] bytes = new byte[used];
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, payload, bytes, 0, used);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Its payload. */
    public byte[] bytes() {
        byte[] bytes = new byte[length];
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, payload, bytes, 0, length);
        return bytes;
    }

    /** Its payload as a hardware address; {@link MacAddress#NONE} when it is not six bytes long, as a tunnel's is. */
    public MacAddress mac() {
        if (length != 6) {
            return MacAddress.NONE;
        }
        long high = Short.toUnsignedLong(buffer.get(BE16, payload));
        return new MacAddress((high << 32) | Integer.toUnsignedLong(buffer.get(BE32, payload + 2)));
    }

    /** Its payload as an IPv4 or IPv6 address, by its length. */
    public InetAddress address() {
        if (length != 4 && length != 16) {
            throw new MalformedMessageException("attribute " + type + ": an address of " + length + " bytes");
        }
        try {
            return InetAddress.getByAddress(bytes());
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // the length is right
        }
    }

    /** Lets {@code inner} walk over the attributes that its payload holds. */
    public AttributeReader nest(AttributeReader inner) {
        return inner.wrap(buffer, payload, payload + length);
    }

    private long need(int bytes) {
        if (length < bytes) {
            throw new MalformedMessageException(
                    "attribute " + type + " of " + length + " bytes of payload, where " + bytes + " are needed");
        }
        return payload;
    }
}
