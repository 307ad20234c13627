package io.meshnet.reconciler;

/**
 * How one link stands, seen from this node.
 *
 * @param link the link
 * @param phase how far it is
 * @param reason in words why it is not in place; empty when it is
 */
public record LinkState(PodLink link, Phase phase, String reason) {

    /** How far a link is. */
    public enum Phase {
        /** It is as the topology wants it. */
        IN_PLACE,
        /** Its peer runs nowhere yet. */
        WAITING,
        /** The declarations of its two pods contradict each other. */
        DISPUTED,
        /** The kernel, or a device that is not ours, is in the way; it is tried again. */
        FAILED
    }

    LinkState failed(String why) {
        return new LinkState(link, Phase.FAILED, why);
    }
}
