package io.meshnet.topology;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/** Text of IP addresses, both ways, without ever asking a name server. */
public final class NumericAddress {
    private static final Pattern IPV4 = Pattern.compile("(?:(?:0|[1-9][0-9]{0,2})\\.){3}(?:0|[1-9][0-9]{0,2})");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F.]*:[0-9a-fA-F:.]*");

    private NumericAddress() {}

    /**
     * Parses a dotted IPv4 address of four decimal numbers, or an IPv6 address without a zone.
     *
     * <p>An IPv4 number with a leading zero is refused because some programs read it as octal, an IPv4-mapped IPv6
     * address because the kernel and Java take it for different families.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public static InetAddress parse(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the address is empty");
        }
        if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
            throw new IllegalArgumentException(Quoted.of(text) + " is not a numeric IP address");
        }
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(Quoted.of(text) + " is not a numeric IP address", e);
        }
        if (address instanceof Inet4Address && text.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    Quoted.of(text) + " is an IPv4-mapped address, write it as " + address.getHostAddress());
        }
        return address;
    }

    /** The canonical text: dotted for IPv4, RFC 5952 for IPv6, never a zone or a host name. */
    public static String format(InetAddress address) {
        return address instanceof Inet6Address ? format(address.getAddress()) : address.getHostAddress();
    }

    /** The same address with neither host name nor zone, so that equal addresses look equal. */
    static InetAddress bare(InetAddress address) {
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("address of a length that no family has", e);
        }
    }

    /**
     * RFC 5952 section 4: lower case, no leading zeros, the first longest run of at least two zero groups as
     * {@code ::}.
     */
    private static String format(byte[] octets) {
        var groups = new int[octets.length / 2];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = (octets[2 * i] & 0xff) << 8 | (octets[2 * i + 1] & 0xff);
        }
        int runStart = 0;
        int runLength = 0;
        for (int start = 0; start < groups.length; start++) {
            int end = start;
            while (end < groups.length && groups[end] == 0) {
                end++;
            }
            if (end - start > runLength) {
                runStart = start;
                runLength = end - start;
            }
        }
        return runLength < 2
                ? hex(groups, 0, groups.length)
                : hex(groups, 0, runStart) + "::" + hex(groups, runStart + runLength, groups.length);
    }

    private static String hex(int[] groups, int from, int to) {
        var text = new StringJoiner(":");
        for (int i = from; i < to; i++) {
            text.add(Integer.toHexString(groups[i]));
        }
        return text.toString();
    }
}
