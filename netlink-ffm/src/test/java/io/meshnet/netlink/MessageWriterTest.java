package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_ACK;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MessageWriterTest {

    private static final NewLink NEAR =
            new NewLink(Golden.netns(7), "eth1", 1, 1400, MacAddress.parse("02:00:5e:10:00:01"), 7, "");
    private static final NewLink FAR = new NewLink(Golden.netns(8), "eth2", 2, 1400, MacAddress.NONE, 7, "");

    private static MessageWriter writer(int bytes) {
        return new MessageWriter(MemorySegment.ofArray(new byte[bytes]), 1);
    }

    @Test
    void severalRequestsFollowOneAnotherWithSequencesThatCountUp() {
        MemorySegment memory = MemorySegment.ofArray(new byte[256]);
        MessageWriter writer = new MessageWriter(memory, 41);
        LinkMessages.up(writer, 7, true);
        LinkMessages.mtu(writer, 7, 1400);
        LinkMessages.delete(writer, 7);

        MessageReader reader = new MessageReader().wrap(memory, writer.length());

        assertThat(writer.messages()).isEqualTo(3);
        assertThat(writer.firstSequence()).isEqualTo(41);
        for (int i = 0; i < 3; i++) {
            assertThat(reader.next()).isTrue();
            assertThat(reader.sequence()).isEqualTo(41 + i);
        }
        assertThat(reader.next()).isFalse();
    }

    @Test
    void onlyTheLastOfSeveralRequestsAsksForItsAck() {
        MemorySegment memory = MemorySegment.ofArray(new byte[256]);
        MessageWriter writer = new MessageWriter(memory, 1);
        LinkMessages.alias(writer, 7, "pod1/eth1");
        LinkMessages.mtu(writer, 7, 1400);
        LinkMessages.up(writer, 7, true);
        MessageReader reader = new MessageReader().wrap(memory, writer.length());

        for (int flags : new int[] {NLM_F_REQUEST(), NLM_F_REQUEST(), NLM_F_REQUEST() | NLM_F_ACK()}) {
            assertThat(reader.next()).isTrue();
            assertThat(reader.flags()).isEqualTo(flags);
        }
    }

    @Test
    void sequencesGoOnAfterTheWriterIsCleared() {
        MessageWriter writer = writer(64);
        LinkMessages.delete(writer, 7);
        writer.clear();
        LinkMessages.delete(writer, 7);

        assertThat(writer.firstSequence()).isEqualTo(2);
        assertThat(writer.messages()).isEqualTo(1);
        assertThat(writer.length()).isEqualTo(32);
    }

    @Test
    void requestsThatAreSentAgainHaveFreshSequences() {
        MemorySegment memory = MemorySegment.ofArray(new byte[256]);
        MessageWriter writer = new MessageWriter(memory, 1);
        LinkMessages.rename(writer, 7, "eth1");
        LinkMessages.delete(writer, 7);

        writer.resequence();

        assertThat(writer.firstSequence()).isEqualTo(3);
        MessageReader reader = new MessageReader().wrap(memory, writer.length());
        assertThat(reader.next()).isTrue();
        assertThat(reader.sequence()).isEqualTo(3);
        assertThat(reader.next()).isTrue();
        assertThat(reader.sequence()).isEqualTo(4);
    }

    @Test
    void aMessageThatDoesNotFitIsRefusedAndNothingBeyondIsTouched() {
        for (int bytes = 0; bytes < LinkMessagesTest.VETH.length; bytes++) {
            MemorySegment memory = MemorySegment.ofArray(new byte[bytes + 8]);
            MessageWriter writer = new MessageWriter(memory.asSlice(0, bytes), 1);

            assertThatThrownBy(() -> VethMessages.create(writer, NEAR, FAR))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("more than " + bytes + " bytes");
            assertThat(memory.asSlice(bytes).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        }
    }

    @Test
    void anOpenNestIsNoMessageYet() {
        MessageWriter writer = writer(256);
        writer.change(16, 0).ifinfomsg(0);
        try (var _ = writer.nest(18)) {
            assertThatThrownBy(writer::length)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("1 nests");
        }
        assertThat(writer.length()).isEqualTo(36);
    }

    @Test
    void nestsGoNoDeeperThanAnyMessageDoes() {
        MessageWriter writer = writer(256);
        writer.change(16, 0);
        for (int i = 0; i < 8; i++) {
            var _ = writer.nest(1);
        }
        assertThatThrownBy(() -> writer.nest(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anAttributeOrNestIsNoLongerThanItsLengthCanSay() {
        MessageWriter writer = writer(200_000);
        writer.change(16, 0);
        assertThatThrownBy(() -> writer.bytes(1, new byte[65532]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("65536");
        var nest = writer.nest(1);
        writer.bytes(1, new byte[65531]);
        assertThatThrownBy(nest::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("nla_len");
    }

    @Test
    void nothingIsAllocatedOnceWarm() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MessageWriter writer = new MessageWriter(arena.allocate(4096), 1);
            long allocated = Long.MAX_VALUE;
            // the compiler takes its time on a busy machine, so give it some
            for (int round = 0; round < 200 && allocated > 0; round++) {
                long before = Allocation.ofThisThread();
                for (int i = 0; i < 5000; i++) {
                    writer.clear();
                    VethMessages.create(writer, NEAR, FAR);
                    LinkMessages.up(writer, 7, true);
                }
                allocated = (Allocation.ofThisThread() - before) / 5000;
            }
            assertThat(allocated).as("bytes allocated for a veth and an up").isZero();
        }
    }
}
