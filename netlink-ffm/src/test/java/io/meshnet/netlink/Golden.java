package io.meshnet.netlink;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Messages byte by byte: written as hex, a field in each line, what it is behind a semicolon. All little-endian. */
final class Golden {

    /** The sequence that every golden request has. */
    static final int SEQUENCE = 0x01020304;

    private static final HexFormat HEX = HexFormat.of();

    private Golden() {}

    static byte[] bytes(String annotated) {
        return HEX.parseHex(
                annotated.lines().map(line -> line.replaceAll(";.*|\\s", "")).collect(Collectors.joining()));
    }

    /** What an encoder writes, into heap memory full of ones so that nothing is zero by chance. */
    static byte[] written(Consumer<MessageWriter> encoder) {
        MemorySegment memory = MemorySegment.ofArray(new byte[2048]).fill((byte) 0xff);
        MessageWriter writer = new MessageWriter(memory, SEQUENCE);
        encoder.accept(writer);
        return memory.asSlice(0, writer.length()).toArray(ValueLayout.JAVA_BYTE);
    }

    /** A reader on the first message. */
    static MessageReader reader(byte[] bytes) {
        MessageReader reader = new MessageReader().wrap(MemorySegment.ofArray(bytes), bytes.length);
        if (!reader.next()) {
            throw new AssertionError("no message");
        }
        return reader;
    }

    /** A namespace handle that is no more than a descriptor to be written. */
    static Netns netns(int fd) {
        return new Netns(fd, 4, fd, "/run/netns/golden" + fd);
    }
}
