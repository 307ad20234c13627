package io.meshnet.netlink;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** Writes every datagram to standard error in hex, when the system property {@code io.meshnet.netlink.trace} is true. */
final class Trace {

    private static final boolean ON = Boolean.getBoolean("io.meshnet.netlink.trace");
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private Trace() {}

    /** @param direction {@code ->} to the kernel, {@code <-} from it */
    static void message(String direction, MemorySegment buffer, long length) {
        if (ON && length > 0) {
            byte[] bytes = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            System.err.println("netlink " + direction + " " + HEX.formatHex(bytes));
        }
    }
}
