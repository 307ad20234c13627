package io.meshnet.netlink;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;

/**
 * The attributes of a vxlan ({@code IFLA_VXLAN_*} in linux/if_link.h). There are two kinds: a
 * point-to-point tunnel has a VNI and a remote; an external vxlan gets both with each frame, from
 * the tunnel key that a BPF program sets.
 *
 * @param vni the network identifier, 1 to 2^24-1; 0 on an external device
 * @param remote the VTEP at the far end; empty when the device has none
 * @param local the source address of outer packets, of the family of {@code remote}; empty leaves
 *     it to the route
 * @param port UDP destination port
 * @param underlay ifindex of the device that carries the outer packets, in the namespace of the
 *     tunnel; 0 for none
 * @param learning whether the device learns FDB entries from what it receives
 * @param external whether each frame brings its VNI and its remote (IFLA_VXLAN_COLLECT_METADATA)
 */
public record Vxlan(
        int vni,
        Optional<InetAddress> remote,
        Optional<InetAddress> local,
        int port,
        int underlay,
        boolean learning,
        boolean external) {

    /** @throws IllegalArgumentException when a value is out of its range */
    public Vxlan {
        if (vni < 0 || vni >= 1 << 24) {
            throw new IllegalArgumentException("VNI " + vni + " is not in 1 to " + ((1 << 24) - 1));
        }
        if (port < 0 || port > 0xffff) {
            throw new IllegalArgumentException("VNI " + vni + ": UDP port " + port + " is not in 1 to 65535");
        }
        if (underlay < 0) {
            throw new IllegalArgumentException("VNI " + vni + ": underlay ifindex " + underlay + " is negative");
        }
        if (remote.isPresent()
                && local.isPresent()
                && remote.get() instanceof Inet4Address != local.get() instanceof Inet4Address) {
            throw new IllegalArgumentException(
                    "VNI " + vni + ": remote " + remote.get().getHostAddress() + " and local "
                            + local.get().getHostAddress() + " are of two families");
        }
    }

    /**
     * A point-to-point vxlan.
     *
     * @throws IllegalArgumentException when a value is out of its range
     */
    public Vxlan(
            int vni,
            Optional<InetAddress> remote,
            Optional<InetAddress> local,
            int port,
            int underlay,
            boolean learning) {
        this(vni, remote, local, port, underlay, learning, false);
    }

    /**
     * A vxlan that takes VNI, remote and source address from the tunnel key of each frame. When it
     * goes up, it opens a UDP socket for IPv4 and one for IPv6 (vxlan_open in
     * drivers/net/vxlan/vxlan_core.c). It has no underlay device and does not learn.
     *
     * @param port UDP destination port, 1 to 65535
     */
    public static Vxlan external(int port) {
        return new Vxlan(0, Optional.empty(), Optional.empty(), port, 0, false, true);
    }
}
