package io.meshnet.netlink;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Operations on the links of a socket's namespace. Used by one platform thread at a time, which each call occupies until the kernel
 * has answered; a deletion takes 20 ms. What the kernel refuses is a {@link NetlinkException}.
 */
public final class Links {

    /** As many as the socket's buffer has room for, with all that goes with them. */
    private static final int ADDRESSES = 100;

    private final RouteSocket socket;
    private final LinkDecoder decoder = new LinkDecoder();

    Links(RouteSocket socket) {
        this.socket = socket;
    }

    /**
     * Creates both ends in one message; near's namespace and far's may be any, also the same.
     *
     * <p>The kernel takes no alias at creation: each end gets its own in a second message, so that somebody who looks in between sees
     * the link with its group and without its alias. That takes a socket for each; {@link #raise(int, String, List)} does it at no cost.
     *
     * @throws NetlinkException EEXIST when one of the names is taken or one of the indices is, EBADF when a namespace handle is closed
     */
    public void createVeth(NewLink near, NewLink far) {
        VethMessages.create(socket.begin(), near, far);
        int errno = socket.change(0);
        if (errno != 0) {
            throw socket.refused("create veth", errno, near + " to " + far);
        }
        alias(near);
        alias(far);
    }

    /**
     * Creates a vxlan whose tunnel end stays in this socket's namespace while the device lives in the link's. Its alias follows in a
     * second message, as {@link #createVeth} explains.
     *
     * @throws NetlinkException EEXIST when the name is taken, or the VNI on this UDP port by a device made in this namespace, even if
     *     its own namespace died some milliseconds ago
     */
    public void createVxlan(NewLink link, Vxlan vxlan) {
        VxlanMessages.requireComplete(link, vxlan);
        VxlanMessages.create(socket.begin(), link, vxlan);
        int errno = socket.change(0);
        if (errno != 0) {
            throw socket.refused(
                    "create vxlan",
                    errno,
                    link + " with VNI " + vxlan.vni() + ", UDP port " + vxlan.port() + ", tunnel " + socket.where());
        }
        alias(link);
    }

    private void alias(NewLink link) {
        if (link.alias().isEmpty()) {
            return;
        }
        LinkMessages.alias(socket.begin(), link.name(), link.alias());
        int errno = socket.changeIn(link.netns(), 0);
        if (errno != 0) {
            throw socket.refused("set the alias of", errno, link.toString());
        }
    }

    /** The link of that name, or that has it as an alternative name. */
    public Optional<Link> find(String name) {
        LinkMessages.find(socket.begin(), Ifname.require(name));
        return found(name);
    }

    /** The link of that index. */
    public Optional<Link> find(int ifindex) {
        LinkMessages.find(socket.begin(), ifindex);
        return found("ifindex " + ifindex);
    }

    /**
     * Finds a link by its index in another namespace, without a handle on that namespace.
     *
     * <p>The kernel reports {@link Link#peerNetnsid} in the ids of the socket's namespace, as
     * {@link #list(int)} explains.
     *
     * @param ifindex its index in the other namespace
     * @param netnsid the id that the socket's namespace has for the other, see {@link Netnsids}; -1
     *     for the socket's own namespace
     * @throws NetlinkException EINVAL when no namespace has that id, EACCES without CAP_NET_ADMIN
     *     in the other namespace
     */
    public Optional<Link> find(int ifindex, int netnsid) {
        if (netnsid < 0) {
            return find(ifindex);
        }
        LinkMessages.find(socket.begin(), ifindex, netnsid);
        return found("ifindex " + ifindex + " of " + Netnsids.describe(netnsid, socket));
    }

