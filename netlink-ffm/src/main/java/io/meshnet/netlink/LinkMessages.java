package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.IFF_UP;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_ADDRESS;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_EXT_MASK;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_GROUP;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_IFALIAS;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_IFNAME;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_MTU;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_NET_NS_FD;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_PROTO_DOWN;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_TARGET_NETNSID;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_DUMP;
import static io.meshnet.netlink.generated.Rtnetlink.RTEXT_FILTER_SKIP_STATS;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_DELLINK;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_GETLINK;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWLINK;

import java.util.List;

/** The messages about links of any kind (rtnetlink(7), net/core/rtnetlink.c). Each names the {@code ip} command that sends the like. */
final class LinkMessages {

    /** Room that {@link #up} needs: header, ifinfomsg. */
    static final int UP = 16 + 16;

    private LinkMessages() {}

    /** What a new link of any kind is given, after its ifinfomsg. The kernel takes no alias here, and does not say so. */
    static void attributes(MessageWriter writer, NewLink link) {
        writer.string(IFLA_IFNAME(), link.name())
                .u32(IFLA_NET_NS_FD(), link.netns().fd());
        if (link.mtu() != 0) {
            writer.u32(IFLA_MTU(), link.mtu());
        }
        if (!link.mac().isNone()) {
            writer.mac(IFLA_ADDRESS(), link.mac());
        }
        if (link.group() != 0) {
            writer.u32(IFLA_GROUP(), link.group());
        }
    }

    /** {@code ip link set NAME alias ALIAS}. */
    static void alias(MessageWriter writer, String name, String alias) {
        change(writer, 0).string(IFLA_IFNAME(), name).text(IFLA_IFALIAS(), alias);
    }

    /** The same by its index. */
    static void alias(MessageWriter writer, int ifindex, String alias) {
        change(writer, ifindex).text(IFLA_IFALIAS(), alias);
    }

    /** {@code ip link show NAME}. */
    static void find(MessageWriter writer, String name) {
        writer.query(RTM_GETLINK(), 0).ifinfomsg(0);
        withoutStatistics(writer).string(IFLA_IFNAME(), name);
    }

    /** The same by its index. */
    static void find(MessageWriter writer, int ifindex) {
        withoutStatistics(writer.query(RTM_GETLINK(), 0).ifinfomsg(ifindex));
    }

    /**
     * Asks for a link of another namespace, by the id of that namespace; {@code ip} has no command
     * for it.
     */
    static void find(MessageWriter writer, int ifindex, int netnsid) {
        find(writer, ifindex);
        writer.u32(IFLA_TARGET_NETNSID(), netnsid);
    }

    /** {@code ip link show}. */
    static void list(MessageWriter writer) {
        withoutStatistics(writer.query(RTM_GETLINK(), NLM_F_DUMP()).ifinfomsg(0));
    }

    /** The same in the namespace that the socket's has an id for; {@code ip} has no command for it. */
    static void list(MessageWriter writer, int netnsid) {
        list(writer);
        writer.u32(IFLA_TARGET_NETNSID(), netnsid);
    }

    /** {@code ip link delete NAME}. */
    static void delete(MessageWriter writer, int ifindex) {
        writer.change(RTM_DELLINK(), 0).ifinfomsg(ifindex);
    }

    /** Deletes a link of another namespace, for which {@code ip} has no command. */
    static void delete(MessageWriter writer, int ifindex, int netnsid) {
        delete(writer, ifindex);
        writer.u32(IFLA_TARGET_NETNSID(), netnsid);
    }

    /** {@code ip link delete group GROUP}. */
    static void deleteGroup(MessageWriter writer, int group) {
        writer.change(RTM_DELLINK(), 0).ifinfomsg(0).u32(IFLA_GROUP(), group);
    }

    /** {@code ip link set NAME up}, or {@code down}. */
    static void up(MessageWriter writer, int ifindex, boolean up) {
        writer.change(RTM_NEWLINK(), 0).ifinfomsg(ifindex, up ? IFF_UP() : 0, IFF_UP());
    }

    /** What sets a link up, as {@link Links#raise(int, String, List)} explains; nothing of an alias that is empty. */
    static void raise(MessageWriter writer, int ifindex, String alias, List<InterfaceAddress> addresses) {
        prepare(writer, ifindex, alias, addresses);
        up(writer, ifindex, true);
    }

    /** All of that but its going up. */
    static void prepare(MessageWriter writer, int ifindex, String alias, List<InterfaceAddress> addresses) {
        if (!alias.isEmpty()) {
            alias(writer, ifindex, alias);
        }
        // By index: an iterator would be all that this path allocates.
        for (int i = 0; i < addresses.size(); i++) {
            AddressMessages.add(writer, ifindex, addresses.get(i));
        }
    }

    /** {@code ip link set NAME mtu MTU}. */
    static void mtu(MessageWriter writer, int ifindex, int mtu) {
        change(writer, ifindex).u32(IFLA_MTU(), mtu);
    }

    /** {@code ip link set NAME address MAC}. */
    static void mac(MessageWriter writer, int ifindex, MacAddress mac) {
        change(writer, ifindex).mac(IFLA_ADDRESS(), mac);
    }

    /** {@code ip link set NAME group GROUP alias ALIAS}. */
    static void mark(MessageWriter writer, int ifindex, int group, String alias) {
        change(writer, ifindex).u32(IFLA_GROUP(), group).text(IFLA_IFALIAS(), alias);
    }

    /** {@code ip link set NAME name NEW}. */
    static void rename(MessageWriter writer, int ifindex, String name) {
        change(writer, ifindex).string(IFLA_IFNAME(), name);
    }

    /** {@code ip link set NAME protodown on}, or {@code off}. */
    static void protoDown(MessageWriter writer, int ifindex, boolean down) {
        change(writer, ifindex).u8(IFLA_PROTO_DOWN(), down ? 1 : 0);
    }

    private static MessageWriter change(MessageWriter writer, int ifindex) {
        return writer.change(RTM_NEWLINK(), 0).ifinfomsg(ifindex);
    }

    /** The counters of a link are most of its message, and nobody here looks at them. */
    private static MessageWriter withoutStatistics(MessageWriter writer) {
        return writer.u32(IFLA_EXT_MASK(), RTEXT_FILTER_SKIP_STATS());
    }
}
