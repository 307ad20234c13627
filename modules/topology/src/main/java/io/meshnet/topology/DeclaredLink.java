package io.meshnet.topology;

/**
 * A link as one pod's list declares it.
 *
 * @param uid identifies the link across the topology, 1 to {@link #MAX_UID}
 * @param local the declaring pod's end
 * @param peer the other end, which may be another interface of the same pod
 */
public record DeclaredLink(int uid, LinkEnd local, LinkEnd peer) {

    /** What is added to a uid to make the VNI of its vxlan. */
    public static final int VNI_BASE = 5000;

    /** The largest uid whose VNI still fits 24 bits. */
    public static final int MAX_UID = (1 << 24) - 1 - VNI_BASE;

    /** @throws IllegalArgumentException if the uid is out of range or both ends are the same interface */
    public DeclaredLink {
        if (uid < 1 || uid > MAX_UID) {
            throw new IllegalArgumentException("uid " + uid + " is out of the range 1 to " + MAX_UID);
        }
        if (local.sameInterface(peer)) {
            throw new IllegalArgumentException(
                    "link " + uid + ": " + local.pod() + " " + local.ifname() + " cannot be its own peer");
        }
    }

    /** The VNI of the link when its ends are on two nodes. */
    public int vni() {
        return VNI_BASE + uid;
    }

    /** Whether both ends are in one pod. */
    public boolean isSelfLoop() {
        return local.pod().equals(peer.pod());
    }

    /** The same link as its peer would declare it. */
    public DeclaredLink mirrored() {
        return new DeclaredLink(uid, /* local= */ peer, /* peer= */ local);
    }

    /**
     * This link, with the addresses that only the peer's own declaration of it states.
     *
     * @param theirs the peer's declaration; one that {@link TopologyCheck} finds no disagreement in
     */
    public DeclaredLink completedBy(DeclaredLink theirs) {
        return new DeclaredLink(uid, local.completedBy(theirs.peer), peer.completedBy(theirs.local));
    }
}
