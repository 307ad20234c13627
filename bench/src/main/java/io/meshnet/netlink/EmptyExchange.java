package io.meshnet.netlink;

/** What the kernel and the way to it cost when there is nothing to do: NLMSG_NOOP is acknowledged, and that is all. */
public final class EmptyExchange {

    /** linux/netlink.h. */
    private static final int NLMSG_NOOP = 1;

    private EmptyExchange() {}

    /** Makes one; 0, or an errno. */
    public static int with(RouteSocket socket) {
        socket.begin().change(NLMSG_NOOP, 0).ifinfomsg(0);
        return socket.change(0);
    }
}
