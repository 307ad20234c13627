package io.meshnet.reconciler.plan;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.MacAddress;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Prefix;
import java.util.List;
import java.util.Optional;

/**
 * A port as it is to be made: a veth with one end in the pod, under the declared name, and the other in the patch namespace.
 *
 * @param end the interface in the pod
 * @param ifindex the index that the interface in the pod asks for; 0 for any
 * @param mac the hardware address of the interface in the pod; {@link MacAddress#NONE} for any
 * @param mark what the port says of itself; it names address and MTU of the interface too
 */
public record PortSpec(EndId end, int ifindex, MacAddress mac, PortMark mark) {

    /** Above the indexes that the kernel hands out by itself in a pod that lives an ordinary life. */
    private static final int FIRST_IFINDEX = 100_000;

    /** The patch side takes any packet while no MTU is declared, so that a router may set what it likes (ETH_MAX_MTU). */
    private static final int LARGEST_MTU = 65_535;

    /** How much larger than a declared MTU the patch side's is: room for VLAN tags and the like. */
    private static final int HEADROOM = 100;

    /** The port for an end of a link of the topology. */
    public static PortSpec of(NodeIdentity node, PodLink link, LinkEnd end) {
        return new PortSpec(EndId.of(end), ifindex(link, end), mac(link, end), mark(node, link, end));
    }

    /** What a port says of itself once the current declaration is applied. */
    public static PortMark mark(NodeIdentity node, PodLink link, LinkEnd end) {
        return PortMark.of(
                EndId.of(end),
                new PortMark.OfTopology(link.uid()),
                end.address(),
                node.mtu(link),
                node.declaredMtu(link).isPresent());
    }

    /** The MAC of an end: locally administered, unicast, and derived from nothing but the link and the end. */
    public static MacAddress mac(PodLink link, LinkEnd end) {
        byte[] digest = Digest.of(link.uid() + " " + EndId.of(end));
        long bits = (digest[0] & 0xfc) | 0x02;
        for (int i = 1; i < 6; i++) {
            bits = bits << 8 | (digest[i] & 0xff);
        }
        return new MacAddress(bits);
    }

    /** The index that an end asks for in its pod, the same after every restart of the pod. */
    static int ifindex(PodLink link, LinkEnd end) {
        return FIRST_IFINDEX + 2 * link.uid() + (end.sameInterface(link.first()) ? 0 : 1);
    }

    /** The MTU of the port's patch side, in bytes. */
    public static int patchMtu(PortMark mark) {
        return mark.isMtuDeclared() ? Math.min(LARGEST_MTU, mark.mtu() + HEADROOM) : LARGEST_MTU;
    }

    /** The addresses of an interface, as netlink takes them. */
    public static List<InterfaceAddress> addresses(Optional<Prefix> address) {
        return address.map(prefix -> List.of(new InterfaceAddress(prefix.address(), prefix.length())))
                .orElse(List.of());
    }

    /** {@code namespace/pod:interface}. */
    @Override
    public String toString() {
        return end.toString();
    }
}
