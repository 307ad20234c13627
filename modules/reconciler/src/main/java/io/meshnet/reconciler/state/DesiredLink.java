package io.meshnet.reconciler.state;

import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import java.net.InetAddress;

/**
 * What one end of a link should be, seen from the node that the end's pod runs on. A link between two interfaces of one pod has two of
 * these.
 *
 * @param link the link
 * @param local the end: an interface of the pod
 * @param wire where the wire of that interface leads
 */
public record DesiredLink(PodLink link, LinkEnd local, Wire wire) {

    /** Where the wire of an interface leads. */
    public sealed interface Wire {}

    /**
     * The peer runs on this node: the wire leads to the port of the peer's interface.
     *
     * @param far the peer's interface
     */
    public record ToEnd(EndId far) implements Wire {
        @Override
        public String toString() {
            return "to " + far;
        }
    }

    /**
     * The peer runs on another node: the wire leads through the tunnel device, under the link's VNI.
     *
     * @param remote VTEP of the peer's node
     */
    public record ToNode(InetAddress remote) implements Wire {
        @Override
        public String toString() {
            return "to node " + NumericAddress.format(remote);
        }
    }

    /**
     * The peer runs nowhere: the interface is there without a wire, and has no carrier.
     *
     * @param reason in words, for people
     */
    public record Unplugged(String reason) implements Wire {}

    /**
     * The declarations of the two pods contradict each other: the wire stays as it is until they agree.
     *
     * @param reason in words, for people
     * @param isDeclaredHere whether the pod's own list declares the interface, so that the interface is made all the same
     */
    public record Disputed(String reason, boolean isDeclaredHere) implements Wire {}
}
