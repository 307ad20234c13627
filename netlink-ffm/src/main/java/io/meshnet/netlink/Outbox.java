package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EINTR;

import java.lang.foreign.MemorySegment;

/**
 * Sends requests to the kernel (send(2)). One thread at a time.
 *
 * @param requests what to send from
 */
record Outbox(MessageWriter requests) {

    /**
     * Sends all that was written, and returns when the kernel has worked it off.
     *
     * @return a negated errno when it was not taken
     */
    long send(MemorySegment state, int fd) {
        int length = requests.length();
        Trace.message("->", requests.buffer(), length);
        long sent;
        do {
            sent = Native.send(state, fd, requests.buffer(), length, 0);
        } while (sent == -EINTR()); // the kernel was not reached yet
        return sent;
    }
}
