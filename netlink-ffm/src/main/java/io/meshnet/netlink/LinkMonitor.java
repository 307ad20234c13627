package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EAGAIN;
import static io.meshnet.netlink.generated.Rtnetlink.EFD_CLOEXEC;
import static io.meshnet.netlink.generated.Rtnetlink.EFD_NONBLOCK;
import static io.meshnet.netlink.generated.Rtnetlink.EINTR;
import static io.meshnet.netlink.generated.Rtnetlink.MSG_DONTWAIT;
import static io.meshnet.netlink.generated.Rtnetlink.POLLIN;
import static io.meshnet.netlink.generated.Rtnetlink.RTNLGRP_IPV4_IFADDR;
import static io.meshnet.netlink.generated.Rtnetlink.RTNLGRP_IPV6_IFADDR;
import static io.meshnet.netlink.generated.Rtnetlink.RTNLGRP_LINK;
import static io.meshnet.netlink.generated.Rtnetlink.RTNLGRP_NSID;

import io.meshnet.netlink.generated.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells what happens to the links and addresses of one network namespace, or of all that it knows, from when it is opened on.
 *
 * <p>The kernel does not tell of everything: the group or alias of a link that is down may change in silence.
 *
 * <p>One platform thread polls at a time; any thread may close it, which ends a poll at once.
 */
public final class LinkMonitor implements AutoCloseable {

    /** Room for some thousands of notifications; beyond that it is cheaper to look at everything anew. */
    private static final int RECEIVE_BUFFER = 8 << 20;

    private static final int AT_ONCE = 1000;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = Native.callState(arena);
    private final Inbox notification = new Inbox(arena);
    private final MemorySegment waits = pollfd.allocateArray(2, arena);
    private final MessageReader reader = new MessageReader();
    private final LinkEventDecoder decoder = new LinkEventDecoder();
    private final ReentrantLock polling = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Port port;
    private final int wakeUp;
    private final int ownId;

    /** @param ownId the id that the namespace has for itself, to watch all that it knows; OWN_NETNS to watch it alone */
    private LinkMonitor(Netns netns, int receiveBuffer, int ownId) {
        this.ownId = ownId;
        int opened = -1;
        try {
            port = Port.open(state, netns);
            opened = port.fd();
            port.receiveBuffer(state, receiveBuffer);
            if (ownId != LinkEvent.OWN_NETNS) {
                port.listenToAll(state);
                port.join(state, RTNLGRP_NSID());
            }
            port.join(state, RTNLGRP_LINK());
            port.join(state, RTNLGRP_IPV4_IFADDR());
            port.join(state, RTNLGRP_IPV6_IFADDR());
            wakeUp = Native.eventfd(state, 0, EFD_CLOEXEC() | EFD_NONBLOCK());
            if (wakeUp < 0) {
                throw new NetlinkException("open an eventfd to monitor", -wakeUp, "", netns.toString());
            }
        } catch (Throwable t) {
            if (opened >= 0) {
                Native.close(state, opened);
            }
            arena.close();
            throw t;
        }
        wait(0, port.fd());
        wait(1, wakeUp);
    }

    private void wait(int index, int fd) {
        MemorySegment wait = pollfd.asSlice(waits, index);
        pollfd.fd(wait, fd);
        pollfd.events(wait, (short) POLLIN());
    }

    /**
     * Begins to watch {@code netns}, which stays alive until the monitor is closed.
     *
     * @throws IllegalStateException on a virtual thread, see {@link RouteSocket#open(Netns)}
     */
    public static LinkMonitor open(Netns netns) {
        return open(netns, RECEIVE_BUFFER);
    }

    /** The same with as much room for what was not polled yet. */
    static LinkMonitor open(Netns netns, int receiveBuffer) {
        return new LinkMonitor(netns, receiveBuffer, LinkEvent.OWN_NETNS);
    }

