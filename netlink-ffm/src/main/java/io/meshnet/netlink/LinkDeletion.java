package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EAGAIN;
import static io.meshnet.netlink.generated.Rtnetlink.MSG_DONTWAIT;
import static io.meshnet.netlink.generated.Rtnetlink.NLMSG_ERROR;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_DELLINK;
import static io.meshnet.netlink.generated.Rtnetlink.RTNLGRP_LINK;

import io.meshnet.netlink.generated.ifinfomsg;
import io.meshnet.netlink.generated.nlmsgerr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Deletes links of one namespace, and returns as soon as they are gone: no longer listed, their names and indices free, and the peers
 * of veths gone with them. The system call that deletes takes 20 ms more, in which the kernel frees their memory outside of its lock;
 * that is left to another thread. What is waited for here is what the kernel multicasts meanwhile (RTM_DELLINK, RTNLGRP_LINK), to the
 * very socket that asked. Used by one platform thread at a time.
 */
public final class LinkDeletion {

    /** Room for some thousands of notifications that were not heard yet. */
    private static final int RECEIVE_BUFFER = 8 << 20;

    /** Less than the kernel takes for one link of many. */
    private static final long LEAST_NANOS = 50_000;

    /** The last links are waited for. */
    private static final int FEW = 4;

    private static final int REQUEST = 64;
    private static final int SEQUENCE = 1;

    private final Netns netns;
    private final RouteSocket socket;
    private final Executor freeing;
    private final int receiveBuffer;

    /**
     * Takes what it works with; all of it stays the caller's.
     *
     * @param netns the links' namespace; a deletion keeps it alive for the 20 ms that the kernel frees memory
     * @param socket in that namespace
     * @param freeing runs the system call, on another platform thread or, when it has none to spare, on the caller's
     */
    public LinkDeletion(Netns netns, RouteSocket socket, Executor freeing) {
        this(netns, socket, freeing, RECEIVE_BUFFER);
    }

    /** The same with as much room for what was not heard yet. */
    LinkDeletion(Netns netns, RouteSocket socket, Executor freeing, int receiveBuffer) {
        this.netns = netns;
        this.socket = socket;
        this.freeing = freeing;
        this.receiveBuffer = receiveBuffer;
    }

    /**
     * Deletes all links of a group, with one request.
     *
     * @param group not 0, which is the group of everything that has no other
     * @return how many there were
     * @throws NetlinkException when the kernel refuses it
     */
    public int group(int group) {
        try (Hearing hearing = new Hearing()) {
            // Listed after the socket was made to hear: whatever goes from now on is told to it.
            List<Link> links = socket.links().list().stream()
                    .filter(link -> link.group() == group)
                    .toList();
            if (links.isEmpty()) {
                return 0;
            }
            Set<Integer> left = new HashSet<>();
            links.forEach(link -> left.add(link.ifindex()));
            if (!hearing.isGone(left, writer -> LinkMessages.deleteGroup(writer, group))) {
                socket.links().deleteGroup(group);
            }
            return links.size();
        }
    }

    /**
     * Deletes one link, and with one end of a veth the other; one that is not there is no error.
     *
     * @throws NetlinkException when the kernel refuses it
     */
    public void link(int ifindex) {
        try (Hearing hearing = new Hearing()) {
            Set<Integer> left = new HashSet<>(Set.of(ifindex));
            if (!hearing.isGone(left, writer -> LinkMessages.delete(writer, ifindex))) {
                socket.links().delete(ifindex);
            }
        }
    }

    /** A socket that one thread sends on while another listens; each has its own memory. It closes when both are done. */
    private final class Hearing implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment state = Native.callState(arena);
        private final Inbox heard = new Inbox(arena);
        private final MessageReader reader = new MessageReader();
        private final Port port;
        private CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);

        Hearing() {
            try {
                port = Port.open(state, netns);
            } catch (Throwable t) {
                arena.close();
                throw t;
            }
            try {
                port.receiveBuffer(state, receiveBuffer);
                port.join(state, RTNLGRP_LINK());
            } catch (Throwable t) {
                close();
                throw t;
            }
        }

        /**
         * Has the request sent, and waits until every link was told to be gone.
         *
         * @param left their indices; empty afterwards
         * @return false when that is not known: the kernel refused the request, or more was told than there was room for
         */
        boolean isGone(Set<Integer> left, Consumer<MessageWriter> request) {
            sent = CompletableFuture.runAsync(() -> send(port.fd(), request), freeing);
            while (!left.isEmpty()) {
                long received = receive(left.size());
                if (received < 0) {
                    // The kernel is done with a request when the call that sent it returns.
                    sent.join();
                    return false;
                }
                reader.wrap(heard.bytes(), Math.min(received, heard.bytes().byteSize()));
                while (reader.next()) {
                    if (reader.type() == RTM_DELLINK() && LinkDecoder.isLink(reader)) {
                        left.remove(reader.u32(ifinfomsg.ifi_index$offset()));
                    } else if (reader.type() == NLMSG_ERROR() && reader.portId() == port.portId()) {
                        return reader.u32(nlmsgerr.error$offset()) == 0;
                    }
                }
            }
            return true;
        }

        /**
         * The length of a datagram of the kernel's, or a negated errno. While many links are left it sleeps rather than waits: to wake a
         * thread for each notification would cost the kernel's own a twentieth.
         */
        private long receive(int left) {
            long silentSince = System.nanoTime();
            while (true) {
                long received = heard.receive(state, port.fd(), left > FEW ? MSG_DONTWAIT() : 0);
                if (received != -EAGAIN()) {
                    return received;
                }
                if (System.nanoTime() - silentSince >= Port.PATIENCE.toNanos()) {
                    throw new NetlinkException(
                            "delete links",
                            Errno.ETIMEDOUT,
                            "no word from the kernel within " + Port.PATIENCE.toSeconds() + " s",
                            "in " + netns);
                }
                LockSupport.parkNanos(left * LEAST_NANOS);
            }
        }

        @Override
        public void close() {
            arena.close();
            int fd = port.fd();
            var _ = sent.whenComplete((_, _) -> {
                try (Arena call = Arena.ofConfined()) {
                    Native.close(Native.callState(call), fd);
                }
            });
        }
    }

    /** Returns when the kernel has freed what it deleted. Whether it did is for the listener to hear. */
    private static void send(int fd, Consumer<MessageWriter> request) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            MessageWriter writer = new MessageWriter(arena.allocate(REQUEST, Integer.BYTES), SEQUENCE);
            request.accept(writer);
            var _ = new Outbox(writer).send(state, fd);
        }
    }
}
