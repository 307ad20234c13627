package io.meshnet.netlink;

import static io.meshnet.netlink.NetnsMessages.NOT_ASSIGNED;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
        return query("find the id of netns", other + " in " + socket.where())
                .getFirst()
                .id();
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

    /**
     * The namespaces that another has ids for, without a handle on it.
     *
     * @param netnsid the id that the socket's namespace has for that other
     * @return from the ids that the other has, such as {@link Link#peerNetnsid} of its links, to those that the socket's namespace has
     *     for the same namespaces; those that it has none for are left out
     * @throws NetlinkException EINVAL when no namespace has that id (any longer), EACCES without CAP_NET_ADMIN in it
     */
    public Map<Integer, Integer> knownTo(int netnsid) {
        NetnsMessages.list(socket.begin(), netnsid);
        Map<Integer, Integer> ids = new HashMap<>();
        for (NetnsMessages.Ids one : query("list the ids that are known", "to " + describe(netnsid, socket))) {
            if (one.current() != NOT_ASSIGNED) {
                ids.put(one.id(), one.current());
            }
        }
        return Map.copyOf(ids);
    }

    private List<NetnsMessages.Ids> query(String operation, String subject) {
        List<NetnsMessages.Ids> found = new ArrayList<>();
        int errno = socket.query((message, into) -> into.add(NetnsMessages.decode(message, attributes)), found);
        if (errno != 0) {
            throw socket.refused(operation, errno, subject);
        }
        return found;
    }

    /** The namespace that the socket's has that id for, as errors name it. */
    static String describe(int netnsid, RouteSocket socket) {
        return "netnsid " + netnsid + " of " + socket.where();
    }
}
