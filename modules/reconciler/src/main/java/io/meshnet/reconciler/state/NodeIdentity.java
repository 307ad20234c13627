package io.meshnet.reconciler.state;

import io.meshnet.topology.Placement;
import java.net.InetAddress;
import java.util.OptionalInt;

/**
 * This node's name, and the properties of its tunnels.
 *
 * @param name the node's name, unique in the cluster
 * @param vtep the address that its tunnels end at
 * @param vxlanPort UDP destination port of its tunnel device
 * @param carried the largest packet that the underlay carries in one piece inside of a tunnel, in bytes
 * @param declaredMtu the MTU that the operator declares for each link whose declaration has none ({@code MESHNET_MTU}), in bytes;
 *     empty when the operator leaves it to the underlay
 */
public record NodeIdentity(String name, InetAddress vtep, int vxlanPort, int carried, OptionalInt declaredMtu) {

    /** The largest MTU that is chosen without a declaration: that of Ethernet, in bytes. */
    private static final int STANDARD_MTU = 1500;

    /**
     * The MTU that an interface is made with, in bytes. It does not depend on where the pods run: without a declaration it is what the
     * underlay carries, at most 1500, for links within the node too.
     */
    public int mtu(PodLink link) {
        return mtu(declaredMtu(link));
    }

    /** The MTU of an interface, in bytes: the declared one, or else this node's own choice. */
    public int mtu(OptionalInt declared) {
        return declared.orElse(Math.min(STANDARD_MTU, carried));
    }

    /** The MTU that the topology or the operator declares for a link, in bytes; empty when neither does. */
    public OptionalInt declaredMtu(PodLink link) {
        return link.mtu().isPresent() ? link.mtu() : declaredMtu;
    }

    /** Whether a link declares packets that the underlay carries only in fragments. */
    public boolean needsFragments(PodLink link) {
        return declaredMtu(link).orElse(0) > carried;
    }

    /**
     * Whether a placement is on this node. A placement that legacy meshnet wrote names no node; its
     * VTEP decides.
     */
    public boolean hosts(Placement placement) {
        return placement.node().isEmpty()
                ? placement.vtep().equals(vtep)
                : placement.node().equals(name);
    }
}
