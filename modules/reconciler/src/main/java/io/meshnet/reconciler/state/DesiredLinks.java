package io.meshnet.reconciler.state;

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
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Derives the desired links of a pod from the topology and the placements: a pure function of both.
 * One pod's declaration of a link is enough; where both declare it, they have to agree. Its cost
 * grows with the pod's links, not with the topology.
 */
public final class DesiredLinks {

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
     * @return empty when the pod does not run here, or when its own declaration is broken: then its
     *     links stay as they are
     */
    public static Optional<List<DesiredLink>> of(Cluster cluster, NodeIdentity node, PodName pod) {
        return of(cluster, node, pod, links -> links.views(pod));
    }

    /**
     * The links of a pod of this node whose other end is not on this node. The cost grows with the
     * number of these links.
     */
    public static Optional<List<DesiredLink>> leavingNode(Cluster cluster, NodeIdentity node, PodName pod) {
        return of(
                cluster,
                node,
                pod,
                links -> links.views(pod).stream()
                        .filter(view -> !isHere(cluster, node, view.peer().pod()))
                        .toList());
    }

    private static Optional<List<DesiredLink>> of(
            Cluster cluster, NodeIdentity node, PodName pod, Function<DesiredLinks, List<DeclaredLink>> views) {
        synchronized (cluster) {
            if (!isHere(cluster, node, pod)
                    || cluster.find(pod).orElseThrow().declaration() instanceof Declaration.Broken) {
                return Optional.empty();
            }
            DesiredLinks links = new DesiredLinks(cluster, node);
            List<DesiredLink> desired = new ArrayList<>();
            views.apply(links).forEach(view -> links.addDesired(view, desired));
            desired.sort(Comparator.comparingInt(each -> each.link().uid()));
            return Optional.of(List.copyOf(desired));
        }
    }

    /** Whether a pod is placed on this node. */
    public static boolean isHere(Cluster cluster, NodeIdentity node, PodName pod) {
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

    private void addOthers(List<DeclaredLink> views, List<DeclaredLink> told) {
        for (DeclaredLink view : told) {
            if (!isOwn(view)) {
                views.add(view);
            }
        }
    }

    /** Whether the pod itself declares the link that its peer declares to it. */
    private boolean isOwn(DeclaredLink told) {
        return declarations
                .own(told.local().pod(), told.uid())
                .filter(own -> own.peer().pod().equals(told.peer().pod()))
                .isPresent();
    }

    /**
     * Adds the desired link for the view's end, and for the other end if it is an interface of the
     * same pod.
     */
    private void addDesired(DeclaredLink view, List<DesiredLink> desired) {
        PodLink link = PodLink.of(merged(view));
        LinkEnd local = link.end(view.local().pod(), view.local().ifname());
        DesiredLink.Wire wire = wire(view, link, local);
        desired.add(new DesiredLink(link, local, wire));
        if (link.isLoop()) {
            LinkEnd far = link.opposite(local);
            desired.add(new DesiredLink(
                    link, far, wire instanceof DesiredLink.ToEnd ? new DesiredLink.ToEnd(EndId.of(local)) : wire));
        }
    }

    private DesiredLink.Wire wire(DeclaredLink view, PodLink link, LinkEnd local) {
        Optional<String> dispute = dispute(view);
        if (dispute.isPresent()) {
            return new DesiredLink.Disputed(dispute.get(), isDeclaredBy(view));
        }
        EndId far = EndId.of(link.opposite(local));
        if (link.isLoop()) {
            return new DesiredLink.ToEnd(far);
        }
        Optional<Placement> found = cluster.find(far.pod()).flatMap(PodRecord::placement);
        if (found.isEmpty()) {
            return new DesiredLink.Unplugged("pod " + far.pod() + " is not running anywhere");
        }
        Placement placement = found.get();
        if (node.hosts(placement)) {
            return new DesiredLink.ToEnd(far);
        }
        if (!cluster.isAlive(placement)) {
            return new DesiredLink.Unplugged(
                    "node " + placement.node() + ", which pod " + far.pod() + " runs on, is not alive");
        }
        InetAddress remote = placement.vtep();
        return remote.getClass() == node.vtep().getClass()
                ? new DesiredLink.ToNode(remote)
                : new DesiredLink.Unplugged("the VTEP of pod " + far.pod() + ", " + NumericAddress.format(remote)
                        + ", is of another address family than this node's");
    }

    /** Whether the view's own pod declares a link of that uid on that interface. */
    private boolean isDeclaredBy(DeclaredLink view) {
        return declarations
                .own(view.local().pod(), view.local().ifname())
                .filter(own -> own.uid() == view.uid())
                .isPresent();
    }

    /** Completes the view with what only the other pod declares, such as an address. */
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
            return Optional.empty(); // the usual case
        }
        return disagreement(view)
                .or(() -> disagreement(mirrored))
                .map(Problem::toString)
                .or(() -> rival(view))
                .or(() -> view.isSelfLoop() ? Optional.empty() : rival(mirrored));
    }

    /** Whether the view's own pod declares exactly this link. */
    private boolean isDeclared(DeclaredLink view) {
        return declarations
                .own(view.local().pod(), view.uid())
                .filter(view::equals)
                .isPresent();
    }

    /**
     * How the peer's own list contradicts a link. Only declarations of that uid or that interface
     * can.
     */
    private Optional<Problem> disagreement(DeclaredLink view) {
        PodName peer = view.peer().pod();
        List<DeclaredLink> theirs = Stream.concat(
                        declarations.own(peer, view.uid()).stream(),
                        declarations.own(peer, view.peer().ifname()).stream())
                .toList();
        return TopologyCheck.disagreement(view, theirs);
    }

    /**
     * Another link that claims the interface. A pod's own declarations come before those of its
     * peers.
     */
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
                        "interface " + EndId.of(view.local()) + " is claimed by link " + other.uid() + " as well");
    }
}
