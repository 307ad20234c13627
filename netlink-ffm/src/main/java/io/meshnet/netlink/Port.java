package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.AF_NETLINK;
import static io.meshnet.netlink.generated.Rtnetlink.EADDRINUSE;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_ADD_MEMBERSHIP;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_CAP_ACK;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_EXT_ACK;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_GET_STRICT_CHK;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_LISTEN_ALL_NSID;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_ROUTE;
import static io.meshnet.netlink.generated.Rtnetlink.SOCK_CLOEXEC;
import static io.meshnet.netlink.generated.Rtnetlink.SOCK_RAW;
import static io.meshnet.netlink.generated.Rtnetlink.SOL_NETLINK;
import static io.meshnet.netlink.generated.Rtnetlink.SOL_SOCKET;
import static io.meshnet.netlink.generated.Rtnetlink.SO_RCVBUF;
import static io.meshnet.netlink.generated.Rtnetlink.SO_RCVBUFFORCE;
import static io.meshnet.netlink.generated.Rtnetlink.SO_RCVTIMEO;
import static io.meshnet.netlink.generated.Rtnetlink.SO_SNDTIMEO;

import io.meshnet.netlink.generated.sockaddr_nl;
import io.meshnet.netlink.generated.timeval;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A NETLINK_ROUTE socket as the kernel knows it: bound, connected to the kernel, strict, its waits bounded (netlink(7)).
 *
 * @param fd its descriptor; whoever opened it closes it
 * @param portId its address, which the kernel's answers carry
 */
record Port(int fd, int portId) {

    /** How long one wait for the kernel may last. It answers within microseconds, or with rtnl under load within a second or two. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The kernel's own bound (netlink_autobind). */
    private static final int LARGEST_ID = -4096;

    private static final int RECEIVE_BUFFER = 1 << 20;

    /** Opens one in the namespace of the calling thread. */
    static Port open(MemorySegment state) {
        return bind(state, Native.socket(state, AF_NETLINK(), SOCK_RAW() | SOCK_CLOEXEC(), NETLINK_ROUTE()), "");
    }

    /** Opens one in {@code netns}; only the call of socket(2) happens there, since a socket stays where it was made. */
    static Port open(MemorySegment state, Netns netns) {
        int fd = netns.inside(
                state, () -> Native.socket(state, AF_NETLINK(), SOCK_RAW() | SOCK_CLOEXEC(), NETLINK_ROUTE()));
        return bind(state, fd, "in " + netns);
    }

    private static Port bind(MemorySegment state, int fd, String where) {
        if (fd < 0) {
            throw new NetlinkException("open a netlink socket", -fd, "", where);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(sockaddr_nl.layout());
            sockaddr_nl.nl_family(address, (short) AF_NETLINK());
            int error = options(arena, state, fd);
            error = error < 0 ? error : bind(state, fd, address);
            error = error < 0 ? error : connect(arena, state, fd);
            if (error < 0) {
                Native.close(state, fd);
                throw new NetlinkException("set up a netlink socket", -error, "", where);
            }
            return new Port(fd, sockaddr_nl.nl_pid(address));
        }
    }

    /** Takes a port id that is free: one of those that the kernel chooses for sockets whose process has one of its own already. */
    private static int bind(MemorySegment state, int fd, MemorySegment address) {
        int error;
        do {
            sockaddr_nl.nl_pid(address, ThreadLocalRandom.current().nextInt(Integer.MIN_VALUE, LARGEST_ID));
            error = Native.bind(state, fd, address);
        } while (error == -EADDRINUSE());
        return error;
    }

    /**
     * Makes it the kernel's own: whoever else sends to it is refused (ECONNREFUSED, netlink_getsockbyportid). What others multicast, which
     * takes CAP_NET_ADMIN, it hears all the same.
     */
    private static int connect(Arena arena, MemorySegment state, int fd) {
        MemorySegment kernel = arena.allocate(sockaddr_nl.layout());
        sockaddr_nl.nl_family(kernel, (short) AF_NETLINK());
        return Native.connect(state, fd, kernel);
    }

    private static int options(Arena arena, MemorySegment state, int fd) {
        MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
        for (int option : new int[] {NETLINK_EXT_ACK(), NETLINK_CAP_ACK(), NETLINK_GET_STRICT_CHK()}) {
            int error = Native.setsockopt(state, fd, SOL_NETLINK(), option, one);
            if (error < 0) {
                return error;
            }
        }
        MemorySegment patience = arena.allocate(timeval.layout());
        timeval.tv_sec(patience, PATIENCE.toSeconds());
        int error = Native.setsockopt(state, fd, SOL_SOCKET(), SO_RCVTIMEO(), patience);
        error = error < 0 ? error : Native.setsockopt(state, fd, SOL_SOCKET(), SO_SNDTIMEO(), patience);
        return error < 0 ? error : room(arena, state, fd, RECEIVE_BUFFER);
    }

    /** Asks for room for what was not received yet. Beyond net.core.rmem_max that takes CAP_NET_ADMIN; without it the limit is enough. */
    private static int room(Arena arena, MemorySegment state, int fd, int bytes) {
        MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, bytes);
        int error = Native.setsockopt(state, fd, SOL_SOCKET(), SO_RCVBUFFORCE(), value);
        return error < 0 ? Native.setsockopt(state, fd, SOL_SOCKET(), SO_RCVBUF(), value) : error;
    }

    /** Asks for {@code bytes} of room, at the least what it has. */
    void receiveBuffer(MemorySegment state, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            int error = room(arena, state, fd, bytes);
            if (error < 0) {
                throw new NetlinkException("size the receive buffer of", -error, "", "a netlink socket");
            }
        }
    }

    /** Joins a multicast group, RTNLGRP_*. */
    void join(MemorySegment state, int group) {
        set(state, NETLINK_ADD_MEMBERSHIP(), group, "join multicast group", String.valueOf(group));
    }

    /** Receives what is multicast in every namespace that its own has an id for. Takes CAP_NET_BROADCAST. */
    void listenToAll(MemorySegment state) {
        set(state, NETLINK_LISTEN_ALL_NSID(), 1, "listen to", "all namespaces, which takes CAP_NET_BROADCAST");
    }

    private void set(MemorySegment state, int option, int value, String operation, String subject) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocateFrom(ValueLayout.JAVA_INT, value);
            int error = Native.setsockopt(state, fd, SOL_NETLINK(), option, pointer);
            if (error < 0) {
                throw new NetlinkException(operation, -error, "", subject);
            }
        }
    }
}
