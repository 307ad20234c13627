package io.meshnet.netlink;

import io.meshnet.netlink.generated.nlmsghdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Walks over the messages in a received datagram, in place: wrap it, call {@link #next} until it says no, ask in between.
 *
 * <p>It never reads beyond what it was given, and always moves on: a length that cannot be is a {@link MalformedMessageException}.
 * It allocates nothing. One thread at a time.
 */
public final class MessageReader {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;

    private static final int NLMSGHDR = (int) nlmsghdr.sizeof();
    private static final long NLMSG_LEN = nlmsghdr.nlmsg_len$offset();
    private static final long NLMSG_TYPE = nlmsghdr.nlmsg_type$offset();
    private static final long NLMSG_FLAGS = nlmsghdr.nlmsg_flags$offset();
    private static final long NLMSG_SEQ = nlmsghdr.nlmsg_seq$offset();
    private static final long NLMSG_PID = nlmsghdr.nlmsg_pid$offset();

    private MemorySegment buffer = MemorySegment.NULL;
    private long end;
    private long following;
    private long at;
    private long messageEnd;

    /** A reader of nothing yet. */
    public MessageReader() {}

    /** Begins before the first message of the first {@code length} bytes. */
    public MessageReader wrap(MemorySegment buffer, long length) {
        if (length < 0 || length > buffer.byteSize()) {
            throw new IndexOutOfBoundsException(length + " of " + buffer.byteSize() + " bytes");
        }
        this.buffer = buffer;
        this.end = length;
        this.following = 0;
        this.at = 0;
        this.messageEnd = 0;
        return this;
    }

    /** Moves to the next message; false when there is none. */
    public boolean next() {
        long left = end - following;
        if (left <= 0) {
            return false;
        }
        if (left < NLMSGHDR) {
            throw new MalformedMessageException(
                    left + " bytes at offset " + following + ", too few for a message header");
        }
        long length = Integer.toUnsignedLong(buffer.get(U32, following + NLMSG_LEN));
        if (length < NLMSGHDR || length > left) {
            throw new MalformedMessageException(
                    "a message of " + length + " bytes at offset " + following + ", where " + left + " are left");
        }
        at = following;
        messageEnd = at + length;
        following = at + ((length + 3) & ~3L);
        return true;
    }

    /** Its nlmsg_type, such as RTM_NEWLINK. */
    public int type() {
        return Short.toUnsignedInt(buffer.get(U16, at + NLMSG_TYPE));
    }

    /** Its nlmsg_flags, NLM_F_*. */
    public int flags() {
        return Short.toUnsignedInt(buffer.get(U16, at + NLMSG_FLAGS));
    }

    /** Its nlmsg_seq. */
    public int sequence() {
        return buffer.get(U32, at + NLMSG_SEQ);
    }

    /** Its nlmsg_pid: the port id of the socket whose request it answers. */
    public int portId() {
        return buffer.get(U32, at + NLMSG_PID);
    }

    /** How many bytes follow its header. */
    public int payloadLength() {
        return (int) (messageEnd - at) - NLMSGHDR;
    }

    /** The byte at {@code offset} of its payload. */
    public int u8(long offset) {
        return Byte.toUnsignedInt(buffer.get(ValueLayout.JAVA_BYTE, payload(offset, 1)));
    }

    /** The four bytes at {@code offset} of its payload. */
    public int u32(long offset) {
        return buffer.get(U32, payload(offset, 4));
    }

    /** Lets {@code attributes} walk over its attributes, which begin at {@code offset} of its payload. */
    public AttributeReader attributes(AttributeReader attributes, long offset) {
        return attributes.wrap(buffer, payload(offset, 0), messageEnd);
    }

    private long payload(long offset, int length) {
        if (offset < 0 || offset + length > payloadLength()) {
            throw new MalformedMessageException("a message of type " + type() + " with " + payloadLength()
                    + " bytes of payload, where " + (offset + length) + " are needed");
        }
        return at + NLMSGHDR + offset;
    }
}
