package io.meshnet.netlink;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * An IPv4 or IPv6 address of a link.
 *
 * @param address the address; a zone that it may name is not looked at
 * @param prefixLength 0 to 32, or to 128 for IPv6
 */
public record InterfaceAddress(InetAddress address, int prefixLength) {

    /** @throws IllegalArgumentException when the prefix length is out of its range */
    public InterfaceAddress {
        int longest = address instanceof Inet4Address ? 32 : 128;
        if (prefixLength < 0 || prefixLength > longest) {
            throw new IllegalArgumentException(
                    address.getHostAddress() + "/" + prefixLength + ": the prefix length is not in 0 to " + longest);
        }
    }

    /** In CIDR notation, such as {@code 12.12.12.1/24}. */
    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefixLength;
    }
}
