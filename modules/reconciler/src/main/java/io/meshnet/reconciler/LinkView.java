package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.LinkStatus;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One end of a link of a pod of this node beside what the kernel has of it. Port and wire belong to
 * meshnet, and the status judges them. The interface belongs to the pod and is only shown.
 *
 * @param desired what should be
 * @param port index of the port's patch side; empty while there is none
 * @param wire where the port's wire leads, as text; empty while there is none
 * @param tooBig how many frames were dropped because they were larger than the underlay carries
 * @param wrongSender how many frames were dropped because they came from another node than the
 *     peer's; empty within a node
 * @param device the interface in the pod, wherever the pod moved it; empty when it cannot be seen
 * @param addresses of the interface
 * @param mtu that the declaration gives it, in bytes
 * @param status how the link stands; {@link LinkStatus.Phase#FAILED}, and what it lacks, if there
 *     is something to do
 */
public record LinkView(
        DesiredLink desired,
        Optional<Integer> port,
        Optional<String> wire,
        long tooBig,
        OptionalLong wrongSender,
        Optional<Link> device,
        List<InterfaceAddress> addresses,
        int mtu,
        LinkStatus status) {

    /** Copies the list. */
    public LinkView {
        addresses = List.copyOf(addresses);
    }
}
