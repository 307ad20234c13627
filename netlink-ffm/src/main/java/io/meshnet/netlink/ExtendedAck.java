package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.NLMSGERR_ATTR_MSG;
import static io.meshnet.netlink.generated.Rtnetlink.NLMSGERR_ATTR_OFFS;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_ACK_TLVS;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_CAPPED;

import io.meshnet.netlink.generated.nlmsgerr;
import io.meshnet.netlink.generated.nlmsghdr;

/**
 * What the kernel said of a request: NLMSG_ERROR, or the NLMSG_DONE of a dump (Documentation/userspace-api/netlink/intro.rst).
 *
 * <pre>
 *  NLMSG_ERROR  | error (4) | nlmsghdr of the request (16) | rest of the request, unless NLM_F_CAPPED | attributes, if NLM_F_ACK_TLVS
 *  NLMSG_DONE   | error (4) | attributes, if NLM_F_ACK_TLVS
 * </pre>
 */
final class ExtendedAck {

    private static final int ERROR = 4;

    private final AttributeReader attributes = new AttributeReader();
    private String text = "";

    /** The error of an NLMSG_ERROR, as a positive number; 0 is an ack. */
    int error(MessageReader message) {
        int errno = -message.u32(nlmsgerr.error$offset());
        if (errno != 0) {
            boolean capped = (message.flags() & NLM_F_CAPPED()) != 0;
            long request = capped ? nlmsghdr.sizeof() : (requestLength(message) + 3) & ~3L;
            read(message, ERROR + request);
        }
        return errno;
    }

    private static long requestLength(MessageReader message) {
        return Integer.toUnsignedLong(message.u32(nlmsgerr.msg$offset() + nlmsghdr.nlmsg_len$offset()));
    }

    /** The error of an NLMSG_DONE, as a positive number; 0 when the dump is complete. */
    int done(MessageReader message) {
        int errno = message.payloadLength() < ERROR ? 0 : -message.u32(0);
        if (errno > 0) {
            read(message, ERROR);
            return errno;
        }
        return 0;
    }

    /** Its text, and where in the request it points to; empty when there was neither. */
    String text() {
        return text;
    }

    /** Forgets the text, or says another. */
    void text(String text) {
        this.text = text;
    }

    private void read(MessageReader message, long offset) {
        text = "";
        if ((message.flags() & NLM_F_ACK_TLVS()) == 0) {
            return;
        }
        String said = "";
        String where = "";
        message.attributes(attributes, offset);
        while (attributes.next()) {
            int type = attributes.type();
            if (type == NLMSGERR_ATTR_MSG()) {
                said = attributes.string();
            } else if (type == NLMSGERR_ATTR_OFFS()) {
                where = "at byte " + attributes.u32() + " of the request";
            }
        }
        text = said.isEmpty() || where.isEmpty() ? said + where : said + " (" + where + ")";
    }
}
