package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.AF_UNSPEC;
import static io.meshnet.netlink.generated.Rtnetlink.NETNSA_FD;
import static io.meshnet.netlink.generated.Rtnetlink.NETNSA_NSID;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_GETNSID;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWNSID;

import io.meshnet.netlink.generated.rtgenmsg;

/** The messages about the ids that one namespace has for others (linux/net_namespace.h). */
final class NetnsMessages {

    /** NETNSA_NSID_NOT_ASSIGNED. */
    static final int NOT_ASSIGNED = -1;

    private static final long ALIGNED_RTGENMSG = (rtgenmsg.sizeof() + 3) & ~3L;

    private NetnsMessages() {}

    /** Asks for the id of the namespace that {@code fd} is open on. */
    static void id(MessageWriter writer, int fd) {
        writer.query(RTM_GETNSID(), 0).rtgenmsg(AF_UNSPEC()).u32(NETNSA_FD(), fd);
    }

    /** {@code ip netns set NAME auto}: gives the namespace that {@code fd} is open on any id that is free. */
    static void assign(MessageWriter writer, int fd) {
        writer.change(RTM_NEWNSID(), 0)
                .rtgenmsg(AF_UNSPEC())
                .u32(NETNSA_FD(), fd)
                .u32(NETNSA_NSID(), NOT_ASSIGNED);
    }

    /** The id that a message is about, or {@link #NOT_ASSIGNED}. */
    static int decode(MessageReader message, AttributeReader attributes) {
        int id = NOT_ASSIGNED;
        message.attributes(attributes, ALIGNED_RTGENMSG);
        while (attributes.next()) {
            if (attributes.type() == NETNSA_NSID()) {
                id = attributes.u32();
            }
        }
        return id;
    }
}
