package io.meshnet.reconciler;

import io.meshnet.topology.LinkEnd;
import java.net.InetAddress;

/** What should be of one link, seen from this node. */
public sealed interface Desired {

    /** The link concerned. */
    PodLink link();

    /** Both pods are here: one veth with both of its ends. */
    record Veth(PodLink link) implements Desired {}

    /**
     * The peer runs on another node: our end of a vxlan.
     *
     * @param local the end on this node
     * @param remote VTEP of the peer's node
     */
    record Vxlan(PodLink link, LinkEnd local, InetAddress remote) implements Desired {}

    /**
     * The peer runs nowhere: nothing is made; a vxlan that is there stays without a carrier, so that the pod sees its link go down
     * and keeps its interface.
     *
     * @param local the end on this node
     * @param reason in words, for people
     */
    record Waiting(PodLink link, LinkEnd local, String reason) implements Desired {}

    /**
     * The two pods' declarations contradict each other: nothing is made or changed until they agree.
     *
     * @param local the end on this node
     * @param reason in words, for people
     */
    record Disputed(PodLink link, LinkEnd local, String reason) implements Desired {}
}
