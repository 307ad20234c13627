package io.meshnet.reconciler.peer;

import io.meshnet.reconciler.Reconciler;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.DesiredLinks;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkException;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Updates between the daemons of two nodes about the links between them ({@code PUT /vtep}). Both
 * daemons see the same in the store; an update is for speed, and for nodes of legacy meshnet
 * (networkop/meshnet-cni), which do not watch the store. Safe for use by any thread.
 */
public final class PeerLinks {

    private final NodeIdentity node;
    private final Cluster cluster;
    private final Reconciler reconciler;
    private final boolean isInsecure;

    /**
     * @param node this node
     * @param cluster topology and placements
     * @param reconciler of the same two
     * @param isInsecure whether updates are taken for links that no topology has, as legacy meshnet does
     */
    public PeerLinks(NodeIdentity node, Cluster cluster, Reconciler reconciler, boolean isInsecure) {
        this.node = node;
        this.cluster = cluster;
        this.reconciler = reconciler;
        this.isInsecure = isInsecure;
    }

    /**
     * The updates with which the daemons of other nodes connect their ends of a pod's links at
     * once.
     */
    public List<PeerUpdate> updates(PodName pod) {
        List<PeerUpdate> updates = new ArrayList<>();
        for (DesiredLink each : DesiredLinks.leavingNode(cluster, node, pod).orElse(List.of())) {
            if (each.wire() instanceof DesiredLink.ToNode(var remote)) {
                PodLink link = each.link();
                LinkEnd far = link.opposite(each.local());
                Optional<Placement> placement = cluster.find(far.pod()).flatMap(PodRecord::placement);
                placement.flatMap(LocalPod::path).ifPresent(netns -> {
                    VtepUpdate update = new VtepUpdate(netns, far.ifname(), far.address(), node.vtep(), link.vni());
                    boolean follows = !placement.get().node().isEmpty();
                    updates.add(new PeerUpdate(link, far.pod(), remote, follows, update));
                });
            }
        }
        return updates;
    }

    /** The pod at the other end of the link that an update is about, as the topology has it; empty when it has no such link. */
    public Optional<PodName> peer(PodName pod, VtepUpdate update) {
        return governing(pod, update)
                .map(desired -> desired.link().opposite(desired.local()).pod());
    }

    /**
     * Reconciles the pod that an update is about, if the topology has the link.
     *
     * @param pod the pod in whose namespace the update wants an interface; a runtime attached it to this node
     * @return completes when the link is in place; fails with a {@link RefusedUpdateException} when the update is about no link of the
     *     pod, and with a {@link LinkException} when the link is not in place
     */
    public CompletableFuture<Void> apply(LocalPod pod, VtepUpdate update) {
        Optional<DesiredLink> governing = governing(pod.pod(), update);
        if (governing.isEmpty()) {
            return isInsecure && !isForeseen(pod.pod(), update) && !isOfTopology(update.vni())
                    ? reconciler.makeUnforeseen(
                            pod, new EndId(pod.pod(), update.ifname()), update.address(), update.vni(), update.remote())
                    : CompletableFuture.failedFuture(new RefusedUpdateException(
                            "no link of pod " + pod.pod() + " has the interface " + update.ifname() + " and VNI "
                                    + update.vni() + "; the topology decides, nothing is changed"));
        }
        PodLink link = governing.get().link();
        return reconciler.reconcile(pod.pod()).thenAccept(status -> requireInPlace(status, link));
    }

    private Optional<DesiredLink> governing(PodName pod, VtepUpdate update) {
        return DesiredLinks.of(cluster, node, pod).stream()
                .flatMap(List::stream)
                .filter(each -> each.local().ifname().equals(update.ifname()))
                .filter(each -> each.link().vni() == update.vni())
                .findFirst();
    }

    /** Whether the topology has another use for the interface. */
    private boolean isForeseen(PodName pod, VtepUpdate update) {
        return DesiredLinks.of(cluster, node, pod).stream()
                .flatMap(List::stream)
                .anyMatch(each -> each.local().ifname().equals(update.ifname()));
    }

    /** Whether a link of the topology has that VNI, whichever its pods. */
    private boolean isOfTopology(int vni) {
        return !cluster.declared(vni - DeclaredLink.VNI_BASE).isEmpty();
    }

    private static void requireInPlace(PodStatus status, PodLink link) {
        if (status.presence() != PodStatus.Presence.PRESENT) {
            throw new RefusedUpdateException(link + ": pod " + status.pod() + " does not run on this node any more");
        }
        status.links().stream()
                .filter(each -> each.link().id().equals(link.id()))
                .filter(each -> each.phase() != LinkStatus.Phase.IN_PLACE)
                .findFirst()
                .ifPresent(each -> {
                    throw new LinkException(link + ": " + each.reason());
                });
    }
}
