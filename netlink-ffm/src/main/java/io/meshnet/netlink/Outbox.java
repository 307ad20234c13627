package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EINTR;

import io.meshnet.netlink.generated.iovec;
import io.meshnet.netlink.generated.msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Sends requests to the kernel, which is where a netlink socket without an address sends (sendmsg(2)). One thread at a time. */
final class Outbox {

    private final MessageWriter requests;
    private final MemorySegment vector;
    private final MemorySegment header;

    /** @param requests what to send from */
    Outbox(Arena arena, MessageWriter requests) {
        this.requests = requests;
        vector = arena.allocate(iovec.layout());
        header = arena.allocate(msghdr.layout());
        iovec.iov_base(vector, requests.buffer());
        msghdr.msg_iov(header, vector);
        msghdr.msg_iovlen(header, 1);
    }

    /** What it sends from. */
    MessageWriter requests() {
        return requests;
    }

    /**
     * Sends all that was written, and returns when the kernel has worked it off.
     *
     * @return a negated errno when it was not taken
     */
    long send(MemorySegment state, int fd) {
        int length = requests.length();
        iovec.iov_len(vector, length);
        Trace.message("->", requests.buffer(), length);
        long sent;
        do {
            sent = Native.sendmsg(state, fd, header, 0);
        } while (sent == -EINTR()); // the kernel was not reached yet
        return sent;
    }
}
