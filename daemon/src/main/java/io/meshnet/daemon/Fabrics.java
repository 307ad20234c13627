package io.meshnet.daemon;

import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.NetnsId;
import io.meshnet.reconciler.KernelThread;
import io.meshnet.reconciler.NodeInspection;
import io.meshnet.reconciler.PatchNamespace;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.reconciler.peer.PeerLinks;
import io.meshnet.reconciler.peer.RefusedUpdateException;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.store.etcd.Endpoints;
import io.meshnet.store.etcd.EtcdStore;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.TopologyStore;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

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

    /** A fabric and what has to be closed with it. */
    private record Running(
            Fabric fabric,
            PeerLinks peerLinks,
            TopologyFollower follower,
            Report report,
            Resync resync,
            Retries retries,
            Reconciler reconciler,
            TopologyStore store,
            TopologyStore.Announcement announcement,
            TopologyStore.Subscription subscription) {

        void close() {
            announcement.close();
            subscription.close();
            reconciler.close();
            retries.close();
            store.close();
        }
    }

    private final NodeIdentity node;
    private final NetnsTag tag;
    private final KernelThread kernel;
    private final Attachments attachments;
    private final PeerDaemons peers;
    private final Configuration configuration;
    private final PatchNamespace patch;
    private final Endpoints own;
    private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("resync").daemon().factory());
    private final Map<Endpoints, Running> running = new LinkedHashMap<>();

    Fabrics(
            NodeIdentity node,
            NetnsTag tag,
            KernelThread kernel,
            Attachments attachments,
            PeerDaemons peers,
            PatchNamespace patch,
            Configuration configuration) {
        this.node = node;
        this.tag = tag;
        this.kernel = kernel;
        this.attachments = attachments;
        this.peers = peers;
        this.patch = patch;
        this.configuration = configuration;
        this.own = configuration.etcd();
    }

    /** Starts the daemon's own fabric, and those that pods of this node were attached to before the daemon was restarted. */
    void start() {
        running(own);
        attachments.all().forEach(attachment -> running(Endpoints.parse(attachment.etcd())));
        every(RETRY, each -> each.follower().retry());
        every(configuration.resync(), each -> each.resync().run());
        long nanos = configuration.resync().toNanos();
        var _ = timer.scheduleWithFixedDelay(this::inspectPatch, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Looks at the patch namespace. Ports of pods that are no pods of this node any more are deleted there, so that all topologies have
     * to be known before: a pod may be known by its placement alone.
     */
    private void inspectPatch() {
        List<Running> all = all();
        if (!all.stream().allMatch(each -> each.follower().isCurrent())) {
            return;
        }
        var _ = patch.inspect(this::living).exceptionally(failure -> {
            LOG.log(Level.ERROR, "the patch namespace is not inspected: {0}", failure.toString());
            return Set.of();
        });
    }

    /** The numbers of the namespaces of all pods of this node. */
    private Set<Integer> living() {
        Set<Integer> living = new HashSet<>();
        attachments.all().stream()
                .filter(attachment -> !attachment.detached())
                .flatMapToInt(attachment -> attachment.local().group().stream())
                .forEach(living::add);
        all().forEach(each -> living.addAll(each.reconciler().groups()));
        return living;
    }

    private void every(Duration period, Consumer<Running> work) {
        long nanos = period.toNanos();
        var _ = timer.scheduleWithFixedDelay(() -> tick(work), nanos, nanos, TimeUnit.NANOSECONDS);
    }

    /** A period's work; its failure must not end the periods. */
    private void tick(Consumer<Running> work) {
        for (Running each : all()) {
            try {
                work.accept(each);
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

    /** Accounts of all fabrics, the daemon's own first. */
    List<Report> reports() {
        return all().stream().map(Running::report).toList();
    }

    /**
     * Takes a peer's update as a reason to look. Nothing is done for a namespace that no runtime attached to this node.
     *
     * @return as {@link PeerLinks#apply}
     */
    CompletableFuture<Void> apply(VtepUpdate update) {
        return kernel.submit(_ -> attachment(update.netns())).thenCompose(attachment -> {
            PodAttachment pod = attachment.orElseThrow(() -> new RefusedUpdateException("net_ns "
                    + Excerpt.of(update.netns().toString()) + " is no namespace that a runtime attached to this node"));
            if (pod.ifname().equals(update.ifname())) {
                throw new RefusedUpdateException(
                        "link_name " + update.ifname() + " is what the delegate made for pod " + pod.pod());
            }
            Running topology = running(Endpoints.parse(pod.etcd()));
            return CompletableFuture.runAsync(() -> topology.fabric().refreshPeer(pod.pod(), update), background)
                    .thenCompose(_ -> topology.peerLinks().apply(pod.local(), update));
        });
    }

    /** Whose namespace a path leads to, whichever way it is spelt. For the kernel thread. */
    private Optional<PodAttachment> attachment(Path netns) {
        try (Netns open = Netns.open(netns)) {
            Optional<NetnsId> identity = Optional.of(open.id());
            return attachments.all().stream()
                    .filter(each -> each.living() && each.identity().equals(identity))
                    .max(Comparator.comparingLong(PodAttachment::since));
        } catch (NetlinkException e) {
            return Optional.empty();
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
        TopologyStore store = EtcdStore.connect(endpoints, DEADLINE);
        var reconciler = new Reconciler(node, cluster, kernel, patch, pod -> noted(cluster, pod));
        PeerLinks peerLinks = new PeerLinks(node, cluster, reconciler, configuration.isInsecure());
        Strangers strangers = new Strangers(peerLinks, peers, System::nanoTime);
        Fabric fabric = new Fabric(node, tag, store, cluster, reconciler, peerLinks, attachments, peers, strangers);
        LinkLog log = new LinkLog();
        Retries retries = new Retries(pod -> reconcile(fabric, pod));
        reconciler.listen(outcome -> {
            Set<PodLink> arrived = log.take(outcome);
            retries.take(outcome);
            if (!arrived.isEmpty()) {
                background.execute(() -> strangers.tell(outcome.pod(), arrived));
            }
            if (outcome.presence() == PodStatus.Presence.NETNS_GONE) {
                background.execute(() -> fabric.withdrawGone(outcome.pod()));
            }
        });
        NodeInspection inspection = new NodeInspection(node, reconciler);
        Resync resync = new Resync(inspection, fabric);
        FabricAttachments mine = new FabricAttachments(
                attachments, each -> resolved(Endpoints.parse(each.etcd())).equals(endpoints));
        TopologyFollower follower =
                new TopologyFollower(endpoints.toString(), cluster, fabric, strangers, mine, background);
        return new Running(
                fabric,
                peerLinks,
                follower,
                new Report(node, cluster, inspection, log),
                resync,
                retries,
                reconciler,
                store,
                store.announce(node.name(), node.vtep(), configuration.timeToLive()),
                store.subscribe(follower));
    }

    private static void reconcile(Fabric fabric, PodName pod) {
        var _ = fabric.reconcile(Set.of(pod));
    }

    /**
     * Where a pod of this node is. What a runtime said of it counts more than what is written in the store, where anybody may write; a
     * container that no runtime attached is taken for the one that lives.
     */
    private Optional<LocalPod> noted(Cluster cluster, PodName pod) {
        return cluster.find(pod)
                .flatMap(PodRecord::placement)
                .flatMap(placement -> attachments
                        .find(placement.containerId())
                        .or(() -> attachments.living(pod))
                        .map(PodAttachment::local)
                        .or(() -> LocalPod.at(placement, pod, tag.read(placement.netnsId()))));
    }

    @Override
    public synchronized void close() {
        timer.shutdownNow();
        all().forEach(Running::close);
        running.clear();
        background.shutdownNow();
    }
}
