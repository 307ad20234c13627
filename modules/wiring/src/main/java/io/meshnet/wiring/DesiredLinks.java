package io.meshnet.wiring;

import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Problem;
import io.meshnet.topology.TopologyCheck;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Derives what should be of a pod's links from the topology and the placements: a pure function of both. One pod's declaration of a
 * link is enough; where both declare it, they have to agree.
 */
final class DesiredLinks {

    /** A link as told apart among one pod's: no pod may declare a uid twice. */
    private record Key(int uid, PodName peer) {}

    /**
     * One pod's links, each seen from that pod.
     *
     * @param own what it declares itself
     * @param told what only its peers declare
     */
    private record Views(List<DeclaredLink> own, List<DeclaredLink> told) {}

    private final Cluster cluster;
    private final NodeIdentity node;
    private final Map<PodName, Views> views = new HashMap<>();

    private DesiredLinks(Cluster cluster, NodeIdentity node) {
        this.cluster = cluster;
        this.node = node;
    }

    /**
     * Every link of a pod that runs on this node, in the order of uids.
     *
     * @return empty when the pod does not run here, or when its own declaration is broken: what is there then stays as it is
     */
    static Optional<List<Desired>> of(Cluster cluster, NodeIdentity node, PodName pod) {
        synchronized (cluster) {
            Optional<PodRecord> known = cluster.find(pod);
            boolean here = known.flatMap(PodRecord::placement).map(node::hosts).orElse(false);
            if (!here || known.get().declaration() instanceof Declaration.Broken) {
                return Optional.empty();
            }
            DesiredLinks links = new DesiredLinks(cluster, node);
            Views seen = links.views(pod);
            List<Desired> desired = new ArrayList<>();
            seen.own().forEach(view -> desired.add(links.desired(view)));
            seen.told().forEach(view -> desired.add(links.desired(view)));
            desired.sort(Comparator.comparingInt(each -> each.link().uid()));
            return Optional.of(List.copyOf(desired));
        }
    }

    private Views views(PodName pod) {
        Views known = views.get(pod);
        if (known != null) {
            return known;
        }
        List<DeclaredLink> own = cluster.declared(pod);
        Set<Key> declared = new HashSet<>();
        own.forEach(link -> declared.add(new Key(link.uid(), link.peer().pod())));
        List<DeclaredLink> told = new ArrayList<>();
        for (PodName declarer : cluster.declarersOf(pod)) {
            for (DeclaredLink link : cluster.declared(declarer)) {
                boolean aboutPod = link.peer().pod().equals(pod) && !declarer.equals(pod);
                if (aboutPod && !declared.contains(new Key(link.uid(), declarer))) {
                    told.add(link.mirrored());
                }
            }
        }
        Views found = new Views(own, told);
        views.put(pod, found);
        return found;
    }

    private Desired desired(DeclaredLink view) {
        PodLink link = PodLink.of(merged(view));
        LinkEnd local = link.end(view.local().pod(), view.local().ifname());
        Optional<String> dispute = dispute(view);
        if (dispute.isPresent()) {
            return new Desired.Disputed(link, local, dispute.get());
        }
        if (link.isLoop()) {
            return new Desired.Veth(link);
        }
        PodName peer = view.peer().pod();
        Optional<Placement> placement = cluster.find(peer).flatMap(PodRecord::placement);
        if (placement.isEmpty()) {
            return new Desired.Waiting(link, local, "pod " + peer + " is not running anywhere");
        }
        if (node.hosts(placement.get())) {
            return new Desired.Veth(link);
        }
        InetAddress remote = placement.get().vtep();
        return remote.getClass() == node.vtep().getClass()
                ? new Desired.Vxlan(link, local, remote)
                : new Desired.Waiting(
                        link,
                        local,
                        "the VTEP of pod " + peer + ", " + NumericAddress.format(remote)
                                + ", is of another address family than this node's");
    }

    /** The link with each end's address as its own pod says, or else as the other one says of it. */
    private DeclaredLink merged(DeclaredLink view) {
        PodName local = view.local().pod();
        if (view.isSelfLoop()) {
            return view;
        }
        return cluster.declared(view.peer().pod()).stream()
                .filter(link -> link.uid() == view.uid() && link.peer().pod().equals(local))
                .findFirst()
                .map(view::completedBy)
                .orElse(view);
    }

    private Optional<String> dispute(DeclaredLink view) {
        DeclaredLink mirrored = view.mirrored();
        PodName peer = view.peer().pod();
        return TopologyCheck.disagreement(view, cluster.declared(peer))
                .or(() -> TopologyCheck.disagreement(
                        mirrored, cluster.declared(view.local().pod())))
                .map(Problem::toString)
                .or(() -> rival(view))
                .or(() -> view.isSelfLoop() ? Optional.empty() : rival(mirrored));
    }

    /** Another link that claims the interface. What a pod declares itself counts more than what its peers tell of it. */
    private Optional<String> rival(DeclaredLink view) {
        Views all = views(view.local().pod());
        if (all.own().stream().anyMatch(own -> own.uid() == view.uid())) {
            return Optional.empty();
        }
        return Stream.concat(all.own().stream(), all.told().stream())
                .filter(other -> other.uid() != view.uid()
                        || !other.peer().pod().equals(view.peer().pod()))
                .filter(other -> other.local().ifname().equals(view.local().ifname()))
                .findFirst()
                .map(other ->
                        "interface " + PodLink.text(view.local()) + " is claimed by link " + other.uid() + " as well");
    }
}
