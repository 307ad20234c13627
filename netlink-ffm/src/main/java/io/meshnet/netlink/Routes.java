package io.meshnet.netlink;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Look-ups in the routing tables of a socket's namespace. Used by one platform thread at a time. */
public final class Routes {

    private final RouteSocket socket;
    private final AttributeReader attributes = new AttributeReader();

    Routes(RouteSocket socket) {
        this.socket = socket;
    }

    /**
     * How {@code destination} is reached.
     *
     * @throws NetlinkException ENETUNREACH, or what an unreachable or prohibit route says, when it is not
     */
    public Route lookup(InetAddress destination) {
        List<Route> found = new ArrayList<>(1);
        RouteMessages.lookup(socket.begin(), destination);
        int errno = socket.query((message, into) -> into.add(RouteMessages.decode(message, attributes)), found);
        if (errno != 0) {
            throw socket.refused("find the route to", errno, destination.getHostAddress() + " in " + socket.where());
        }
        return found.getFirst();
    }
}
