package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.RTA_DST;
import static io.meshnet.netlink.generated.Rtnetlink.RTA_GATEWAY;
import static io.meshnet.netlink.generated.Rtnetlink.RTA_OIF;
import static io.meshnet.netlink.generated.Rtnetlink.RTA_PREFSRC;
import static io.meshnet.netlink.generated.Rtnetlink.RTA_VIA;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_GETROUTE;

import io.meshnet.netlink.generated.rtmsg;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;

/** The messages about routes (rtnetlink(7), linux/rtnetlink.h). */
final class RouteMessages {

    private RouteMessages() {}

    /** {@code ip route get A}. Strict checking wants the length of the whole address. */
    static void lookup(MessageWriter writer, InetAddress destination) {
        byte[] address = destination.getAddress();
        writer.query(RTM_GETROUTE(), 0)
                .rtmsg(AddressMessages.family(destination), address.length * Byte.SIZE)
                .bytes(RTA_DST(), address);
    }

    /** The route that the message tells of. */
    static Route decode(MessageReader message, AttributeReader attributes) {
        int ifindex = 0;
        InetAddress source = null;
        Optional<InetAddress> gateway = Optional.empty();
        message.attributes(attributes, rtmsg.sizeof());
        while (attributes.next()) {
            int type = attributes.type();
            if (type == RTA_OIF()) {
                ifindex = attributes.u32();
            } else if (type == RTA_PREFSRC()) {
                source = attributes.address();
            } else if (type == RTA_GATEWAY()) {
                gateway = Optional.of(attributes.address());
            } else if (type == RTA_VIA()) {
                gateway = Optional.of(via(attributes.bytes()));
            }
        }
        if (ifindex == 0 || source == null) {
            throw new MalformedMessageException("a route without RTA_OIF or RTA_PREFSRC");
        }
        return new Route(ifindex, source, gateway);
    }

    /** A {@code struct rtvia}: the family in two bytes, then the address; an IPv4 route has one when its next hop speaks IPv6. */
    private static InetAddress via(byte[] rtvia) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(rtvia, Math.min(2, rtvia.length), rtvia.length));
        } catch (UnknownHostException e) {
            throw new MalformedMessageException("RTA_VIA of " + rtvia.length + " bytes");
        }
    }
}
