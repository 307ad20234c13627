package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.LinkEvent;
import io.meshnet.netlink.LinkMonitor;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.topology.PodName;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Watches what the kernel tells of all pods' devices, with one socket in the node's namespace and no hold on theirs, and has those
 * pods reconciled in which somebody else has changed a link. What it misses the periodic survey finds.
 */
public final class DriftWatch implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(DriftWatch.class.getName());

    /** Whoever changes one thing is likely to change another; the reconciler itself makes a link in several steps. */
    private static final Duration GATHERING = Duration.ofMillis(20);

    /** Changes that do not end are judged after so much time all the same. */
    private static final Duration PATIENCE = Duration.ofMillis(200);

    private static final Duration IDLE = Duration.ofMinutes(1);

    /** Before a monitor that failed is opened anew. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final NodeIdentity node;
    private final Cluster cluster;
    private final NetnsIds ids;
    private final Consumer<PodName> drifted;
    private final Runnable overflow;
    private final Thread thread;
    private final Map<PodName, Drift> noted = new HashMap<>();
    private LinkMonitor monitor;
    private boolean closed;

    private DriftWatch(NodeIdentity node, Cluster cluster, NetnsIds ids, Consumer<PodName> drifted, Runnable overflow) {
        this.node = node;
        this.cluster = cluster;
        this.ids = ids;
        this.drifted = drifted;
        this.overflow = overflow;
        this.thread = Thread.ofPlatform().name("drift").daemon().unstarted(this::run);
    }

    /**
     * Begins to watch, on a thread of its own.
     *
     * @param node this node
     * @param cluster topology and placements
     * @param ids of the pods' namespaces, as the reconciler notes them
     * @param drifted told of a pod that has to be reconciled; must be quick
     * @param overflow told when events were lost, so that every pod has to be looked at; must be quick
     */
    public static DriftWatch start(
            NodeIdentity node, Cluster cluster, NetnsIds ids, Consumer<PodName> drifted, Runnable overflow) {
        DriftWatch watch = new DriftWatch(node, cluster, ids, drifted, overflow);
        watch.thread.start();
        return watch;
    }

    private void run() {
        while (true) {
            try {
                Optional<LinkMonitor> opened = open();
                if (opened.isEmpty()) {
                    return;
                }
                watch(opened.get());
            } catch (InterruptedException _) {
                return;
            } catch (NetlinkException | IllegalStateException e) {
                if (isClosed()) {
                    return;
                }
                LOG.log(Level.ERROR, "changes by others are not seen at once at present: {0}", e.getMessage());
            }
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private synchronized Optional<LinkMonitor> open() {
        if (closed) {
            return Optional.empty();
        }
        if (monitor != null) {
            monitor.close();
        }
        monitor = LinkMonitor.openAll();
        return Optional.of(monitor);
    }

    /** Until the monitor is closed or fails. */
    private void watch(LinkMonitor opened) throws InterruptedException {
        while (!isClosed()) {
            List<LinkEvent> events = opened.poll(IDLE);
            if (!events.isEmpty()) {
                events.forEach(this::note);
                gather(opened);
                judge();
            }
        }
    }

    /** Asleep rather than waiting for more: to wake a thread costs whoever changes a link some microseconds, for each notification. */
    private void gather(LinkMonitor opened) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        boolean quiet = false;
        while (!quiet && System.nanoTime() < end && !isClosed()) {
            Thread.sleep(GATHERING);
            List<LinkEvent> events = opened.poll(Duration.ZERO);
            quiet = events.isEmpty();
            for (; !events.isEmpty() && !isClosed(); events = opened.poll(Duration.ZERO)) {
                events.forEach(this::note);
            }
        }
    }

    private void note(LinkEvent event) {
        switch (event) {
            case LinkEvent.Overflow _ -> overflow.run();
            case LinkEvent.NetnsGone(int netnsid) ->
                ids.pod(netnsid).ifPresent(pod -> {
                    ids.forget(pod);
                    drifted.accept(pod);
                });
            case LinkEvent.Changed(int netnsid, Link _) -> note(netnsid, event);
            case LinkEvent.Deleted(int netnsid, Link _) -> note(netnsid, event);
            case LinkEvent.AddressAdded(int netnsid, int _, InterfaceAddress _) -> note(netnsid, event);
            case LinkEvent.AddressDeleted(int netnsid, int _, InterfaceAddress _) -> note(netnsid, event);
        }
    }

    private void note(int netnsid, LinkEvent event) {
        ids.pod(netnsid)
                .ifPresent(pod -> noted.computeIfAbsent(pod, _ -> new Drift()).note(event));
    }

    private void judge() {
        Set<PodName> wrong = new HashSet<>();
        noted.forEach((pod, drift) -> drift.desired(cluster, node, pod)
                .filter(desired -> drift.isDrift(node, pod, desired))
                .ifPresent(_ -> wrong.add(pod)));
        noted.clear();
        wrong.forEach(drifted);
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Ends the thread, and waits until it has. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (monitor != null) {
                monitor.close();
            }
        }
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
