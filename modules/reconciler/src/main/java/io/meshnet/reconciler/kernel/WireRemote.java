package io.meshnet.reconciler.kernel;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The underlay address of another node, in the 16 bytes that the maps and {@code struct
 * bpf_tunnel_key} have for it: an IPv4 address in the first four bytes in host order, and zeroes
 * behind it; an IPv6 address in network order. Immutable; writing it allocates nothing.
 */
public final class WireRemote {

    /** How many bytes it takes. */
    static final int BYTES = 16;

    private final long first;
    private final long second;

    private WireRemote(long first, long second) {
        this.first = first;
        this.second = second;
    }

    /**
     * The form of an address.
     *
     * @throws IllegalArgumentException for an IPv6 address whose last 12 bytes are zero, because it
     *     would be read as an IPv4 address; no node has such an address
     */
    public static WireRemote of(InetAddress address) {
        byte[] bytes = address.getAddress();
        ByteBuffer memory = ByteBuffer.allocate(BYTES).order(ByteOrder.nativeOrder());
        if (address instanceof Inet4Address) {
            memory.putInt(0, ByteBuffer.wrap(bytes).getInt());
        } else {
            memory.put(0, bytes);
        }
        WireRemote remote = new WireRemote(memory.getLong(0), memory.getLong(Long.BYTES));
        if (remote.isIpv4() != address instanceof Inet4Address) {
            throw new IllegalArgumentException(address.getHostAddress() + " is the address of no node");
        }
        return remote;
    }

    /** The address in 16 bytes of a map's value. */
    static WireRemote read(ByteBuffer value, int offset) {
        return new WireRemote(value.getLong(offset), value.getLong(offset + Long.BYTES));
    }

    void write(ByteBuffer value, int offset) {
        value.putLong(offset, first).putLong(offset + Long.BYTES, second);
    }

    private boolean isIpv4() {
        return second == 0 && first >>> Integer.SIZE == 0;
    }

    /** The address itself. */
    InetAddress address() {
        byte[] bytes;
        if (isIpv4()) {
            bytes = ByteBuffer.allocate(Integer.BYTES).putInt((int) first).array();
        } else {
            bytes = ByteBuffer.allocate(BYTES)
                    .order(ByteOrder.nativeOrder())
                    .putLong(first)
                    .putLong(second)
                    .array();
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // the length is right
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WireRemote remote && first == remote.first && second == remote.second;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(31 * first + second);
    }

    @Override
    public String toString() {
        return address().getHostAddress();
    }
}
