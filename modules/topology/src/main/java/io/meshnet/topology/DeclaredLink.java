package io.meshnet.topology;

import java.util.OptionalInt;

/**
 * A link as one pod's list declares it.
 *
 * @param uid identifies the link across the topology, 1 to {@link #MAX_UID}
 * @param local the declaring pod's end
 * @param peer the other end, which may be another interface of the same pod
 * @param mtu of both interfaces, in bytes, {@link #MIN_MTU} to {@link #MAX_MTU}; empty: the daemons' own choice
 */
public record DeclaredLink(int uid, LinkEnd local, LinkEnd peer, OptionalInt mtu) {

    /** What is added to a uid to make the VNI of its vxlan. */
    public static final int VNI_BASE = 5000;

    /** The largest uid whose VNI still fits 24 bits. */
    public static final int MAX_UID = (1 << 24) - 1 - VNI_BASE;

    /** The kernel's {@code ETH_MIN_MTU}: what every IPv4 host has to take in one piece (RFC 791). */
    public static final int MIN_MTU = 68;

    /** The kernel's {@code ETH_MAX_MTU}: the longest packet that IPv4 can tell the length of. */
    public static final int MAX_MTU = 65535;

    /** @throws IllegalArgumentException if uid or MTU is out of range or both ends are the same interface */
    public DeclaredLink {
        if (uid < 1 || uid > MAX_UID) {
            throw new IllegalArgumentException("uid " + uid + " is out of the range 1 to " + MAX_UID);
        }
        if (local.sameInterface(peer)) {
            throw new IllegalArgumentException(
                    "link " + uid + ": " + local.pod() + " " + local.ifname() + " cannot be its own peer");
        }
        if (mtu.isPresent() && (mtu.getAsInt() < MIN_MTU || mtu.getAsInt() > MAX_MTU)) {
            throw new IllegalArgumentException(
                    "link " + uid + ": mtu " + mtu.getAsInt() + " is out of the range " + MIN_MTU + " to " + MAX_MTU);
        }
    }

    /** A link whose MTU is not declared. */
    public DeclaredLink(int uid, LinkEnd local, LinkEnd peer) {
        this(uid, local, peer, OptionalInt.empty());
    }

    /** The VNI of the link when its ends are on two nodes. */
    public int vni() {
        return VNI_BASE + uid;
    }

    /** Whether both ends are in one pod. */
    public boolean isSelfLoop() {
        return local.pod().equals(peer.pod());
    }

    /** In plain code, as {@link LinkEnd#equals} is. */
    @Override
    public boolean equals(Object other) {
        return other instanceof DeclaredLink link
                && uid == link.uid
                && local.equals(link.local)
                && peer.equals(link.peer)
                && mtu.equals(link.mtu);
    }

    @Override
    public int hashCode() {
        return 31 * local.hashCode() + uid;
    }

    /** The same link as its peer would declare it. */
    public DeclaredLink mirrored() {
        return new DeclaredLink(uid, /* local= */ peer, /* peer= */ local, mtu);
    }

    /**
     * This link, with the addresses and the MTU that only the peer's own declaration of it states.
     *
     * @param theirs the peer's declaration; one that {@link TopologyCheck} finds no disagreement in
     */
    public DeclaredLink completedBy(DeclaredLink theirs) {
        return new DeclaredLink(
                uid,
                local.completedBy(theirs.peer),
                peer.completedBy(theirs.local),
                mtu.isPresent() ? mtu : theirs.mtu);
    }
}
