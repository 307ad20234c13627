package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.IFF_LOWER_UP;
import static io.meshnet.netlink.generated.Rtnetlink.IFF_UP;

import java.util.Optional;

/**
 * A link as RTM_NEWLINK tells it.
 *
 * @param ifindex its index in its namespace
 * @param name its IFLA_IFNAME
 * @param kind its IFLA_INFO_KIND, such as {@code veth}; empty for a device that has none
 * @param flags IFF_* bits
 * @param mtu in bytes
 * @param mac its hardware address, or {@link MacAddress#NONE}
 * @param group its IFLA_GROUP
 * @param alias its IFLA_IFALIAS, empty for none
 * @param peer its IFLA_LINK: for a veth the ifindex of the other end, for a vxlan that of the underlay; 0 for none
 * @param peerNetnsid its IFLA_LINK_NETNSID: the id, in this namespace, of the one {@code peer} lives in; -1 for this one.
 *     From {@link Links#list(int)} it is the id in the namespace of the socket that asked
 * @param protoDown whether its carrier is held down (IFLA_PROTO_DOWN)
 * @param vxlan its attributes as a vxlan; empty for other kinds
 */
public record Link(
        int ifindex,
        String name,
        String kind,
        int flags,
        int mtu,
        MacAddress mac,
        int group,
        String alias,
        int peer,
        int peerNetnsid,
        boolean protoDown,
        Optional<Vxlan> vxlan) {

    /** Whether it is administratively up (IFF_UP). */
    public boolean isUp() {
        return (flags & IFF_UP()) != 0;
    }

    /** Whether it has a carrier (IFF_LOWER_UP). */
    public boolean hasCarrier() {
        return (flags & IFF_LOWER_UP()) != 0;
    }
}
