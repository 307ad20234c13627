package io.meshnet.reconciler;

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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Derives what should be of a pod's links from the topology and the placements: a pure function of both. One pod's declaration of a
 * link is enough; where both declare it, they have to agree. Its cost grows with the pod's links, not with the topology.
 */
final class DesiredLinks {

    private final Cluster cluster;
    private final DeclarationIndex declarations;
    private final NodeIdentity node;

    private DesiredLinks(Cluster cluster, NodeIdentity node) {
        this.cluster = cluster;
        this.declarations = cluster.declarations();
        this.node = node;
    }

    /**
     * Every link of a pod that runs on this node, in the order of uids.
     *
     * @return empty when the pod does not run here, or when its own declaration is broken: what is there then stays as it is
     */
    static Optional<List<Desired>> of(Cluster cluster, NodeIdentity node, PodName pod) {
        return of(cluster, node, pod, links -> links.views(pod));
    }

    /**
     * The same of those links only that end on some of the pod's interfaces, at the cost of these.
     *
     * @param ifnames names of the pod's interfaces, declared or not
     */
    static Optional<List<Desired>> of(Cluster cluster, NodeIdentity node, PodName pod, Set<String> ifnames) {
        return of(cluster, node, pod, links -> links.views(pod, ifnames));
    }

    /** The same of those links only whose other end is not on this node, at the cost of these. */
    static Optional<List<Desired>> leavingNode(Cluster cluster, NodeIdentity node, PodName pod) {
        return of(
                cluster,
                node,
                pod,
                links -> links.views(pod).stream()
                        .filter(view -> !isHere(cluster, node, view.peer().pod()))
                        .toList());
    }

    private static Optional<List<Desired>> of(
            Cluster cluster, NodeIdentity node, PodName pod, Function<DesiredLinks, List<DeclaredLink>> views) {
        synchronized (cluster) {
            if (!isHere(cluster, node, pod)
                    || cluster.find(pod).orElseThrow().declaration() instanceof Declaration.Broken) {
                return Optional.empty();
            }
            DesiredLinks links = new DesiredLinks(cluster, node);
            return Optional.of(views.apply(links).stream()
                    .map(links::desired)
                    .sorted(Comparator.comparingInt(each -> each.link().uid()))
                    .toList());
        }
    }

    /** Whether a pod is placed on this node. */
    static boolean isHere(Cluster cluster, NodeIdentity node, PodName pod) {
        return cluster.find(pod)
                .flatMap(PodRecord::placement)
                .filter(node::hosts)
                .isPresent();
    }

    private List<DeclaredLink> views(PodName pod) {
        List<DeclaredLink> views = new ArrayList<>(declarations.own(pod));
        addOthers(views, declarations.told(pod));
        return views;
    }

    private List<DeclaredLink> views(PodName pod, Set<String> ifnames) {
        List<DeclaredLink> views = new ArrayList<>();
        for (String ifname : ifnames) {
            declarations.own(pod, ifname).ifPresent(views::add);
            addOthers(views, declarations.told(pod, ifname));
        }
        return views;
    }

    private void addOthers(List<DeclaredLink> views, List<DeclaredLink> told) {
        for (DeclaredLink view : told) {
            if (!isOwn(view)) {
                views.add(view);
            }
        }
    }

    /** Whether the pod itself declares what it was told of. */
    private boolean isOwn(DeclaredLink told) {
        return declarations
                .own(told.local().pod(), told.uid())
                .filter(own -> own.peer().pod().equals(told.peer().pod()))
                .isPresent();
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
        Optional<Placement> found = cluster.find(peer).flatMap(PodRecord::placement);
        if (found.isEmpty()) {
            return new Desired.Waiting(link, local, "pod " + peer + " is not running anywhere");
        }
        Placement placement = found.get();
        if (node.hosts(placement)) {
            return new Desired.Veth(link);
        }
        if (!cluster.isAlive(placement)) {
            String reason = "node " + placement.node() + ", which pod " + peer + " runs on, is not alive";
            return new Desired.Waiting(link, local, reason);
        }
        InetAddress remote = placement.vtep();
        return remote.getClass() == node.vtep().getClass()
                ? new Desired.Vxlan(link, local, remote)
                : new Desired.Waiting(
                        link,
                        local,
                        "the VTEP of pod " + peer + ", " + NumericAddress.format(remote)
                                + ", is of another address family than this node's");
    }

    /** The link with what only the other pod states of it. */
    private DeclaredLink merged(DeclaredLink view) {
        if (view.isSelfLoop()) {
            return view;
        }
        return declarations
                .own(view.peer().pod(), view.uid())
                .filter(theirs -> theirs.peer().pod().equals(view.local().pod()))
                .map(view::completedBy)
                .orElse(view);
    }

    private Optional<String> dispute(DeclaredLink view) {
        DeclaredLink mirrored = view.mirrored();
        if (isDeclared(view) && isDeclared(mirrored)) {
            return Optional.empty(); // as nearly all are
        }
        return disagreement(view)
                .or(() -> disagreement(mirrored))
                .map(Problem::toString)
                .or(() -> rival(view))
                .or(() -> view.isSelfLoop() ? Optional.empty() : rival(mirrored));
    }

    /** Whether the view's own pod declares the link, and in the same words. */
    private boolean isDeclared(DeclaredLink view) {
        return declarations
                .own(view.local().pod(), view.uid())
                .filter(view::equals)
                .isPresent();
    }

    /** What the peer's own list says against a link: only the declarations of that uid and that interface can. */
    private Optional<Problem> disagreement(DeclaredLink view) {
        PodName peer = view.peer().pod();
        List<DeclaredLink> theirs = Stream.concat(
                        declarations.own(peer, view.uid()).stream(),
                        declarations.own(peer, view.peer().ifname()).stream())
                .toList();
        return TopologyCheck.disagreement(view, theirs);
    }

    /** Another link that claims the interface. What a pod declares itself counts more than what its peers tell of it. */
    private Optional<String> rival(DeclaredLink view) {
        PodName pod = view.local().pod();
        if (declarations.own(pod, view.uid()).isPresent()) {
            return Optional.empty();
        }
        String ifname = view.local().ifname();
        return Stream.concat(declarations.own(pod, ifname).stream(), declarations.told(pod, ifname).stream())
                .filter(other -> other.uid() != view.uid()
                        || !other.peer().pod().equals(view.peer().pod()))
                .findFirst()
                .map(other ->
                        "interface " + PodLink.text(view.local()) + " is claimed by link " + other.uid() + " as well");
    }
}