    /**
     * Makes the kernel finish its work for a link whose carrier came or went; until then the link is
     * up and sends nothing. RTM_GETLINK finishes it for one link since Linux 6.8
     * (linkwatch_sync_dev). The answer is not decoded.
     *
     * @param ifindex its index in the other namespace
     * @param netnsid the id that the socket's namespace has for the other, see {@link Netnsids}; -1
     *     for the socket's own namespace
     * @return whether there is such a link
     */
    public boolean settle(int ifindex, int netnsid) {
        if (netnsid < 0) {
            LinkMessages.find(socket.begin(), ifindex);
        } else {
            LinkMessages.find(socket.begin(), ifindex, netnsid);
        }
        return socket.query((_, _) -> {}, new ArrayList<>(0)) == 0;
    }

    private Optional<Link> found(String subject) {
        List<Link> found = new ArrayList<>(1);
        int errno = socket.query(decoder, found);
        if (errno == Errno.ENODEV) {
            return Optional.empty();
        }
        if (errno != 0) {
            throw socket.refused("find link", errno, subject + " in " + socket.where());
        }
        return found.stream().findFirst();
    }

    /** Every link. */
    public List<Link> list() {
        LinkMessages.list(socket.begin());
        return listed(socket.where());
    }

    /**
     * Every link of another namespace, without a handle on it.
     *
     * <p>The kernel tells {@link Link#peerNetnsid} in the ids of the socket's namespace here, not in those of the links', and gives
     * the peer's namespace such an id when it has none; that may be one of the socket's namespace for itself.
     *
     * @param netnsid the id that the socket's namespace has for it, see {@link Netnsids}
     * @throws NetlinkException EINVAL when no namespace has that id (any longer), EACCES without CAP_NET_ADMIN in it
     */
    public List<Link> list(int netnsid) {
        LinkMessages.list(socket.begin(), netnsid);
        return listed(Netnsids.describe(netnsid, socket));
    }

    private List<Link> listed(String where) {
        List<Link> found = new ArrayList<>();
        int errno = socket.query(decoder, found);
        if (errno != 0) {
            throw socket.refused("list links", errno, "in " + where);
        }
        return List.copyOf(found);
    }

    /**
     * Deletes one, and with one end of a veth the other; one that is not there is no error. It is gone within a millisecond; the call
     * returns after the kernel has freed its memory, some 20 ms later.
     */
    public void delete(int ifindex) {
        LinkMessages.delete(socket.begin(), ifindex);
        check(socket.change(Errno.ENODEV), "delete link", ifindex);
    }

    /**
     * Deletes a link of another namespace, without a handle on that namespace; a link that is not there is no error.
     *
     * @param netnsid the id that the socket's namespace has for the other, see {@link Netnsids}
     * @throws NetlinkException EINVAL when no namespace has that id (any longer), EACCES without CAP_NET_ADMIN in it
     */
    public void delete(int ifindex, int netnsid) {
        LinkMessages.delete(socket.begin(), ifindex, netnsid);
        int errno = socket.change(Errno.ENODEV);
        if (errno != 0) {
            throw socket.refused(
                    "delete link", errno, "ifindex " + ifindex + " in " + Netnsids.describe(netnsid, socket));
        }
    }

    /**
     * Deletes all links of a group; none of it is no error.
     *
     * @param group not 0, which is the group of everything that has no other
     */
    public void deleteGroup(int group) {
        if (group <= 0) {
            throw new IllegalArgumentException("link group " + group + " is nobody's own");
        }
        LinkMessages.deleteGroup(socket.begin(), group);
        int errno = socket.change(Errno.ENODEV);
        if (errno != 0) {
            throw socket.refused("delete link group", errno, group + " in " + socket.where());
        }
    }

    /**
     * Sets it up and gives it its addresses, in one send. An address that is there already is no error.
     *
     * @throws NetlinkException for the first that was refused; the rest was done nevertheless
     */
    public void raise(int ifindex, List<InterfaceAddress> addresses) {
        raise(ifindex, "", addresses);
    }

