package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.ETH_P_ALL;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_CREATE;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_DUMP;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_REPLACE;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_GETQDISC;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_GETTFILTER;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWQDISC;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWTFILTER;
import static io.meshnet.netlink.generated.Rtnetlink.TCA_BPF_FD;
import static io.meshnet.netlink.generated.Rtnetlink.TCA_BPF_FLAGS;
import static io.meshnet.netlink.generated.Rtnetlink.TCA_BPF_FLAG_ACT_DIRECT;
import static io.meshnet.netlink.generated.Rtnetlink.TCA_BPF_ID;
import static io.meshnet.netlink.generated.Rtnetlink.TCA_BPF_NAME;
import static io.meshnet.netlink.generated.Rtnetlink.TCA_KIND;
import static io.meshnet.netlink.generated.Rtnetlink.TCA_OPTIONS;
import static io.meshnet.netlink.generated.Rtnetlink.TC_H_CLSACT;
import static io.meshnet.netlink.generated.Rtnetlink.TC_H_MAJ_MASK;
import static io.meshnet.netlink.generated.Rtnetlink.TC_H_MIN_INGRESS;
import static io.meshnet.netlink.generated.Rtnetlink.TC_H_MIN_MASK;

import io.meshnet.netlink.generated.tcmsg;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The messages about qdiscs and filters (linux/pkt_sched.h, linux/pkt_cls.h, net/sched/sch_api.c,
 * net/sched/cls_api.c). The comment of each names the {@code tc} command that sends the same
 * message.
 */
final class TrafficMessages {

    /** TC_H_MAKE(TC_H_CLSACT, 0): the handle of every clsact. */
    private static final int CLSACT_HANDLE = TC_H_CLSACT() & TC_H_MAJ_MASK();

    /**
     * TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS): the place of a clsact's filters for incoming
     * frames.
     */
    private static final int INGRESS = CLSACT_HANDLE | (TC_H_MIN_INGRESS() & TC_H_MIN_MASK());

    /** Attributes of a qdisc and the ifindex of a filter's block (linux/rtnetlink.h). */
    private static final int TCA_INGRESS_BLOCK = 13;

    private static final int TCA_EGRESS_BLOCK = 14;
    private static final int TCM_IFINDEX_MAGIC_BLOCK = 0xffffffff;

    private static final String CLSACT = "clsact";
    private static final String BPF = "bpf";
    private static final int PRIORITY = 1;
    private static final int HANDLE = 1;

    /** CLS_BPF_NAME_LEN is 256, with the zero byte that closes it (net/sched/cls_bpf.c). */
    private static final int LONGEST_NAME = 255;

    private TrafficMessages() {}

    /** @throws IllegalArgumentException when the kernel would refuse the name */
    static String requireName(String name) {
        // A char takes three bytes of UTF-8 at most; only a name that may be too long has to be encoded.
        boolean isTooLong =
                3 * name.length() > LONGEST_NAME && name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME;
        if (name.isEmpty() || isTooLong || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name for a filter: 1 to " + LONGEST_NAME + " bytes");
        }
        return name;
    }

    /**
     * {@code tc qdisc replace dev NAME clsact}: the kernel keeps an existing clsact with its
     * filters (tc_modify_qdisc).
     */
    static void attachClsact(MessageWriter writer, int ifindex) {
        writer.change(RTM_NEWQDISC(), NLM_F_CREATE() | NLM_F_REPLACE())
                .tcmsg(ifindex, CLSACT_HANDLE, TC_H_CLSACT(), 0)
                .string(TCA_KIND(), CLSACT);
    }

    /**
     * {@code tc qdisc replace dev NAME ingress_block IN egress_block OUT clsact}: the kernel keeps
     * an existing clsact with its blocks (qdisc_change).
     */
    static void attachClsact(MessageWriter writer, int ifindex, int ingressBlock, int egressBlock) {
        attachClsact(writer, ifindex);
        writer.u32(TCA_INGRESS_BLOCK, ingressBlock).u32(TCA_EGRESS_BLOCK, egressBlock);
    }

