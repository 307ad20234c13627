package io.meshnet.netlink;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * An IPv4 or IPv6 address of a link. Not a record, since it keeps its bytes beside: {@link InetAddress} hands out a new copy at each
 * call, and writing a message allocates nothing.
 */
public final class InterfaceAddress {

    private final InetAddress address;
    private final int prefixLength;
    private final byte[] bytes;

    /**
     * Takes both.
     *
     * @param address the address; a zone that it may name is not looked at
     * @param prefixLength 0 to 32, or to 128 for IPv6
     * @throws IllegalArgumentException when the prefix length is out of its range
     */
    public InterfaceAddress(InetAddress address, int prefixLength) {
        int longest = address instanceof Inet4Address ? 32 : 128;
        if (prefixLength < 0 || prefixLength > longest) {
            throw new IllegalArgumentException(
                    address.getHostAddress() + "/" + prefixLength + ": the prefix length is not in 0 to " + longest);
        }
        this.address = address;
        this.prefixLength = prefixLength;
        this.bytes = address.getAddress();
    }

    /** The address. */
    public InetAddress address() {
        return address;
    }

    /** How many bits of it are the network's. */
    public int prefixLength() {
        return prefixLength;
    }

    /** The address in network order; not to be changed. */
    byte[] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InterfaceAddress that
                && prefixLength == that.prefixLength
                && address.equals(that.address);
    }

    @Override
    public int hashCode() {
        return 31 * address.hashCode() + prefixLength;
    }

    /** In CIDR notation, such as {@code 12.12.12.1/24}. */
    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefixLength;
    }
}
