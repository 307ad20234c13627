package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.AF_INET;
import static io.meshnet.netlink.generated.Rtnetlink.AF_INET6;
import static io.meshnet.netlink.generated.Rtnetlink.AF_UNSPEC;
import static io.meshnet.netlink.generated.Rtnetlink.IFA_ADDRESS;
import static io.meshnet.netlink.generated.Rtnetlink.IFA_FLAGS;
import static io.meshnet.netlink.generated.Rtnetlink.IFA_F_NODAD;
import static io.meshnet.netlink.generated.Rtnetlink.IFA_F_TEMPORARY;
import static io.meshnet.netlink.generated.Rtnetlink.IFA_LOCAL;
import static io.meshnet.netlink.generated.Rtnetlink.IFA_TARGET_NETNSID;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_CREATE;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_DUMP;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_EXCL;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_DELADDR;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_GETADDR;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWADDR;
import static io.meshnet.netlink.generated.Rtnetlink.RT_SCOPE_UNIVERSE;

import io.meshnet.netlink.generated.ifaddrmsg;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;

/** The messages about addresses (rtnetlink(7), linux/if_addr.h). */
final class AddressMessages {

    /** Room that one message about an address needs at the most: header, ifaddrmsg, two IPv6 addresses. */
    static final int LONGEST = 16 + 8 + 2 * (4 + 16);

    private AddressMessages() {}

    /** An address and the link that has it. */
    record Assigned(int ifindex, InterfaceAddress address) {}

    /**
     * {@code ip address add A/LEN dev NAME nodad}. On a point-to-point link nobody else can have the address, and duplicate address
     * detection would hold it back for a second or two; IPv4 has none.
     */
    static void add(MessageWriter writer, int ifindex, InterfaceAddress address) {
        int flags = family(address.address()) == AF_INET6() ? IFA_F_NODAD() : 0;
        writer.change(RTM_NEWADDR(), NLM_F_CREATE() | NLM_F_EXCL());
        body(writer, ifindex, address, flags);
    }

    /** {@code ip address delete A/LEN dev NAME}. */
    static void delete(MessageWriter writer, int ifindex, InterfaceAddress address) {
        writer.change(RTM_DELADDR(), 0);
        body(writer, ifindex, address, 0);
    }

    /** {@code ip address show}. */
    static void list(MessageWriter writer) {
        writer.query(RTM_GETADDR(), NLM_F_DUMP()).ifaddrmsg(AF_UNSPEC(), 0, 0, 0, 0);
    }

    /** The same in the namespace that the socket's has an id for; {@code ip} has no command for it. */
    static void list(MessageWriter writer, int netnsid) {
        list(writer);
        writer.u32(IFA_TARGET_NETNSID(), netnsid);
    }

    /** IFA_LOCAL is the address, IFA_ADDRESS that of the far end, which on a link with a prefix is the same. */
    private static void body(MessageWriter writer, int ifindex, InterfaceAddress address, int flags) {
        writer.ifaddrmsg(family(address.address()), address.prefixLength(), flags, RT_SCOPE_UNIVERSE(), ifindex)
                .bytes(IFA_LOCAL(), address.bytes())
                .bytes(IFA_ADDRESS(), address.bytes());
    }

    /** The address that the message tells of, if it has global scope and is not a temporary one of IPv6 privacy extensions. */
    static Optional<Assigned> decode(MessageReader message, AttributeReader attributes) {
        int family = message.u8(ifaddrmsg.ifa_family$offset());
        int scope = message.u8(ifaddrmsg.ifa_scope$offset());
        boolean ip = family == AF_INET() || family == AF_INET6();
        if (!ip || scope != RT_SCOPE_UNIVERSE()) {
            return Optional.empty();
        }
        int flags = message.u8(ifaddrmsg.ifa_flags$offset());
        InetAddress local = null;
        InetAddress far = null;
        message.attributes(attributes, ifaddrmsg.sizeof());
        while (attributes.next()) {
            int type = attributes.type();
            if (type == IFA_LOCAL()) {
                local = attributes.address();
            } else if (type == IFA_ADDRESS()) {
                far = attributes.address();
            } else if (type == IFA_FLAGS()) {
                flags = attributes.u32();
            }
        }
        InetAddress address = local == null ? far : local;
        boolean temporary = family == AF_INET6() && (flags & IFA_F_TEMPORARY()) != 0; // in IPv4 the bit means secondary
        if (address == null || temporary) {
            return Optional.empty();
        }
        int ifindex = message.u32(ifaddrmsg.ifa_index$offset());
        int prefixLength = message.u8(ifaddrmsg.ifa_prefixlen$offset());
        try {
            return Optional.of(new Assigned(ifindex, new InterfaceAddress(address, prefixLength)));
        } catch (IllegalArgumentException e) {
            throw new MalformedMessageException("an address of ifindex " + ifindex + ": " + e.getMessage());
        }
    }

    /** AF_INET or AF_INET6. */
    static int family(InetAddress address) {
        return address instanceof Inet4Address ? AF_INET() : AF_INET6();
    }
}
