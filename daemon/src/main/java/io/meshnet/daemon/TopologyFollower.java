package io.meshnet.daemon;

import io.meshnet.reconciler.state.Cluster;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;

/** Follows a fabric's store: keeps the cluster current, and has reconciled what an event may concern. */
final class TopologyFollower implements TopologyStore.Listener {

    private static final System.Logger LOG = System.getLogger(TopologyFollower.class.getName());

    private final String endpoints;
    private final Cluster cluster;
    private final Fabric fabric;
    private final Strangers strangers;
    private final FabricAttachments attachments;
    private final Executor background;

    /** The pods whose lists are broken, and why; of the store's thread alone. */
    private final Map<PodName, String> broken = new HashMap<>();

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
            Strangers strangers,
            FabricAttachments attachments,
            Executor background) {
        this.endpoints = endpoints;
        this.cluster = cluster;
        this.fabric = fabric;
        this.strangers = strangers;
        this.attachments = attachments;
        this.background = background;
    }

    /** Whether changes are followed at present, and all pods of this node were reconciled with what is known. */
    boolean isCurrent() {
        return following && reconciled;
    }

    @Override
    public void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision) {
        LOG.log(Level.INFO, "{0}: following {1} pods and {2} nodes", endpoints, pods.size(), nodes.size());
        pods.values().forEach(strangers::saw);
        Collection<PodName> affected = cluster.replaceAll(pods, nodes, revision);
        following = true;
        pods.values().forEach(this::complain);
        var _ = fabric.reconcile(affected).thenRun(() -> reconciled = true);
        settle(attachments.all());
    }

    @Override
    public void changed(PodRecord pod) {
        complain(pod);
        strangers.saw(pod);
        settle(fabric.take(pod).stream()
                .flatMap(one -> attachments.of(one).stream())
                .filter(attachment -> isPending(attachment) || fabric.isSuperseded(attachment))
                .toList());
    }

    /** Tells once that a list is broken, and once that it no longer is. */
    private void complain(PodRecord pod) {
        if (pod.declaration() instanceof Declaration.Broken(String reason)) {
            if (!reason.equals(broken.put(pod.pod(), reason))) {
                LOG.log(
                        Level.WARNING,
                        "pod {0}: its links stay as they are, its list is broken: {1}",
                        pod.pod(),
                        reason);
            }
        } else if (broken.remove(pod.pod()) != null) {
            LOG.log(Level.INFO, "pod {0}: its list of links is no longer broken", pod.pod());
        }
    }

    @Override
    public void nodes(Set<String> alive) {
        LOG.log(Level.INFO, "{0}: alive are the nodes {1}", endpoints, String.join(", ", new TreeSet<>(alive)));
        var _ = fabric.reconcile(cluster.nodes(alive));
    }

    /** Tries again what the store could not be told. Does nothing while the store is not followed: a snapshot will come. */
    void retry() {
        if (following) {
            settle(attachments.all().stream().filter(this::isPending).toList());
        }
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
