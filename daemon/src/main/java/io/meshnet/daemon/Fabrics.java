package io.meshnet.daemon;

import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.NetnsId;
import io.meshnet.store.etcd.Endpoints;
import io.meshnet.store.etcd.EtcdStore;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.TopologyStore;
import io.meshnet.wiring.Cluster;
import io.meshnet.wiring.KernelThread;
import io.meshnet.wiring.NodeIdentity;
import io.meshnet.wiring.Outcome;
import io.meshnet.wiring.Reconciler;
import io.meshnet.wiring.VtepUpdate;
import io.meshnet.wiring.WiringException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The topologies that this node takes part in, by the endpoints of their stores: the daemon's own, and those that a CNI configuration
 * named with {@code etcd_host}. Safe for use by any thread.
 */
final class Fabrics implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Fabrics.class.getName());

    /** How long one request to a store may take. */
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    /** How soon a store is told again what it could not be told. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** How often everything is reconciled though nothing was told: the net below events that got lost. */
    private static final Duration RESYNC = Duration.ofSeconds(30);

    /** A fabric and what has to be closed with it. */
    private record Running(
            Fabric fabric,
            Reconciler reconciler,
            TopologyFollower follower,
            FollowUp followUp,
            TopologyStore store,
            TopologyStore.Subscription subscription) {

        void close() {
            subscription.close();
            followUp.close();
            store.close();
        }
    }

    private final NodeIdentity node;
    private final KernelThread kernel;
    private final Attachments attachments;
    private final PeerDaemons peers;
    private final Endpoints own;
    private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("resync").daemon().factory());
    private final Map<Endpoints, Running> running = new LinkedHashMap<>();

    Fabrics(NodeIdentity node, KernelThread kernel, Attachments attachments, PeerDaemons peers, Endpoints own) {
        this.node = node;
        this.kernel = kernel;
        this.attachments = attachments;
        this.peers = peers;
        this.own = own;
    }

    /** Starts the daemon's own fabric, and those that pods of this node were attached to before the daemon was restarted. */
    void start() {
        running(own);
        attachments.all().forEach(attachment -> running(Endpoints.parse(attachment.etcd())));
        every(RETRY, TopologyFollower::retry);
        every(RESYNC, TopologyFollower::resync);
    }

    private void every(Duration period, Consumer<TopologyFollower> work) {
        long nanos = period.toNanos();
        var _ = timer.scheduleWithFixedDelay(() -> tick(work), nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /** A period's work; its failure must not end the periods. */
    private void tick(Consumer<TopologyFollower> work) {
        for (Running each : all()) {
            try {
                work.accept(each.follower());
            } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, "periodic work failed, and is tried again", e);
            }
        }
    }

    private synchronized List<Running> all() {
        return List.copyOf(running.values());
    }

    /** The fabric of a store, started when it is first asked for. */
    Fabric fabric(Endpoints endpoints) {
        return running(endpoints).fabric();
    }

    /** The endpoints that the daemon itself is configured with. */
    Endpoints own() {
        return own;
    }

    /** Whether the daemon's own store is reachable and its first reconciliation done. */
    boolean isReady() {
        return isReady(own);
    }

    /** The same of another store. */
    boolean isReady(Endpoints endpoints) {
        return running(endpoints).follower().isCurrent();
    }

    /**
     * Does what a peer's daemon asks for, in the fabric that the pod is of, or in the daemon's own.
     *
     * @return as {@link Reconciler#apply}
     */
    CompletableFuture<Void> apply(VtepUpdate update) {
        return kernel.submit(_ -> attachment(update.netns())).thenCompose(attachment -> {
            if (attachment.isEmpty()) {
                return running(own).reconciler().apply(update);
            }
            PodAttachment pod = attachment.get();
            if (pod.ifname().equals(update.ifname())) {
                throw new WiringException(
                        "link_name " + update.ifname() + " is what the delegate made for pod " + pod.pod());
            }
            return running(Endpoints.parse(pod.etcd())).reconciler().apply(update.in(Path.of(pod.netns())));
        });
    }

    /** Whose namespace a path leads to, whichever way it is spelt. For the kernel thread. */
    private Optional<PodAttachment> attachment(Path netns) {
        try (Netns open = Netns.open(netns)) {
            Optional<NetnsId> identity = Optional.of(open.id());
            return attachments.all().stream()
                    .filter(each -> !each.detached() && each.identity().equals(identity))
                    .max(Comparator.comparingLong(PodAttachment::since));
        } catch (NetlinkException e) {
            return attachments.at(netns.toString());
        }
    }

    private synchronized Running running(Endpoints endpoints) {
        return running.computeIfAbsent(resolved(endpoints), this::run);
    }

    /** Members of the daemon's own cluster name that cluster. */
    private Endpoints resolved(Endpoints endpoints) {
        return own.members().containsAll(endpoints.members()) ? own : endpoints;
    }

    private Running run(Endpoints endpoints) {
        Cluster cluster = new Cluster();
        attachments.all().stream()
                .filter(PodAttachment::detached)
                .forEach(gone -> cluster.leave(gone.pod(), gone.containerId()));
        FollowUp followUp = new FollowUp();
        TopologyStore store = EtcdStore.connect(endpoints, DEADLINE);
        Function<PodName, Optional<NetnsId>> identities =
                pod -> cluster.find(pod).flatMap(PodRecord::placement).flatMap(this::identity);
        var reconciler = new Reconciler(node, cluster, kernel, identities);
        Fabric fabric = new Fabric(node, store, cluster, reconciler, attachments, peers);
        reconciler.listen(outcome -> {
            followUp.take(outcome, pod -> {
                var _ = reconciler.reconcile(pod);
            });
            if (outcome.presence() == Outcome.Presence.NETNS_GONE) {
                background.execute(() -> fabric.withdrawGone(outcome.pod()));
            }
        });
        TopologyFollower follower = new TopologyFollower(
                endpoints.toString(),
                cluster,
                fabric,
                () -> attachments.all().stream()
                        .filter(each -> resolved(Endpoints.parse(each.etcd())).equals(endpoints))
                        .toList(),
                background);
        return new Running(fabric, reconciler, follower, followUp, store, store.subscribe(follower));
    }

    private Optional<NetnsId> identity(Placement placement) {
        return attachments.find(placement.containerId()).flatMap(PodAttachment::identity);
    }

    @Override
    public synchronized void close() {
        timer.shutdownNow();
        all().forEach(Running::close);
        running.clear();
        background.shutdownNow();
    }
}
