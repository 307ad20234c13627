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
 * A port to be made: a veth with one end in the pod, under the declared name, and the other in the
 * patch namespace.
 *
 * @param end the interface in the pod
 * @param ifindex the index that the interface in the pod asks for; 0 for any
 * @param mac the hardware address of the interface in the pod; {@link MacAddress#NONE} for any
 * @param mark the mark of the port; it also has address and MTU of the interface
 */
public record PortSpec(EndId end, int ifindex, MacAddress mac, PortMark mark) {

    /**
     * The kernel assigns indexes from 1 upwards in each namespace; an ordinary pod does not get
     * this far.
     */
    private static final int FIRST_IFINDEX = 100_000;

    /**
     * The patch side's MTU if none is declared (ETH_MAX_MTU): a router may then set any MTU in the
     * pod.
     */
    private static final int LARGEST_MTU = 65_535;

    /** How much larger than a declared MTU the patch side's is: room for VLAN tags and the like. */
    private static final int HEADROOM = 100;

    /** The port for an end of a link of the topology. */
    public static PortSpec of(NodeIdentity node, PodLink link, LinkEnd end) {
        return new PortSpec(EndId.of(end), ifindex(link, end), mac(link, end), mark(node, link, end));
    }

    /** The mark of a port with the current declaration. */
    public static PortMark mark(NodeIdentity node, PodLink link, LinkEnd end) {
        return PortMark.of(
                EndId.of(end),
                new PortMark.OfTopology(link.uid()),
                end.address(),
                node.mtu(link),
                node.declaredMtu(link).isPresent());
    }

    /**
     * The MAC of an end: locally administered, unicast, and derived from the link and the end only.
     */
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
