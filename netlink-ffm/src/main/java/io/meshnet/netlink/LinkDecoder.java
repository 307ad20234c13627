package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.AF_UNSPEC;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_ADDRESS;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_GROUP;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_IFALIAS;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_IFNAME;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_INFO_DATA;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_INFO_KIND;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_LINK;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_LINKINFO;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_LINK_NETNSID;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_MTU;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_PROTO_DOWN;

import io.meshnet.netlink.generated.ifinfomsg;
import java.util.List;
import java.util.Optional;

/** Reads RTM_NEWLINK and RTM_DELLINK. Keeps the readers that it walks with; one thread at a time. */
final class LinkDecoder implements RouteSocket.Decoder<Link> {

    private final AttributeReader attributes = new AttributeReader();
    private final AttributeReader info = new AttributeReader();
    private final AttributeReader data = new AttributeReader();
    private String kind = "";
    private Optional<Vxlan> vxlan = Optional.empty();

    /** Whether the message tells of a link itself; a bridge tells of its ports as a family of its own. */
    static boolean isLink(MessageReader message) {
        return message.u8(ifinfomsg.ifi_family$offset()) == AF_UNSPEC();
    }

    @Override
    public void decode(MessageReader message, List<Link> into) {
        into.add(decode(message));
    }

    Link decode(MessageReader message) {
        int ifindex = message.u32(ifinfomsg.ifi_index$offset());
        int flags = message.u32(ifinfomsg.ifi_flags$offset());
        String name = "";
        String alias = "";
        MacAddress mac = MacAddress.NONE;
        int mtu = 0;
        int group = 0;
        int peer = 0;
        int peerNetnsid = -1;
        boolean protoDown = false;
        kind = "";
        vxlan = Optional.empty();
        message.attributes(attributes, ifinfomsg.sizeof());
        while (attributes.next()) {
            int type = attributes.type();
            if (type == IFLA_IFNAME()) {
                name = attributes.string();
            } else if (type == IFLA_MTU()) {
                mtu = attributes.u32();
            } else if (type == IFLA_ADDRESS()) {
                mac = attributes.mac();
            } else if (type == IFLA_GROUP()) {
                group = attributes.u32();
            } else if (type == IFLA_IFALIAS()) {
                alias = attributes.string();
            } else if (type == IFLA_LINK()) {
                peer = attributes.u32();
            } else if (type == IFLA_LINK_NETNSID()) {
                peerNetnsid = attributes.u32();
            } else if (type == IFLA_PROTO_DOWN()) {
                protoDown = attributes.u8() != 0;
            } else if (type == IFLA_LINKINFO()) {
                linkInfo();
            }
        }
        return new Link(ifindex, name, kind, flags, mtu, mac, group, alias, peer, peerNetnsid, protoDown, vxlan);
    }

    /** What IFLA_INFO_DATA means depends on IFLA_INFO_KIND, which the kernel puts before it. */
    private void linkInfo() {
        attributes.nest(info);
        while (info.next()) {
            if (info.type() == IFLA_INFO_KIND()) {
                kind = info.string();
            } else if (info.type() == IFLA_INFO_DATA() && kind.equals(VxlanMessages.KIND)) {
                vxlan = Optional.of(VxlanMessages.decode(info.nest(data)));
            }
        }
    }
}