    /**
     * Begins to watch the namespace of the calling thread and every other that it has an id for, now or later ({@link Netnsids#assign}).
     * Only the thread's own stays alive until the monitor is closed. Nothing is told of a namespace without an id, nor of one whose
     * user namespace the thread has no CAP_NET_BROADCAST in.
     *
     * <p>Gives the thread's namespace an id for itself, as listing a pod would do that has a tunnel of this namespace
     * ({@link Links#list(int)}). Some kernels tell of the own namespace by that id once it has one, so it has to be known before.
     *
     * @throws NetlinkException EPERM without CAP_NET_ADMIN or CAP_NET_BROADCAST
     * @throws IllegalStateException on a virtual thread, see {@link RouteSocket#open(Netns)}
     */
    public static LinkMonitor openAll() {
        try (Netns own = Netns.ofThread()) {
            return openAll(own, RECEIVE_BUFFER);
        }
    }

    /** The same for another namespace and all that it knows, with as much room for what was not polled yet. */
    static LinkMonitor openAll(Netns netns, int receiveBuffer) {
        try (RouteSocket socket = RouteSocket.open(netns)) {
            return openAll(netns, receiveBuffer, socket.netnsids().assign(netns));
        }
    }

    /** The same, given the id that the namespace has for itself. */
    static LinkMonitor openAll(Netns netns, int receiveBuffer, int ownId) {
        return new LinkMonitor(netns, receiveBuffer, ownId);
    }

    /**
     * Waits until something happens, and tells it, oldest first.
     *
     * @param timeout how long to wait
     * @return empty when the time is over, or when the monitor was closed meanwhile
     * @throws IllegalStateException when the monitor was closed before, or on a virtual thread, which would pin its carrier
     */
    public List<LinkEvent> poll(Duration timeout) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "a virtual thread may not wait for netlink: it would hold on to its carrier");
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        polling.lock();
        try {
            if (closed.get()) {
                throw new IllegalStateException("the link monitor is closed");
            }
            List<LinkEvent> events = new ArrayList<>();
            while (events.isEmpty() && await(deadline)) {
                receive(events);
            }
            return events;
        } finally {
            polling.unlock();
        }
    }

    /** Whether there is something to receive; false when the time is over or the monitor closed. */
    private boolean await(long deadline) {
        while (!closed.get()) {
            long millis = Math.clamp(Math.ceilDiv(deadline - System.nanoTime(), 1_000_000L), 0, Integer.MAX_VALUE);
            int ready = Native.poll(state, waits, 2, (int) millis);
            if (ready < 0 && ready != -EINTR()) {
                throw new NetlinkException("wait for", -ready, "", "link notifications");
            }
            if (ready > 0) {
                return !closed.get();
            }
            if (millis == 0) {
                return false;
            }
        }
        return false;
    }

    private void receive(List<LinkEvent> events) {
        while (events.size() < AT_ONCE) {
            long received = notification.receive(state, port.fd(), MSG_DONTWAIT());
            if (received == -EAGAIN()) {
                return;
            }
            if (received == -Errno.ENOBUFS || received > notification.bytes().byteSize()) {
                events.add(new LinkEvent.Overflow());
            } else if (received < 0) {
                throw new NetlinkException("receive", (int) -received, "", "link notifications");
            } else {
                decode(received, events);
            }
        }
    }

    private void decode(long length, List<LinkEvent> events) {
        int netnsid = notification.netnsid();
        int where = netnsid == ownId ? LinkEvent.OWN_NETNS : netnsid; // some kernels tell it of the own namespace, too
        try {
            reader.wrap(notification.bytes(), length);
            while (reader.next()) {
                decoder.decode(reader, where, events);
            }
        } catch (MalformedMessageException _) {
            events.add(new LinkEvent.Overflow()); // whatever it was, it is lost
        }
    }

    /** Ends a poll that goes on, waits until it has returned, and lets go of the namespace. */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        try (Arena call = Arena.ofConfined()) {
            MemorySegment own = Native.callState(call);
            Native.write(own, wakeUp, call.allocateFrom(ValueLayout.JAVA_LONG, 1));
            polling.lock();
            try {
                Native.close(own, port.fd());
                Native.close(own, wakeUp);
                arena.close();
            } finally {
                polling.unlock();
            }
        }
    }
}
