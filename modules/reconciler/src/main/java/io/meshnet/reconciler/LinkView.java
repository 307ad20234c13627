package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.topology.LinkEnd;
import java.util.List;
import java.util.Optional;

/**
 * One link of a pod of this node beside what the kernel has of it.
 *
 * @param desired what should be
 * @param local the pod's end
 * @param device what bears the end's name in the pod; empty when nothing does
 * @param addresses of the device
 * @param mtu that the link should have, in bytes
 * @param state how it stands; {@link LinkState.Phase#FAILED} with what it lacks where something is to be done
 */
public record LinkView(
        Desired desired,
        LinkEnd local,
        Optional<Link> device,
        List<InterfaceAddress> addresses,
        int mtu,
        LinkState state) {

    /** Copies what it is given. */
    public LinkView {
        addresses = List.copyOf(addresses);
    }
}
