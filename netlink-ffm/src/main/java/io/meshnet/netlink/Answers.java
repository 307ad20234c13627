package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EINTR;
import static io.meshnet.netlink.generated.Rtnetlink.MSG_TRUNC;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Receives what the kernel answers to a socket that nobody else can send to, see {@link Port} (recv(2)). One thread at a time. */
final class Answers {

    /** The kernel fills no more of a dump's datagram than this, unless one message needs it (netlink_recvmsg). */
    static final int ROOM = 32 << 10;

    private MemorySegment bytes;

    Answers(Arena arena) {
        grow(arena, ROOM);
    }

    /** Makes as much room, and forgets what was received. */
    void grow(Arena arena, long room) {
        bytes = arena.allocate((room + 3) & ~3L, Integer.BYTES);
    }

    /**
     * Receives one datagram.
     *
     * @param flags of recv(2), besides MSG_TRUNC
     * @return its length, which may be more than there is room for, or a negated errno, never EINTR
     */
    long receive(MemorySegment state, int fd, int flags) {
        long received;
        do {
            received = Native.recv(state, fd, bytes, MSG_TRUNC() | flags);
        } while (received == -EINTR());
        Trace.message("<-", bytes, Math.min(received, bytes.byteSize()));
        return received;
    }

    /** What was received; as much of it as there is room for. */
    MemorySegment bytes() {
        return bytes;
    }
}