    /**
     * The same, and gives it its alias, which the kernel does not take when the link is made.
     *
     * <p>It is set up last: what a link that is up is given, the kernel tells everybody of, itself above all, and what one that is down
     * is given it takes in once, when it goes up (netdev_state_change, fib_add_ifaddr). A tenth of what a link costs hangs on that.
     *
     * @param alias at most 255 bytes, empty to leave it as it is
     */
    public void raise(int ifindex, String alias, List<InterfaceAddress> addresses) {
        if (addresses.size() > ADDRESSES) {
            raise(ifindex, alias, addresses.subList(0, ADDRESSES));
            raise(ifindex, "", addresses.subList(ADDRESSES, addresses.size()));
            return;
        }
        LinkMessages.raise(socket.begin(), ifindex, Ifalias.require(alias), addresses);
        int errno = socket.change(Errno.EEXIST);
        if (errno != 0) {
            throw socket.refused("raise link", errno, subject(ifindex) + " with " + addresses);
        }
    }

    /** Sets it up or down. */
    public void up(int ifindex, boolean up) {
        LinkMessages.up(socket.begin(), ifindex, up);
        check(socket.change(0), up ? "set up link" : "set down link", ifindex);
    }

    /** Sets its MTU, in bytes. */
    public void mtu(int ifindex, int mtu) {
        LinkMessages.mtu(socket.begin(), ifindex, mtu);
        check(socket.change(0), "set MTU " + mtu + " of link", ifindex);
    }

    /**
     * Sets the MTU of a link in another namespace, with a temporary socket. The calling thread,
     * which must be a platform thread, enters that namespace for one system call.
     *
     * <p>There is no variant with a netnsid. With IFLA_TARGET_NETNSID, RTM_NEWLINK still looks the
     * index up in the socket's own namespace, and moves the link that it finds there to the other
     * namespace (rtnl_newlink and do_setlink in net/core/rtnetlink.c).
     *
     * @param mtu in bytes
     */
    public void mtu(int ifindex, int mtu, Netns netns) {
        LinkMessages.mtu(socket.begin(), ifindex, mtu);
        int errno = socket.changeIn(netns, 0);
        if (errno != 0) {
            throw socket.refused("set MTU " + mtu + " of link", errno, "ifindex " + ifindex + " in " + netns);
        }
    }

    /** Sets its hardware address. */
    public void mac(int ifindex, MacAddress mac) {
        LinkMessages.mac(socket.begin(), ifindex, mac);
        check(socket.change(0), "set hardware address " + mac + " of link", ifindex);
    }

    /** Sets its alias and group; an empty alias takes it away. */
    public void mark(int ifindex, int group, String alias) {
        LinkMessages.mark(socket.begin(), ifindex, group, Ifalias.require(alias));
        check(socket.change(0), "set group and alias of link", ifindex);
    }

    /** Sets its name, also while it is up. */
    public void rename(int ifindex, String name) {
        LinkMessages.rename(socket.begin(), ifindex, Ifname.require(name));
        check(socket.change(0), "set name " + name + " of link", ifindex);
    }

    /** Holds its carrier down, or lets it go (IFLA_PROTO_DOWN; vxlan has it, veth answers EOPNOTSUPP). */
    public void protoDown(int ifindex, boolean down) {
        LinkMessages.protoDown(socket.begin(), ifindex, down);
        check(socket.change(0), down ? "hold down the carrier of link" : "let go the carrier of link", ifindex);
    }

    /**
     * Points a vxlan at another VTEP, in place.
     *
     * @param vni the one it has, which cannot be changed
     */
    public void vxlanRemote(int ifindex, int vni, InetAddress remote) {
        VxlanMessages.remote(socket.begin(), ifindex, vni, remote);
        check(socket.change(0), "set remote " + remote.getHostAddress() + " of vxlan " + vni + " on link", ifindex);
    }

    private void check(int errno, String operation, int ifindex) {
        if (errno != 0) {
            throw socket.refused(operation, errno, subject(ifindex));
        }
    }

    private String subject(int ifindex) {
        return "ifindex " + ifindex + " in " + socket.where();
    }
}
