package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.MSG_DONTWAIT;
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
 * Room for one datagram, for its sender, and for the control message that tells in which namespace it was multicast (recvmsg(2),
 * cmsg(3)). One thread at a time.
 */
final class Notification {

    private static final int DATAGRAM = 32 << 10;
    /** CMSG_SPACE of an int, 24 bytes, and some more. */
    private static final int CONTROL = 64;
    /** CMSG_DATA: the header is as long as its alignment, of a size_t, wants. */
    private static final long CMSG_DATA = cmsghdr.sizeof();

    private final MemorySegment datagram;
    private final MemorySegment sender;
    private final MemorySegment control;
    private final MemorySegment header;

    Notification(Arena arena) {
        datagram = arena.allocate(DATAGRAM, Integer.BYTES);
        sender = arena.allocate(sockaddr_nl.layout());
        control = arena.allocate(CONTROL, Long.BYTES);
        header = arena.allocate(msghdr.layout());
        MemorySegment vector = arena.allocate(iovec.layout());
        iovec.iov_base(vector, datagram);
        iovec.iov_len(vector, datagram.byteSize());
        msghdr.msg_name(header, sender);
        msghdr.msg_iov(header, vector);
        msghdr.msg_iovlen(header, 1);
        msghdr.msg_control(header, control);
    }

    /** Receives one without waiting for it; its length, which may be more than there is room for, or a negated errno. */
    long receive(MemorySegment state, int fd) {
        msghdr.msg_namelen(header, (int) sender.byteSize());
        msghdr.msg_controllen(header, control.byteSize());
        long received = Native.recvmsg(state, fd, header, MSG_TRUNC() | MSG_DONTWAIT());
        Trace.message("<-", datagram, Math.min(received, datagram.byteSize()));
        return received;
    }

    /** What was received; as much of it as there is room for. */
    MemorySegment datagram() {
        return datagram;
    }

    boolean isFromKernel() {
        return sockaddr_nl.nl_pid(sender) == 0;
    }

    /** The id of the namespace that it was multicast in; {@link LinkEvent#OWN_NETNS} when the kernel tells none. */
    int netnsid() {
        boolean told = msghdr.msg_controllen(header) >= CMSG_DATA + Integer.BYTES
                && cmsghdr.cmsg_level(control) == SOL_NETLINK()
                && cmsghdr.cmsg_type(control) == NETLINK_LISTEN_ALL_NSID();
        return told ? control.get(ValueLayout.JAVA_INT, CMSG_DATA) : LinkEvent.OWN_NETNS;
    }
}
