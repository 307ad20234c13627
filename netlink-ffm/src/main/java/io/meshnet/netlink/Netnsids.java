package io.meshnet.netlink;

import static io.meshnet.netlink.NetnsMessages.NOT_ASSIGNED;

import java.util.ArrayList;
import java.util.List;

/**
 * Operations on the ids, small integers, that a socket's namespace has for others (linux/net_namespace.h, ip-netns(8)). An id names a
 * namespace without keeping it alive, and lasts as long as both do; then it may be given to another. Used by one platform thread at a
 * time. What the kernel refuses is a {@link NetlinkException}.
 */
public final class Netnsids {

    private final RouteSocket socket;
    private final AttributeReader attributes = new AttributeReader();

    Netnsids(RouteSocket socket) {
        this.socket = socket;
    }

    /** The id that the socket's namespace has for {@code other}, from 0 up; -1 when it has none. */
    public int find(Netns other) {
        NetnsMessages.id(socket.begin(), other.fd());
        List<Integer> found = new ArrayList<>();
        int errno = socket.query((message, into) -> into.add(NetnsMessages.decode(message, attributes)), found);
        if (errno != 0) {
            throw socket.refused("find the id of netns", errno, other + " in " + socket.where());
        }
        return found.getFirst();
    }

    /**
     * The same, and gives it one when it has none. The namespace may be the socket's own.
     *
     * @return the id, from 0 up
     * @throws NetlinkException EPERM without CAP_NET_ADMIN in the socket's namespace
     */
    public int assign(Netns other) {
        int known = find(other);
        if (known != NOT_ASSIGNED) {
            return known;
        }
        NetnsMessages.assign(socket.begin(), other.fd());
        int errno = socket.change(Errno.EEXIST); // somebody else was faster, which is as good
        if (errno != 0) {
            throw socket.refused("assign an id to netns", errno, other + " in " + socket.where());
        }
        return find(other);
    }

    /** The namespace that the socket's has that id for, as errors name it. */
    static String describe(int netnsid, RouteSocket socket) {
        return "netnsid " + netnsid + " of " + socket.where();
    }
}
