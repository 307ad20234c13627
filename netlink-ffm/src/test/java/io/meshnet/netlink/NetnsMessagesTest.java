package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Golden bytes of what is said about the ids of namespaces, written and read back. */
class NetnsMessagesTest {

    /** An answer in the form of rtnl_net_dumpid_one, and an attribute that no kernel has yet. */
    static final byte[] KNOWN = Golden.bytes("""
            28 00 00 00 58 00 02 00  ; 40 bytes, RTM_NEWNSID, NLM_F_MULTI
            04 03 02 01 92 10 00 00
            00 00 00 00              ; rtgen_family AF_UNSPEC, padded
            08 00 01 00 02 00 00 00  ; NETNSA_NSID 2
            08 00 05 00 09 00 00 00  ; NETNSA_CURRENT_NSID 9
            04 00 77 00              ; an attribute of a later kernel, empty
            """);

    static final byte[] GONE = Golden.bytes("""
            1c 00 00 00 59 00 00 00  ; 28 bytes, RTM_DELNSID
            00 00 00 00 00 00 00 00
            00 00 00 00              ; rtgen_family AF_UNSPEC, padded
            08 00 01 00 05 00 00 00  ; NETNSA_NSID 5
            """);

    private static int decode(byte[] message) {
        return NetnsMessages.decode(Golden.reader(message), new AttributeReader());
    }

    private static List<LinkEvent> events(byte[] message, int netnsid) {
        List<LinkEvent> events = new ArrayList<>();
        new LinkEventDecoder().decode(Golden.reader(message), netnsid, events);
        return events;
    }

    @Test
    void aNamespaceIsAskedAboutByItsDescriptor() {
        assertThat(Golden.written(writer -> NetnsMessages.id(writer, 7))).isEqualTo(Golden.bytes("""
                                1c 00 00 00 5a 00 01 00  ; 28 bytes, RTM_GETNSID, NLM_F_REQUEST
                                04 03 02 01 00 00 00 00
                                00 00 00 00              ; rtgen_family AF_UNSPEC, padded
                                08 00 03 00 07 00 00 00  ; NETNSA_FD 7
                                """));
        byte[] answer = Golden.bytes("""
                1c 00 00 00 58 00 00 00  ; 28 bytes, RTM_NEWNSID
                04 03 02 01 92 10 00 00
                00 00 00 00              ; rtgen_family AF_UNSPEC, padded
                08 00 01 00 ff ff ff ff  ; NETNSA_NSID -1: it has none
                """);
        assertThat(decode(answer)).isEqualTo(-1);
        assertThat(decode(KNOWN)).isEqualTo(2);
    }

    @Test
    void aNamespaceIsGivenAnyIdThatIsFree() {
        assertThat(Golden.written(writer -> NetnsMessages.assign(writer, 7))).isEqualTo(Golden.bytes("""
                                24 00 00 00 58 00 05 00  ; 36 bytes, RTM_NEWNSID, NLM_F_REQUEST | NLM_F_ACK
                                04 03 02 01 00 00 00 00
                                00 00 00 00              ; rtgen_family AF_UNSPEC, padded
                                08 00 03 00 07 00 00 00  ; NETNSA_FD 7
                                08 00 01 00 ff ff ff ff  ; NETNSA_NSID -1: any
                                """));
    }

    @Test
    void anIdThatIsNoMoreIsANamespaceThatIsGoneIfItIsAnIdOfOurs() {
        assertThat(events(GONE, LinkEvent.OWN_NETNS)).containsExactly(new LinkEvent.NetnsGone(5));
        assertThat(events(GONE, 2)).isEmpty();
        assertThat(events(KNOWN, LinkEvent.OWN_NETNS)).isEmpty();
    }
}
