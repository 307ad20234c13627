package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

/** Golden bytes of the messages about qdiscs and filters, written and read. */
class TrafficMessagesTest {

    static final byte[] CLSACT = Golden.bytes("""
            30 00 00 00              ; nlmsg_len 48
            24 00                    ; nlmsg_type RTM_NEWQDISC
            05 05                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            00 00 00 00              ; tcm_family, pads
            07 00 00 00              ; tcm_ifindex 7
            00 00 ff ff              ; tcm_handle ffff:
            f1 ff ff ff              ; tcm_parent TC_H_CLSACT
            00 00 00 00              ; tcm_info
            0b 00 01 00              ; TCA_KIND
            63 6c 73 61 63 74 00 00  ;   "clsact", closed by zero, padded
            """);

    static final byte[] FILTER = Golden.bytes("""
            4c 00 00 00              ; nlmsg_len 76
            2c 00                    ; nlmsg_type RTM_NEWTFILTER
            05 04                    ; nlmsg_flags NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
            04 03 02 01              ; nlmsg_seq
            00 00 00 00              ; nlmsg_pid
            00 00 00 00              ; tcm_family, pads
            07 00 00 00              ; tcm_ifindex 7
            01 00 00 00              ; tcm_handle 1
            f2 ff ff ff              ; tcm_parent ffff:fff2, ingress
            00 03 01 00              ; tcm_info: ETH_P_ALL in network order, priority 1
            08 00 01 00 62 70 66 00  ; TCA_KIND "bpf", closed by zero
            20 00 02 00              ; TCA_OPTIONS
            08 00 06 00 05 00 00 00  ;   TCA_BPF_FD 5
            09 00 07 00              ;   TCA_BPF_NAME
            77 69 72 65 00 00 00 00  ;     "wire", closed by zero, padded
            08 00 08 00 01 00 00 00  ;   TCA_BPF_FLAGS TCA_BPF_FLAG_ACT_DIRECT
            """);

    /** A message of a dump, as the kernel has sent it to {@code tc filter show}. */
    static final byte[] DUMPED = Golden.bytes("""
            6c 00 00 00              ; nlmsg_len 108
            2c 00                    ; nlmsg_type RTM_NEWTFILTER
            02 00                    ; nlmsg_flags NLM_F_MULTI
            5b b0 0a 6b              ; nlmsg_seq
            14 6f 00 00              ; nlmsg_pid
            00 00 00 00              ; tcm_family, pads
            03 00 00 00              ; tcm_ifindex 3
            01 00 00 00              ; tcm_handle 1
            f2 ff ff ff              ; tcm_parent ffff:fff2, ingress
            00 03 01 00              ; tcm_info: ETH_P_ALL in network order, priority 1
            08 00 01 00 62 70 66 00  ; TCA_KIND "bpf", closed by zero
            08 00 0b 00 00 00 00 00  ; TCA_CHAIN 0
            38 00 02 00              ; TCA_OPTIONS
            0f 00 07 00              ;   TCA_BPF_NAME
            70 3a 5b 2a 66 73 6f 62  ;     "p:[*fsobj]", closed by zero, padded
            6a 5d 00 00
            08 00 0b 00 0b 04 00 00  ;   TCA_BPF_ID 1035
            0c 00 0a 00              ;   TCA_BPF_TAG
            61 4b 43 4c d8 32 4e cc
            08 00 08 00 01 00 00 00  ;   TCA_BPF_FLAGS TCA_BPF_FLAG_ACT_DIRECT
            08 00 09 00 08 00 00 00  ;   TCA_BPF_FLAGS_GEN TCA_CLS_FLAGS_NOT_IN_HW
            """);

    /** The message of a dump about a priority, before those about its filters. */
    static final byte[] DUMPED_PRIORITY = Golden.bytes("""
            34 00 00 00 2c 00 02 00  ; nlmsg_len 52, RTM_NEWTFILTER, NLM_F_MULTI
            5b b0 0a 6b 14 6f 00 00  ; nlmsg_seq, nlmsg_pid
            00 00 00 00 03 00 00 00  ; tcm_family, pads, tcm_ifindex 3
            00 00 00 00 f2 ff ff ff  ; tcm_handle 0, tcm_parent ffff:fff2
            00 03 01 00              ; tcm_info: ETH_P_ALL in network order, priority 1
            08 00 01 00 62 70 66 00  ; TCA_KIND "bpf", closed by zero
            08 00 0b 00 00 00 00 00  ; TCA_CHAIN 0
            """);

    private final AttributeReader attributes = new AttributeReader();
    private final AttributeReader options = new AttributeReader();

    @Test
    void aClsactHasItsOwnHandle() {
        assertThat(Golden.written(writer -> TrafficMessages.attachClsact(writer, 7)))
                .isEqualTo(CLSACT);

        assertThat(TrafficMessages.qdisc(Golden.reader(CLSACT), attributes))
                .isEqualTo(new Qdisc(7, "clsact", 0xfffffff1, 0xffff0000));
    }

    @Test
    void aFilterNamesItsProgramByADescriptor() {
        assertThat(Golden.written(writer -> TrafficMessages.attachBpf(writer, 7, 5, "wire")))
                .isEqualTo(FILTER);
    }

    @Test
    void aFilterIsReadWithTheIdOfItsProgram() {
        assertThat(TrafficMessages.filter(Golden.reader(DUMPED), attributes, options))
                .contains(new BpfFilter(1035, "p:[*fsobj]", 1, 1));
        assertThat(TrafficMessages.filter(Golden.reader(DUMPED_PRIORITY), attributes, options))
                .isEmpty();
    }

    @Test
    void dumpsAreRequested() {
        String header = "24 00 00 00 %s 00 01 03 04 03 02 01 00 00 00 00"; // NLM_F_REQUEST | NLM_F_DUMP
        assertThat(Golden.written(writer -> TrafficMessages.filters(writer, 7)))
                .isEqualTo(Golden.bytes(
                        header.formatted("2e") + "00 00 00 00 07 00 00 00 00 00 00 00 f2 ff ff ff 00 00 00 00"));
        assertThat(Golden.written(TrafficMessages::qdiscs))
                .isEqualTo(Golden.bytes(
                        header.formatted("26") + "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
    }

    @Test
    void aFilterNameHas1To255Bytes() {
        assertThat(TrafficMessages.requireName("ü".repeat(127))).hasSize(127);
        for (String name : new String[] {"", "x".repeat(256), "ü".repeat(128), "a\0b"}) {
            assertThatIllegalArgumentException().isThrownBy(() -> TrafficMessages.requireName(name));
        }
    }
}
