package io.meshnet.topology;

import java.net.InetAddress;
import java.util.regex.Pattern;

/**
 * An address with the length of its network's prefix, written in CIDR notation.
 *
 * @param address IPv4 or IPv6, kept without host name and zone
 * @param length 0 to 32, or to 128 for IPv6
 */
public record Prefix(InetAddress address, int length) {
    private static final Pattern LENGTH = Pattern.compile("0|[1-9][0-9]{0,2}");

    /** @throws IllegalArgumentException if the length is out of the range of the address's family */
    public Prefix {
        int bits = address.getAddress().length * 8;
        if (length < 0) {
            throw new IllegalArgumentException("prefix length below 0");
        }
        if (length > bits) {
            throw new IllegalArgumentException("prefix length over " + bits);
        }
        address = NumericAddress.bare(address);
    }

    /**
     * Parses {@code address/length} without ever asking a name server.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public static Prefix parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("no prefix length, as in 192.0.2.1/24");
        }
        var address = NumericAddress.parse(text.substring(0, slash));
        String length = text.substring(slash + 1);
        if (!LENGTH.matcher(length).matches()) {
            throw new IllegalArgumentException("prefix length " + Quoted.of(length) + " is not a number from 0 to "
                    + address.getAddress().length * 8);
        }
        return new Prefix(address, Integer.parseInt(length));
    }

    /** Whether both are IPv4 or both are IPv6. */
    public boolean sameFamily(Prefix other) {
        return address.getAddress().length == other.address.getAddress().length;
    }

    /** In plain code, as {@link LinkEnd#equals} is. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Prefix prefix && length == prefix.length && address.equals(prefix.address);
    }

    @Override
    public int hashCode() {
        return 31 * address.hashCode() + length;
    }

    /** {@code address/length} with the address in its canonical form. */
    @Override
    public String toString() {
        return NumericAddress.format(address) + "/" + length;
    }
}
