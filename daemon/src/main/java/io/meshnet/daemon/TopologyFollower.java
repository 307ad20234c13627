package io.meshnet.daemon;

import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore;
import io.meshnet.wiring.Cluster;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Follows a fabric's store: keeps the cluster current, and has reconciled what an event may concern. */
final class TopologyFollower implements TopologyStore.Listener {

    private static final System.Logger LOG = System.getLogger(TopologyFollower.class.getName());

    private final String endpoints;
    private final Cluster cluster;
    private final Fabric fabric;
    private final Supplier<List<PodAttachment>> attachments;
    private final Executor background;
    private volatile boolean following;
    private volatile boolean reconciled;

    /**
     * @param endpoints of the store, for the log
     * @param attachments what is attached to this node and to this topology
     * @param background for what takes longer than a listener may
     */
    TopologyFollower(
            String endpoints,
            Cluster cluster,
            Fabric fabric,
            Supplier<List<PodAttachment>> attachments,
            Executor background) {
        this.endpoints = endpoints;
        this.cluster = cluster;
        this.fabric = fabric;
        this.attachments = attachments;
        this.background = background;
    }

    /** Whether changes are followed at present, and all pods of this node were reconciled with what is known. */
    boolean isCurrent() {
        return following && reconciled;
    }

    @Override
    public void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision) {
        LOG.log(Level.INFO, "{0}: following {1} pods", endpoints, pods.size());
        Collection<PodName> affected = cluster.replaceAll(pods, revision);
        following = true;
        var _ = fabric.reconcile(affected).thenRun(() -> reconciled = true);
        settle(attachments.get());
    }

    @Override
    public void changed(PodRecord pod) {
        Set<PodName> affected = cluster.put(pod);
        var _ = fabric.reconcile(affected);
        settle(attachments.get().stream()
                .filter(attachment -> affected.contains(attachment.pod()))
                .filter(attachment -> isPending(attachment) || fabric.isSuperseded(attachment))
                .toList());
    }

    @Override
    public void nodes(Set<String> alive) {}

    /** Tries again what the store could not be told. Does nothing while the store is not followed: a snapshot will come. */
    void retry() {
        if (following) {
            settle(attachments.get().stream().filter(this::isPending).toList());
        }
    }

    /** Reconciles everything on this node, whatever was or was not told. */
    void resync() {
        var _ = fabric.reconcile(cluster.all().stream().map(PodRecord::pod).toList());
    }

    private boolean isPending(PodAttachment attachment) {
        return attachment.detached() || fabric.isUnplaced(attachment);
    }

    @Override
    public void interrupted(StoreException why) {
        following = false;
        LOG.log(Level.WARNING, "{0}: not followed at present: {1}", endpoints, why.getMessage());
    }

    private void settle(Collection<PodAttachment> some) {
        for (PodAttachment attachment : some) {
            background.execute(() -> fabric.settle(attachment));
        }
    }
}
