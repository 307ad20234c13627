package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EINTR;
import static io.meshnet.netlink.generated.Rtnetlink.MSG_TRUNC;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_LISTEN_ALL_NSID;
import static io.meshnet.netlink.generated.Rtnetlink.SOL_NETLINK;

import io.meshnet.netlink.generated.cmsghdr;
import io.meshnet.netlink.generated.iovec;
import io.meshnet.netlink.generated.msghdr;
import io.meshnet.netlink.generated.sockaddr_nl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Room for one datagram of the kernel's, for its sender, and for the control message that tells in which namespace it was multicast
 * (recvmsg(2), cmsg(3)). One thread at a time.
 */
final class Inbox {

    /** CMSG_SPACE of an int, 24 bytes, and some more. */
    private static final int CONTROL = 64;
    /** CMSG_DATA: the header is as long as its alignment, of a size_t, wants. */
    private static final long CMSG_DATA = cmsghdr.sizeof();

    private final MemorySegment sender;
    private final MemorySegment control;
    private final MemorySegment header;
    private final MemorySegment bytes;

    Inbox(Arena arena) {
        sender = arena.allocate(sockaddr_nl.layout());
        control = arena.allocate(CONTROL, Long.BYTES);
        MemorySegment vector = arena.allocate(iovec.layout());
        header = arena.allocate(msghdr.layout());
        msghdr.msg_name(header, sender);
        msghdr.msg_iov(header, vector);
        msghdr.msg_iovlen(header, 1);
        msghdr.msg_control(header, control);
        bytes = arena.allocate(Answers.ROOM, Integer.BYTES);
        iovec.iov_base(vector, bytes);
        iovec.iov_len(vector, bytes.byteSize());
    }

    /**
     * Receives one datagram; any that is not the kernel's is dropped.
     *
     * @param flags of recvmsg(2), besides MSG_TRUNC
     * @return its length, which may be more than there is room for, or a negated errno, never EINTR
     */
    long receive(MemorySegment state, int fd, int flags) {
        while (true) {
            msghdr.msg_namelen(header, (int) sender.byteSize());
            msghdr.msg_controllen(header, control.byteSize());
            long received = Native.recvmsg(state, fd, header, MSG_TRUNC() | flags);
            if (received == -EINTR() || (received >= 0 && sockaddr_nl.nl_pid(sender) != 0)) {
                continue;
            }
            Trace.message("<-", bytes, Math.min(received, bytes.byteSize()));
            return received;
        }
    }

    /** What was received; as much of it as there is room for. */
    MemorySegment bytes() {
        return bytes;
    }

    /** The id of the namespace that it was multicast in; {@link LinkEvent#OWN_NETNS} when the kernel tells none. */
    int netnsid() {
        boolean told = msghdr.msg_controllen(header) >= CMSG_DATA + Integer.BYTES
                && cmsghdr.cmsg_level(control) == SOL_NETLINK()
                && cmsghdr.cmsg_type(control) == NETLINK_LISTEN_ALL_NSID();
        return told ? control.get(ValueLayout.JAVA_INT, CMSG_DATA) : LinkEvent.OWN_NETNS;
    }
}
