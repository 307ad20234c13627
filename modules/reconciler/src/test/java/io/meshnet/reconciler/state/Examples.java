package io.meshnet.reconciler.state;

import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The triangle of three pods on two nodes, and short ways to write pods and links down. */
public final class Examples {

    public static final PodName POD1 = PodName.of("pod1");
    public static final PodName POD2 = PodName.of("pod2");
    public static final PodName POD3 = PodName.of("pod3");

    public static final NodeIdentity NODE1 = node(1);
    public static final NodeIdentity NODE2 = node(2);

    public static final DeclaredLink UID11 =
            link(11, end(POD1, "eth1", "12.12.12.1/24"), end(POD2, "eth1", "12.12.12.2/24"));
    public static final DeclaredLink UID13 =
            link(13, end(POD1, "eth2", "13.13.13.1/24"), end(POD3, "eth1", "13.13.13.3/24"));
    public static final DeclaredLink UID21 =
            link(21, end(POD2, "eth2", "23.23.23.2/24"), end(POD3, "eth2", "23.23.23.3/24"));

    private Examples() {}

    /** A node whose underlay carries 1450 bytes inside of a tunnel. */
    public static NodeIdentity node(int number) {
        return new NodeIdentity(
                "node" + number, NumericAddress.parse("10.0.0." + number), 4789, 1450, OptionalInt.empty());
    }

    public static LinkEnd end(PodName pod, String ifname, String address) {
        return new LinkEnd(pod, ifname, address.isEmpty() ? Optional.empty() : Optional.of(Prefix.parse(address)));
    }

    public static DeclaredLink link(int uid, LinkEnd local, LinkEnd peer) {
        return new DeclaredLink(uid, local, peer);
    }

    public static DeclaredLink link(int uid, LinkEnd local, LinkEnd peer, int mtu) {
        return new DeclaredLink(uid, local, peer, OptionalInt.of(mtu));
    }

    public static DeclaredLink mirrored(DeclaredLink link) {
        return link.mirrored();
    }

    /** A pod with its links, running nowhere. */
    public static PodRecord idle(PodName pod, DeclaredLink... links) {
        return new PodRecord(pod, new Declaration.Links(List.of(links)), Optional.empty(), 1);
    }

    public static PodRecord running(PodName pod, NodeIdentity node, DeclaredLink... links) {
        return new PodRecord(pod, new Declaration.Links(List.of(links)), Optional.of(placement(pod, node)), 2);
    }

    public static Placement placement(PodName pod, NodeIdentity node) {
        return new Placement(node.vtep(), "/run/netns/" + pod.name(), "container-" + pod.name(), node.name());
    }

    /** The triangle with pod1 and pod2 on node1, pod3 on node2. */
    public static Cluster triangle() {
        return cluster(
                running(POD1, NODE1, UID11, UID13),
                running(POD2, NODE1, mirrored(UID11), UID21),
                running(POD3, NODE2, mirrored(UID13), mirrored(UID21)));
    }

    public static Cluster cluster(PodRecord... pods) {
        Cluster cluster = new Cluster();
        cluster.nodes(Set.of("node1", "node2", "node3"));
        for (PodRecord pod : pods) {
            cluster.put(pod);
        }
        return cluster;
    }
}
