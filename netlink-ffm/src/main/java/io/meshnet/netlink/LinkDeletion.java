package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EAGAIN;
import static io.meshnet.netlink.generated.Rtnetlink.IFNAMSIZ;
import static io.meshnet.netlink.generated.Rtnetlink.MSG_DONTWAIT;
import static io.meshnet.netlink.generated.Rtnetlink.NLMSG_ERROR;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_DELLINK;
import static io.meshnet.netlink.generated.Rtnetlink.RTNLGRP_LINK;
import static io.meshnet.netlink.generated.Rtnetlink.SIOCGIFNAME;

import io.meshnet.netlink.generated.ifinfomsg;
import io.meshnet.netlink.generated.nlmsgerr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Deletes links of one namespace. The kernel works a request off under its lock, in three steps (unregister_netdevice_many_notify in
 * net/core/dev.c):
 *
 * <ol>
 *   <li>All links of the request are set down, and then unlisted in every namespace, with the peers of veths: their names and indices
 *       are free.
 *   <li>One by one they are told to be gone (RTM_DELLINK, RTNLGRP_LINK) and taken out of sysfs. Whatever needs the lock waits for that.
 *   <li>Without the lock, some 20 ms go by before their memory is freed and the system call returns.
 * </ol>
 *
 * The system call is left to another thread. What is waited for here is what the kernel multicasts meanwhile, to the very socket that
 * asked: the first that is told of stands for all being unlisted, the last for the lock. Used by one platform thread at a time.
 */
public final class LinkDeletion {

    /** Room for some thousands of notifications that were not heard yet. */
    private static final int RECEIVE_BUFFER = 8 << 20;

    /** Less than the kernel takes for one link of many. */
    private static final long LEAST_NANOS = 50_000;

    /** A tenth of what it takes until one of many is unlisted, along with all the others. */
    private static final long UNLISTING_NANOS = 10_000;

    /** The last links are waited for. */
    private static final int FEW = 4;

    /** A struct ifreq of netdevice(7): a name of IFNAMSIZ bytes, and here the index behind it. */
    private static final int IFREQ = 40;

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
     * Deletes all links of a group, with one request, and returns when the kernel's lock is free again.
     *
     * @param group not 0, which is the group of everything that has no other
     * @param unlisted run before that, as soon as no namespace lists any of them; not when that is only known at the end
     * @return how many there were
     * @throws NetlinkException when the kernel refuses it
     */
    public int group(int group, Runnable unlisted) {
        try (Hearing hearing = new Hearing()) {
            // Listed after the socket was made to hear: whatever goes from now on is told to it.
            Set<Integer> links = socket.links().list().stream()
                    .filter(link -> link.group() == group)
                    .map(Link::ifindex)
                    .collect(Collectors.toCollection(HashSet::new));
            return group(hearing, group, links, unlisted);
        }
    }

    /**
     * Deletes all links of a group with one request, and returns when the kernel's lock is free
     * again. The caller knows the indices, so the method does not dump the namespace.
     *
     * @param group not 0, which is the default group of every link
     * @param links the indices of all links of the group; the method does not change the set. If an
     *     index of the group is missing, the kernel deletes that link too, but the method may
     *     return before it is gone. If an index is not of the group, the method waits until the
     *     kernel has freed the other links, about 20 ms longer
     * @param unlisted runs before the return, as soon as no namespace lists any of {@code links};
     *     it does not run when the method learns that only at the end
     * @return how many of {@code links} the namespace has listed before the deletion
     * @throws NetlinkException when the kernel refuses the deletion
     */
    public int group(int group, Set<Integer> links, Runnable unlisted) {
        try (Hearing hearing = new Hearing()) {
            Set<Integer> listed =
                    links.stream().filter(hearing::isListed).collect(Collectors.toCollection(HashSet::new));
            return group(hearing, group, listed, unlisted);
        }
    }

    private int group(Hearing hearing, int group, Set<Integer> listed, Runnable unlisted) {
        int count = listed.size();
        if (count > 0 && !hearing.isGone(listed, writer -> LinkMessages.deleteGroup(writer, group), unlisted)) {
            socket.links().deleteGroup(group);
        }
        return count;
    }

    /**
     * Deletes one link, and with one end of a veth the other; one that is not there is no error.
     *
     * @throws NetlinkException when the kernel refuses it
     */
    public void link(int ifindex) {
        try (Hearing hearing = new Hearing()) {
            Set<Integer> left = new HashSet<>(Set.of(ifindex));
            if (!hearing.isGone(left, writer -> LinkMessages.delete(writer, ifindex), () -> {})) {
                socket.links().delete(ifindex);
            }
        }
    }

    /** A socket that one thread sends on while another listens; each has its own memory. It closes when both are done. */
    private final class Hearing implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment state = Native.callState(arena);
        private final Inbox heard = new Inbox(arena);
        private final MemorySegment ifreq = arena.allocate(IFREQ, Integer.BYTES);
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
         * @param unlisted run once no namespace lists any of them
         * @return false when that is not known: the kernel refused the request, or more was told than there was room for
         */
        boolean isGone(Set<Integer> left, Consumer<MessageWriter> request, Runnable unlisted) {
            boolean listed = true;
            sent = CompletableFuture.runAsync(() -> send(port.fd(), request), freeing);
            while (!left.isEmpty()) {
                long received = receive(left.size(), listed ? UNLISTING_NANOS : LEAST_NANOS);
                if (received < 0) {
                    // The kernel is done with a request when the call that sent it returns.
                    sent.join();
                    return false;
                }
                reader.wrap(heard.bytes(), Math.min(received, heard.bytes().byteSize()));
                while (reader.next()) {
                    if (reader.type() == RTM_DELLINK() && LinkDecoder.isLink(reader)) {
                        left.remove(reader.u32(ifinfomsg.ifi_index$offset()));
                        // One that somebody else has deleted says nothing of the others.
                        if (listed && left.stream().noneMatch(this::isListed)) {
                            listed = false;
                            unlisted.run();
                        }
                    } else if (reader.type() == NLMSG_ERROR() && reader.portId() == port.portId()) {
                        return reader.u32(nlmsgerr.error$offset()) == 0;
                    }
                }
            }
            return true;
        }

        /** Whether the namespace lists a link; asked in a way that does not wait for the kernel's lock, as every message does. */
        private boolean isListed(int ifindex) {
            ifreq.set(ValueLayout.JAVA_INT, IFNAMSIZ(), ifindex);
            return Native.ioctl(state, port.fd(), SIOCGIFNAME(), ifreq) != -Errno.ENODEV;
        }

        /**
         * The length of a datagram of the kernel's, or a negated errno. While many links are left it sleeps rather than waits: to wake a
         * thread for each notification would cost the kernel's own a twentieth, and whom the kernel's own wakes is likely to be put behind
         * it on the processor that is busy with the rest.
         *
         * @param nanos how long to sleep for each that is left
         */
        private long receive(int left, long nanos) {
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
                LockSupport.parkNanos(left * nanos);
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