    /**
     * {@code tc filter replace dev NAME ingress prio 1 handle 1 bpf direct-action …}. Without
     * NLM_F_EXCL the kernel replaces an existing filter with this handle; it ignores NLM_F_REPLACE
     * (tc_new_tfilter).
     */
    static void attachBpf(MessageWriter writer, int ifindex, int programFd, String name) {
        attachBpf(writer, ifindex, INGRESS, programFd, name);
    }

    /** {@code tc filter replace block BLOCK prio 1 handle 1 bpf direct-action …}. */
    static void attachBpfToBlock(MessageWriter writer, int block, int programFd, String name) {
        attachBpf(writer, TCM_IFINDEX_MAGIC_BLOCK, block, programFd, name);
    }

    private static void attachBpf(MessageWriter writer, int ifindex, int parent, int programFd, String name) {
        writer.change(RTM_NEWTFILTER(), NLM_F_CREATE())
                .tcmsg(ifindex, HANDLE, parent, PRIORITY << Short.SIZE | networkOrder(ETH_P_ALL()))
                .string(TCA_KIND(), BPF);
        try (var _ = writer.nest(TCA_OPTIONS())) {
            writer.u32(TCA_BPF_FD(), programFd)
                    .string(TCA_BPF_NAME(), name)
                    .u32(TCA_BPF_FLAGS(), TCA_BPF_FLAG_ACT_DIRECT());
        }
    }

    /** {@code tc filter show dev NAME ingress}. */
    static void filters(MessageWriter writer, int ifindex) {
        writer.query(RTM_GETTFILTER(), NLM_F_DUMP()).tcmsg(ifindex, 0, INGRESS, 0);
    }

    /** {@code tc qdisc show}. */
    static void qdiscs(MessageWriter writer) {
        writer.query(RTM_GETQDISC(), NLM_F_DUMP()).tcmsg(0, 0, 0, 0);
    }

    /** The qdisc of a message. */
    static Qdisc qdisc(MessageReader message, AttributeReader attributes) {
        String kind = "";
        message.attributes(attributes, tcmsg.sizeof());
        while (attributes.next()) {
            if (attributes.type() == TCA_KIND()) {
                kind = attributes.string();
            }
        }
        return new Qdisc(
                message.u32(tcmsg.tcm_ifindex$offset()),
                kind,
                message.u32(tcmsg.tcm_parent$offset()),
                message.u32(tcmsg.tcm_handle$offset()));
    }

    /**
     * The filter of a message, if it runs an eBPF program. A dump also has a message for each
     * priority, without options.
     */
    static Optional<BpfFilter> filter(MessageReader message, AttributeReader attributes, AttributeReader options) {
        String kind = "";
        String name = "";
        int program = 0;
        message.attributes(attributes, tcmsg.sizeof());
        while (attributes.next()) {
            if (attributes.type() == TCA_KIND()) {
                kind = attributes.string();
            } else if (attributes.type() == TCA_OPTIONS() && kind.equals(BPF)) {
                attributes.nest(options);
                while (options.next()) {
                    if (options.type() == TCA_BPF_ID()) {
                        program = options.u32();
                    } else if (options.type() == TCA_BPF_NAME()) {
                        name = options.string();
                    }
                }
            }
        }
        if (program == 0) {
            return Optional.empty();
        }
        int priority = message.u32(tcmsg.tcm_info$offset()) >>> Short.SIZE;
        return Optional.of(new BpfFilter(program, name, priority, message.u32(tcmsg.tcm_handle$offset())));
    }

    /** htons(3) on the little-endian architectures that this code supports. */
    private static int networkOrder(int u16) {
        return Short.toUnsignedInt(Short.reverseBytes((short) u16));
    }
}
