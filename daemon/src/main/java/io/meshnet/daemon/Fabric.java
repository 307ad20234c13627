package io.meshnet.daemon;

import io.meshnet.cni.CniException;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.reconciler.peer.PeerLinks;
import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Lock;

/**
 * One topology as this node takes part in it: publishes where its pods run, and has their links made. Safe for use by any thread.
 */
final class Fabric {

    private static final System.Logger LOG = System.getLogger(Fabric.class.getName());

    private final NodeIdentity node;
    private final NetnsTag tag;
    private final TopologyStore store;
    private final Cluster cluster;
    private final Reconciler reconciler;
    private final PeerLinks peerLinks;
    private final Attachments attachments;
    private final PeerDaemons peers;
    private final PodWiring wiring;
    private final BothEnds bothEnds;
    private final PodLocks locks = new PodLocks();
    private final Placing placing = new Placing();

    Fabric(
            NodeIdentity node,
            NetnsTag tag,
            TopologyStore store,
            Cluster cluster,
            Reconciler reconciler,
            PeerLinks peerLinks,
            Attachments attachments,
            PeerDaemons peers,
            Strangers strangers) {
        this.node = node;
        this.tag = tag;
        this.store = store;
        this.cluster = cluster;
        this.reconciler = reconciler;
        this.peerLinks = peerLinks;
        this.attachments = attachments;
        this.peers = peers;
        this.wiring = new PodWiring(reconciler);
        this.bothEnds = new BothEnds(reconciler, peerLinks, peers, strangers);
    }

    /** Begins to ask the store for a pod that is about to be attached. */
    StoreCall<PodRecord> read(PodName pod) {
        return StoreCall.begin(pod, () -> store.read(pod));
    }

    /**
     * Takes a new pod in: notes it, publishes where it runs, and has its links made. A pod of no topology is only noted, and needs no
     * store. When it fails, nothing of it is left.
     *
     * @param known what {@link #read} finds of the pod
     * @param patience how long to wait until every link whose peer is alive is up at both ends; empty to wait for this node's ends only
     */
    void attach(PodAttachment attachment, StoreCall<PodRecord> known, Optional<Duration> patience) throws CniException {
        attach(attachment, known);
        if (patience.isPresent()) {
            try {
                if (cluster.isInTopology(attachment.pod())) {
                    // Without the pod's lock: others may share it.
                    bothEnds.await(attachment.pod(), patience.get());
                }
            } catch (CniException | RuntimeException e) {
                discard(attachment);
                throw e;
            }
        }
    }

