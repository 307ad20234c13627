package io.meshnet.reconciler.state;

/**
 * How one link stands, seen from this node.
 *
 * @param link the link
 * @param phase how far it is
 * @param reason in words why it is not in place; for a link in place a remark, usually empty
 */
public record LinkStatus(PodLink link, Phase phase, String reason) {

    /** How far a link is. */
    public enum Phase {
        /** Its wire is as the topology wants it, and frames pass. */
        IN_PLACE,
        /** Its interface is there, and its peer runs nowhere yet. */
        WAITING,
        /** The declarations of its two pods contradict each other. */
        DISPUTED,
        /** The kernel, or a device that meshnet did not make, is in the way; the daemon tries again. */
        FAILED
    }

    /** The same link after a failure. */
    public LinkStatus failed(String why) {
        return new LinkStatus(link, Phase.FAILED, why);
    }
}
