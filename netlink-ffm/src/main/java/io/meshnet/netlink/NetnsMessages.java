package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.AF_UNSPEC;
import static io.meshnet.netlink.generated.Rtnetlink.NETNSA_CURRENT_NSID;
import static io.meshnet.netlink.generated.Rtnetlink.NETNSA_FD;
import static io.meshnet.netlink.generated.Rtnetlink.NETNSA_NSID;
import static io.meshnet.netlink.generated.Rtnetlink.NETNSA_TARGET_NSID;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_DUMP;
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

    /** {@code ip netns list-id target-nsid ID}. */
    static void list(MessageWriter writer, int netnsid) {
        writer.query(RTM_GETNSID(), NLM_F_DUMP()).rtgenmsg(AF_UNSPEC()).u32(NETNSA_TARGET_NSID(), netnsid);
    }

    /**
     * What a message about ids tells.
     *
     * @param id the one that it is about, or {@link #NOT_ASSIGNED}
     * @param current the one that the asking socket's namespace has for the same namespace, or {@link #NOT_ASSIGNED}; told only when
     *     the namespaces that another knows are asked for
     */
    record Ids(int id, int current) {}

    static Ids decode(MessageReader message, AttributeReader attributes) {
        int id = NOT_ASSIGNED;
        int current = NOT_ASSIGNED;
        message.attributes(attributes, ALIGNED_RTGENMSG);
        while (attributes.next()) {
            if (attributes.type() == NETNSA_NSID()) {
                id = attributes.u32();
            } else if (attributes.type() == NETNSA_CURRENT_NSID()) {
                current = attributes.u32();
            }
        }
        return new Ids(id, current);
    }
}
