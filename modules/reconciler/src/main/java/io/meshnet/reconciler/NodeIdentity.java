package io.meshnet.reconciler;

import io.meshnet.topology.Placement;
import java.net.InetAddress;

/**
 * Who this node is among the nodes, and what its tunnels look like.
 *
 * @param name the node's name, unique in the cluster
 * @param vtep the address that its tunnels end at
 * @param underlay ifindex of the device that carries them; 0 leaves it to the route
 * @param vxlanPort UDP destination port of every vxlan
 * @param mtu of every link that the topology gives none, whichever its kind, so that it does not depend on where pods land among
 *     nodes of one setting; in bytes
 */
public record NodeIdentity(String name, InetAddress vtep, int underlay, int vxlanPort, int mtu) {

    /** The MTU of a link, the same at both of its ends, in bytes. */
    int mtu(PodLink link) {
        return link.mtu().orElse(mtu);
    }

    /** Whether a pod placed so runs here. A placement by the original names no node; its VTEP then tells. */
    public boolean hosts(Placement placement) {
        return placement.node().isEmpty()
                ? placement.vtep().equals(vtep)
                : placement.node().equals(name);
    }
}
