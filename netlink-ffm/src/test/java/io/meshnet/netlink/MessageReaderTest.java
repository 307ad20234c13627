package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageReaderTest {

    private static final String HEADER = " 10 00 00 00 01 00 00 00 02 00 00 00 ";

    private static MessageReader reader(String hex) {
        byte[] bytes = Golden.bytes(hex);
        return new MessageReader().wrap(MemorySegment.ofArray(bytes), bytes.length);
    }

    private static AttributeReader attributes(String hex) {
        byte[] bytes = Golden.bytes(hex);
        return new AttributeReader().wrap(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    @Test
    void aHeaderIsReadAsItStands() {
        MessageReader reader = reader("14 00 00 00  10 00  02 00  03 00 00 00  2a 00 00 00  ff ff ff ff");

        assertThat(reader.next()).isTrue();
        assertThat(reader.type()).isEqualTo(16);
        assertThat(reader.flags()).isEqualTo(2);
        assertThat(reader.sequence()).isEqualTo(3);
        assertThat(reader.portId()).isEqualTo(42);
        assertThat(reader.payloadLength()).isEqualTo(4);
        assertThat(reader.u32(0)).isEqualTo(-1);
        assertThat(reader.next()).isFalse();
    }

    @Test
    void aMessageOfOddLengthIsFollowedByTheNextMultipleOfFour() {
        MessageReader reader = reader("11 00 00 00" + HEADER + "2a 00 00 00" + "10 00 00 00" + HEADER);

        assertThat(reader.next()).isTrue();
        assertThat(reader.payloadLength()).isEqualTo(1);
        assertThat(reader.u8(0)).isEqualTo(42);
        assertThat(reader.next()).isTrue();
        assertThat(reader.next()).isFalse();
    }

    @Test
    void theLastMessageMayLackItsPadding() {
        MessageReader reader = reader("11 00 00 00" + HEADER + "2a");

        assertThat(reader.next()).isTrue();
        assertThat(reader.next()).isFalse();
    }

    @Test
    void aLengthOfZeroEndsWithAnErrorAndNotInALoop() {
        assertThatThrownBy(() -> reader("00 00 00 00" + HEADER).next())
                .isInstanceOf(MalformedMessageException.class)
                .hasMessage("a message of 0 bytes at offset 0, where 16 are left");
        assertThatThrownBy(() -> attributes("00 00 01 00").next())
                .isInstanceOf(MalformedMessageException.class)
                .hasMessage("attribute 1 of 0 bytes at offset 0, where 4 are left");
    }

    @Test
    void aMessageThatClaimsMoreThanThereIsIsRefused() {
        assertThatThrownBy(() -> reader("11 00 00 00" + HEADER).next())
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("17 bytes");
        assertThatThrownBy(() -> reader("ff ff ff ff" + HEADER).next())
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("4294967295 bytes");
        assertThatThrownBy(() -> reader("10 00 00 00 10").next())
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("too few for a message header");
    }

    @Test
    void aPayloadIsNotReadBeyondItsEnd() {
        MessageReader reader = reader("12 00 00 00" + HEADER + "ff ff ff ff");
        assertThat(reader.next()).isTrue();

        assertThatThrownBy(() -> reader.u32(0))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("2 bytes of payload, where 4 are needed");
        assertThatThrownBy(() -> reader.attributes(new AttributeReader(), 16))
                .isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void noMoreIsWrappedThanThereIs() {
        MemorySegment memory = MemorySegment.ofArray(new byte[16]);
        MessageReader reader = new MessageReader();

        assertThatThrownBy(() -> reader.wrap(memory, 17)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> reader.wrap(memory, -1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void attributesAreWalkedInOrderAndTheFlagsOfTheirTypesLeftOut() {
        AttributeReader attributes = attributes("05 00 01 00 07 00 00 00  04 00 02 80  06 00 03 40 12 b5");
        List<Integer> types = new ArrayList<>();

        assertThat(attributes.next()).isTrue();
        assertThat(attributes.u8()).isEqualTo(7);
        types.add(attributes.type());
        assertThat(attributes.next()).isTrue();
        assertThat(attributes.length()).isZero();
        types.add(attributes.type());
        assertThat(attributes.next()).isTrue();
        assertThat(attributes.be16()).isEqualTo(4789);
        types.add(attributes.type());
        assertThat(attributes.next()).isFalse();
        assertThat(types).containsExactly(1, 2, 3);
    }

    @Test
    void aPayloadShorterThanWhatIsAskedOfItIsRefused() {
        AttributeReader attributes = attributes("05 00 01 00 07 00 00 00");
        assertThat(attributes.next()).isTrue();

        assertThatThrownBy(attributes::u32)
                .isInstanceOf(MalformedMessageException.class)
                .hasMessage("attribute 1 of 1 bytes of payload, where 4 are needed");
        assertThatThrownBy(attributes::be16).isInstanceOf(MalformedMessageException.class);
        assertThatThrownBy(attributes::address)
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("an address of 1 bytes");
        assertThat(attributes.mac()).isEqualTo(MacAddress.NONE);
    }

    @Test
    void aNestEndsWhereItsAttributeDoes() {
        AttributeReader outer = attributes("0c 00 12 00  09 00 01 00 76 65 74 68  04 00 02 00");
        assertThat(outer.next()).isTrue();
        AttributeReader inner = outer.nest(new AttributeReader());

        assertThatThrownBy(inner::next)
                .isInstanceOf(MalformedMessageException.class)
                .hasMessage("attribute 1 of 9 bytes at offset 4, where 8 are left");
        assertThat(outer.next()).isTrue();
        assertThat(outer.type()).isEqualTo(2);
    }

    @Test
    void textEndsAtItsFirstZeroOrWithItsPayload() {
        AttributeReader attributes = attributes("08 00 01 00 61 62 00 63  06 00 01 00 61 62 00 00  04 00 01 00");

        assertThat(attributes.next()).isTrue();
        assertThat(attributes.string()).isEqualTo("ab");
        assertThat(attributes.next()).isTrue();
        assertThat(attributes.string()).isEqualTo("ab");
        assertThat(attributes.next()).isTrue();
        assertThat(attributes.string()).isEmpty();
    }
}
