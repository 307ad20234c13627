package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.IFLA_INFO_DATA;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_INFO_KIND;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_LINKINFO;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_NUM_RX_QUEUES;
import static io.meshnet.netlink.generated.Rtnetlink.IFLA_NUM_TX_QUEUES;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_CREATE;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_EXCL;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWLINK;
import static io.meshnet.netlink.generated.Rtnetlink.VETH_INFO_PEER;

/** The message that makes a veth (drivers/net/veth.c). */
final class VethMessages {

    static final String KIND = "veth";

    private VethMessages() {}

    /**
     * Both ends at once, each straight into its namespace, as
     * {@code ip link add NEAR netns A type veth peer FAR netns B} has it.
     *
     * <p>One queue each way: the default of one per CPU costs the kernel a synchronize_net. Neither
     * end may carry IFF_UP yet, since veth_open wants the other end up.
     *
     * <p>If only one end has an index, that end comes first: the kernel ignores the index of the
     * second end when the first has none (veth_newlink in drivers/net/veth.c).
     */
    static void create(MessageWriter writer, NewLink near, NewLink far) {
        if (near.ifindex() == 0 && far.ifindex() != 0) {
            write(writer, far, near);
        } else {
            write(writer, near, far);
        }
    }

    private static void write(MessageWriter writer, NewLink near, NewLink far) {
        writer.change(RTM_NEWLINK(), NLM_F_CREATE() | NLM_F_EXCL());
        end(writer, near);
        try (var _ = writer.nest(IFLA_LINKINFO())) {
            writer.text(IFLA_INFO_KIND(), KIND);
            try (var _ = writer.nest(IFLA_INFO_DATA());
                    var _ = writer.nest(VETH_INFO_PEER())) {
                end(writer, far);
            }
        }
    }

    private static void end(MessageWriter writer, NewLink link) {
        writer.ifinfomsg(link.ifindex());
        LinkMessages.attributes(writer, link);
        writer.u32(IFLA_NUM_TX_QUEUES(), 1).u32(IFLA_NUM_RX_QUEUES(), 1);
    }
}
