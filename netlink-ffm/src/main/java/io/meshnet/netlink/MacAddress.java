package io.meshnet.netlink;

import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * An Ethernet hardware address.
 *
 * @param bits the 48 bits, first octet on the wire in the highest byte of the low six
 */
public record MacAddress(long bits) {

    /** The address of a device that has none, or of one whose address the kernel shall choose. */
    public static final MacAddress NONE = new MacAddress(0);

    private static final Pattern FORM = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");

    /** @throws IllegalArgumentException when there are more than 48 bits */
    public MacAddress {
        if (bits >>> 48 != 0) {
            throw new IllegalArgumentException("a hardware address of more than 48 bits: 0x" + Long.toHexString(bits));
        }
    }

    /**
     * The address written as {@code 02:00:5e:10:00:01}.
     *
     * @throws IllegalArgumentException when it is written in any other way
     */
    public static MacAddress parse(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("not a hardware address such as 02:00:5e:10:00:01: '" + text + "'");
        }
        return new MacAddress(HexFormat.fromHexDigitsToLong(text.replace(":", "")));
    }

    /** Whether it is {@link #NONE}. */
    public boolean isNone() {
        return bits == 0;
    }

    /** As {@link #parse} reads it, in lower case. */
    @Override
    public String toString() {
        byte[] octets = new byte[6];
        for (int i = 0; i < 6; i++) {
            octets[i] = (byte) (bits >> (40 - 8 * i));
        }
        return HexFormat.ofDelimiter(":").formatHex(octets);
    }
}