    private void attach(PodAttachment attachment, StoreCall<PodRecord> known) throws CniException {
        PodName pod = attachment.pod();
        Lock lock = locks.of(pod);
        lock.lock();
        try {
            attachments.put(attachment);
            cluster.forget(attachment.containerId());
            if (isWanted(pod, known)) {
                place(attachment);
            }
        } catch (IOException e) {
            discard(attachment);
            throw new CniException(CniException.IO_FAILURE, "pod " + pod + ": cannot note its attachment: " + e, "", e);
        } catch (CniException | RuntimeException e) {
            discard(attachment);
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the topology gives the pod links. The store is asked, since the topology may be as new as the pod. */
    private boolean isWanted(PodName pod, StoreCall<PodRecord> reading) throws CniException {
        try {
            PodRecord known = reading.get();
            if (!cluster.find(pod).orElse(PodRecord.unknown(pod)).saysSameAs(known)) {
                var _ = reconcile(cluster.put(known));
            }
            // What was read may be older than what the store has told meanwhile.
            if (cluster.find(pod).orElse(known).declaration() instanceof Declaration.Broken(String reason)) {
                throw new CniException(Codes.TOPOLOGY, "pod " + pod + ": its topology is broken: " + reason);
            }
            return cluster.isInTopology(pod);
        } catch (StoreException e) {
            if (cluster.isInTopology(pod)) {
                throw unreachable(pod, e);
            }
            LOG.log(Level.WARNING, "pod {0} is not known to have links; asked again later: {1}", pod, e.getMessage());
            return false;
        }
    }

    private void place(PodAttachment attachment) throws CniException {
        PodName pod = attachment.pod();
        Optional<Placement> before = cluster.find(pod).flatMap(PodRecord::placement);
        Placement placement = placement(attachment);
        Set<PodName> affected = new HashSet<>();
        Set<PodName> settled = new HashSet<>();
        PodStatus made;
        placing.begin(pod, placement);
        try {
            long revision = store.register(pod, placement);
            Optional<LocalPod> earlier = before.flatMap(old -> earlier(attachment, old));
            if (earlier.isPresent()) {
                wiring.release(earlier.get());
            }
            affected.addAll(cluster.place(pod, Optional.of(placement), revision));
            made = wiring.make(pod);
            settled.add(pod);
            settled.addAll(made.settledPeers());
        } catch (StoreException e) {
            throw unreachable(pod, e);
        } finally {
            // Those that had a tunnel to where it was before, or waited, note it now. Peers whose ends were made with
            // this pod's need not.
            affected.addAll(placing.end(pod));
            affected.removeAll(settled);
            var _ = reconcile(affected);
        }
        wiring.complete(pod, made);
        // Others are told once this end is reported in place.
        var _ = peers.tell(
                peerLinks.updates(pod).stream().filter(PeerUpdate::isFollower).toList());
    }

    /**
     * Takes in what the store says of a pod, and reconciles whom it concerns.
     *
     * @return the pods that it concerns
     */
    Set<PodName> take(PodRecord said) {
        boolean onlyPlaced =
                cluster.find(said.pod()).map(PodRecord::declaration).equals(Optional.of(said.declaration()));
        Set<PodName> affected = cluster.put(said);
        if (!onlyPlaced || !placing.defer(said, affected)) {
            var _ = reconcile(affected);
        }
        return affected;
    }

    /** Where an incarnation lives that was not taken away yet: its ports hold wires that the new one needs. */
    private Optional<LocalPod> earlier(PodAttachment attachment, Placement old) {
        boolean another = node.hosts(old)
                && !old.containerId().equals(attachment.containerId())
                && attachments
                        .at(old.netns())
                        .map(living -> living.containerId().equals(old.containerId()))
                        .orElse(true);
        return another
                ? attachments
                        .find(old.containerId())
                        .map(PodAttachment::local)
                        .or(() -> LocalPod.at(old, attachment.pod(), tag.read(old.netnsId())))
                : Optional.empty();
    }

    /** Takes back what a failed attachment left. */
    private void discard(PodAttachment attachment) {
        try {
            detach(attachment.gone());
        } catch (CniException e) {
            LOG.log(Level.ERROR, "pod {0}: not all of its failed ADD is undone: {1}", attachment.pod(), e.getMessage());
        }
    }

    /**
     * Lets a pod go: its placement, if it is still this incarnation's, and its links. That something is gone already is no error; a
     * store that cannot be reached is told when it can be.
     *
     * @param attachment with {@link PodAttachment#detached} set
     */
    void detach(PodAttachment attachment) throws CniException {
        PodName pod = attachment.pod();
        Lock lock = locks.of(pod);
        lock.lock();
        try {
            attachments.put(attachment);
            Set<PodName> neighbours = cluster.leave(pod, attachment.containerId());
            // The store is told while the kernel is at it.
            StoreCall<OptionalLong> told = unregister(attachment);
            release(attachment);
            var _ = reconcile(neighbours);
            withdraw(attachment, told);
        } catch (IOException e) {
            throw new CniException(CniException.IO_FAILURE, "pod " + pod + ": cannot note its detachment: " + e, "", e);
        } finally {
            lock.unlock();
        }
    }

    /** Deletes the ports of a pod, unless another container of the pod lives in the same namespace. */
    private void release(PodAttachment attachment) throws CniException {
        if (!attachments.isShared(attachment) && !attachment.netns().isEmpty()) {
            wiring.release(attachment.local());
        }
    }

    private StoreCall<OptionalLong> unregister(PodAttachment attachment) {
        PodName pod = attachment.pod();
        return StoreCall.begin(pod, () -> store.unregister(pod, attachment.containerId()));
    }

    private void withdraw(PodAttachment attachment, StoreCall<OptionalLong> told) throws IOException, CniException {
        PodName pod = attachment.pod();
        try {
            withdrawn(pod, told.get());
            attachments.remove(attachment.containerId());
            cluster.forget(attachment.containerId());
        } catch (StoreException e) {
            LOG.log(Level.WARNING, "pod {0}: its end is published later: {1}", pod, e.getMessage());
        }
    }

    /**
     * Reads anew where the peer of a link runs, since the peer's daemon may be ahead of the store's events.
     *
     * @param update what the peer's daemon says of the link
     */
    void refreshPeer(PodName pod, VtepUpdate update) {
        Optional<PodName> peer = peerLinks.peer(pod, update);
        if (peer.isEmpty()) {
            return;
        }
        try {
            var _ = reconcile(cluster.put(store.read(peer.get())));
        } catch (StoreException e) {
            LOG.log(
                    Level.WARNING,
                    "pod {0}: where its peer {1} runs is not read anew: {2}",
                    pod,
                    peer.get(),
                    e.getMessage());
        }
    }

    /**
     * Fails unless the pod, if it has links, is known to run here in that container, and every link whose peer runs is as it should be.
     * Changes nothing.
     */
    void check(PodName pod, String containerId) throws CniException {
        Optional<Placement> placement = cluster.find(pod).flatMap(PodRecord::placement);
        boolean here = placement.isPresent()
                && node.hosts(placement.get())
                && Set.of("", containerId).contains(placement.get().containerId());
        if (!here && cluster.isInTopology(pod)) {
            String instead = placement
                    .map(each -> "it runs in container " + each.containerId() + " on node " + each.node())
                    .orElse("that it runs is not published");
            throw new CniException(
                    Codes.WIRING, "pod " + pod + " has links, but not in container " + containerId + ": " + instead);
        }
        wiring.check(pod);
    }

    /**
     * Reconciles those of the pods that run here; there is nothing to do for the others.
     *
     * @return completes when all of them were looked at, whatever came of it
     */
    CompletableFuture<Void> reconcile(Collection<PodName> pods) {
        return CompletableFuture.allOf(pods.stream()
                .map(pod -> reconciler.reconcile(pod).exceptionally(failure -> {
                    LOG.log(Level.ERROR, "pod {0} is not reconciled: {1}", pod, failure.toString());
                    return null;
                }))
                .toArray(CompletableFuture<?>[]::new));
    }

    /**
     * Brings the store up to what happened while it could not be told, or while a pod had no links: publishes what is attached and
     * wanted, withdraws what is gone.
     */
    void settle(PodAttachment attachment) {
        PodName pod = attachment.pod();
        Lock lock = locks.of(pod);
        lock.lock();
        try {
            boolean current = attachments.find(attachment.containerId()).equals(Optional.of(attachment));
            if (current && attachment.detached()) {
                var _ = cluster.leave(pod, attachment.containerId());
                release(attachment);
                withdraw(attachment, unregister(attachment));
            } else if (current && isUnplaced(attachment)) {
                place(attachment);
            } else if (current && isSuperseded(attachment)) {
                release(attachment);
            }
        } catch (CniException | IOException | RuntimeException e) {
            LOG.log(Level.ERROR, "pod {0} is not settled: {1}", pod, e.toString());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether an attachment has links to get and its placement is not published, or not as it is: the node may have another name or
     * address by now, and anybody may have written there. Of several incarnations only the last counts.
     */
    boolean isUnplaced(PodAttachment attachment) {
        PodName pod = attachment.pod();
        Optional<Placement> published = cluster.find(pod).flatMap(PodRecord::placement);
        boolean wrong = published.isEmpty()
                || isNobodys(published.get())
                || (published.get().containerId().equals(attachment.containerId())
                        && !published.get().equals(placement(attachment)));
        return wrong && cluster.isInTopology(pod) && attachments.living(pod).equals(Optional.of(attachment));
    }

    /** Whether the pod lives elsewhere by now, or here in another container, and its runtime has not taken this one away yet. */
    boolean isSuperseded(PodAttachment attachment) {
        return attachment.living()
                && cluster.find(attachment.pod())
                        .flatMap(PodRecord::placement)
                        .filter(placement -> !placement.containerId().equals(attachment.containerId()))
                        .filter(placement -> !isNobodys(placement))
                        .isPresent();
    }

    /** Whether a placement says that a container runs here which no runtime attached. */
    private boolean isNobodys(Placement placement) {
        return node.hosts(placement)
                && attachments.find(placement.containerId()).isEmpty();
    }

    private Placement placement(PodAttachment attachment) {
        return new Placement(
                node.vtep(),
                attachment.netns(),
                attachment.containerId(),
                node.name(),
                attachment.identity().map(tag::write).orElse(""));
    }

    /** Withdraws a placement on this node if its namespace is gone, as all are after a reboot. */
    void withdrawGone(PodName pod) {
        Lock lock = locks.of(pod);
        lock.lock();
        try {
            Optional<Placement> placement =
                    cluster.find(pod).flatMap(PodRecord::placement).filter(node::hosts);
            String containerId = placement.map(Placement::containerId).orElse("");
            if (!containerId.isEmpty() && wiring.isGone(pod)) {
                LOG.log(
                        Level.INFO,
                        "pod {0}: {1} is gone, and so is the pod",
                        pod,
                        placement.get().netns());
                withdrawn(pod, store.unregister(pod, containerId));
                Optional<PodAttachment> lost = attachments.find(containerId).map(PodAttachment::lost);
                if (lost.isPresent()) {
                    attachments.put(lost.get());
                }
            }
        } catch (StoreException | IOException | CniException e) {
            LOG.log(Level.WARNING, "pod {0}: its end is published later: {1}", pod, e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    /** @param revision of the store without the placement; empty when it was not the container's */
    private void withdrawn(PodName pod, OptionalLong revision) throws StoreException {
        if (revision.isPresent()) {
            var _ = reconcile(cluster.place(pod, Optional.empty(), revision.getAsLong()));
        } else {
            // It was not this container's, or is not any more: what we know may be older than that.
            var _ = reconcile(cluster.put(store.read(pod)));
        }
    }

    private static CniException unreachable(PodName pod, StoreException e) {
        return new CniException(
                CniException.TRY_AGAIN_LATER, "pod " + pod + " has links to be made, but " + e.getMessage(), "", e);
    }
}
