package io.meshnet.netlink;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Operations on the addresses of a socket's namespace. Used by one platform thread at a time. What the kernel refuses is a
 * {@link NetlinkException}.
 */
public final class Addresses {

    private final RouteSocket socket;
    private final AttributeReader attributes = new AttributeReader();

    Addresses(RouteSocket socket) {
        this.socket = socket;
    }

    /** Adds one, without duplicate address detection; one that is there already is no error. */
    public void add(int ifindex, InterfaceAddress address) {
        AddressMessages.add(socket.begin(), ifindex, address);
        check(socket.change(Errno.EEXIST), "add address", ifindex, address);
    }

    /** Deletes one; one that is not there is no error. */
    public void delete(int ifindex, InterfaceAddress address) {
        AddressMessages.delete(socket.begin(), ifindex, address);
        check(socket.change(Errno.EADDRNOTAVAIL), "delete address", ifindex, address);
    }

    /** All addresses of global scope by ifindex, in one dump, without the temporary ones of IPv6 privacy extensions. */
    public Map<Integer, List<InterfaceAddress>> list() {
        AddressMessages.list(socket.begin());
        return listed(socket.where());
    }

    /**
     * The same of another namespace, without a handle on it.
     *
     * @param netnsid the id that the socket's namespace has for it, see {@link Netnsids}
     * @throws NetlinkException EINVAL when no namespace has that id (any longer), EACCES without CAP_NET_ADMIN in it
     */
    public Map<Integer, List<InterfaceAddress>> list(int netnsid) {
        AddressMessages.list(socket.begin(), netnsid);
        return listed(Netnsids.describe(netnsid, socket));
    }

    private Map<Integer, List<InterfaceAddress>> listed(String where) {
        List<AddressMessages.Assigned> found = new ArrayList<>();
        int errno = socket.query(
                (message, into) -> AddressMessages.decode(message, attributes).ifPresent(into::add), found);
        if (errno != 0) {
            throw socket.refused("list addresses", errno, "in " + where);
        }
        Map<Integer, List<InterfaceAddress>> byIfindex = new HashMap<>();
        for (AddressMessages.Assigned one : found) {
            byIfindex.computeIfAbsent(one.ifindex(), _ -> new ArrayList<>()).add(one.address());
        }
        byIfindex.replaceAll((_, addresses) -> List.copyOf(addresses));
        return Map.copyOf(byIfindex);
    }

    private void check(int errno, String operation, int ifindex, InterfaceAddress address) {
        if (errno != 0) {
            throw socket.refused(operation, errno, address + " of ifindex " + ifindex + " in " + socket.where());
        }
    }
}
