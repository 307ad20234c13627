package io.meshnet.reconciler.state;

import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.PodName;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;

/**
 * A link of the topology. Its ends are in the order of pod and interface, so that the declarations
 * of both pods give equal links.
 *
 * @param uid its identity across the topology
 * @param first the lower end
 * @param second the higher end
 * @param mtu that the topology declares, in bytes; empty if it declares none
 */
public record PodLink(int uid, LinkEnd first, LinkEnd second, OptionalInt mtu) {

    private static final Comparator<LinkEnd> ORDER =
            Comparator.comparing(LinkEnd::pod).thenComparing(LinkEnd::ifname);

    /** The link of a declaration. */
    public static PodLink of(DeclaredLink declared) {
        LinkEnd local = declared.local();
        LinkEnd peer = declared.peer();
        return ORDER.compare(local, peer) <= 0
                ? new PodLink(declared.uid(), local, peer, declared.mtu())
                : new PodLink(declared.uid(), peer, local, declared.mtu());
    }

    /** Both ends, the lower first. */
    public List<LinkEnd> ends() {
        return List.of(first, second);
    }

    /** The identity of the link: without addresses and MTU, which may change. */
    public LinkId id() {
        return new LinkId(uid, EndId.of(first), EndId.of(second));
    }

    /** The other end of the link, seen from one of its ends. */
    public LinkEnd opposite(LinkEnd end) {
        return end.sameInterface(first) ? second : first;
    }

    /**
     * The end on that interface of that pod. If the first end is another interface, this is the
     * second end.
     */
    public LinkEnd end(PodName pod, String ifname) {
        return first.pod().equals(pod) && first.ifname().equals(ifname) ? first : second;
    }

    /** The pod at the other end; for a link between two interfaces of one pod, that pod. */
    public PodName peer(PodName pod) {
        return first.pod().equals(pod) ? second.pod() : first.pod();
    }

    /** The VNI of the link while its ends are on two nodes. */
    public int vni() {
        return DeclaredLink.VNI_BASE + uid;
    }

    /** Whether both ends are interfaces of one pod. */
    public boolean isLoop() {
        return first.pod().equals(second.pod());
    }

    /** In plain code, as {@link LinkEnd#equals} is. */
    @Override
    public boolean equals(Object other) {
        return other instanceof PodLink link
                && uid == link.uid
                && first.equals(link.first)
                && second.equals(link.second)
                && mtu.equals(link.mtu);
    }

    /** Links that differ have different uids, except for links in dispute. */
    @Override
    public int hashCode() {
        return uid;
    }

    @Override
    public String toString() {
        return id().toString();
    }
}
