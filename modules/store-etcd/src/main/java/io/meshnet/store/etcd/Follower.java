package io.meshnet.store.etcd;

import io.etcd.jetcd.watch.WatchEvent;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Listener;
import io.meshnet.topology.TopologyStore.Subscription;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A subscription: a thread that takes a snapshot, follows etcd from there, and begins again whenever it cannot. Every
 * round has a connection of its own, because gRPC waits ever longer, up to two minutes, before it tries a broken one
 * again.
 */
final class Follower implements Subscription {
    private static final Logger LOG = System.getLogger(Follower.class.getPackageName());
    /** A round that lasted this long was a success, so that the next failure is retried soon. */
    private static final Duration STABLE = Duration.ofSeconds(10);

    private final Supplier<Connection> connections;
    private final Interpreter interpreter;
    private final Listener listener;
    private final Duration closing;
    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;

    // Closing the subscription closes what the thread waits for. Both guarded by this.
    private Connection connection;
    private WatchStream stream;

    /** Of the thread alone: whether the listener knows that we cannot follow. */
    private boolean interrupted;
    /** Of the thread alone: the nodes that the listener was told last. */
    private Set<String> nodes = Set.of();

    private Follower(Supplier<Connection> connections, Interpreter interpreter, Listener listener, Duration closing) {
        this.connections = connections;
        this.interpreter = interpreter;
        this.listener = listener;
        this.closing = closing;
        this.thread = Thread.ofPlatform().name("etcd-watch").daemon().unstarted(this::run);
    }

    /**
     * Begins to follow.
     *
     * @param connections gives a new one at every call
     * @param closing how long {@link #close} waits for a listener's call to end
     */
    static Follower start(
            Supplier<Connection> connections, Interpreter interpreter, Listener listener, Duration closing) {
        var follower = new Follower(connections, interpreter, listener, closing);
        follower.thread.start();
        return follower;
    }

    /**
     * Ends the subscription. When it returns, no call of the listener is running unless it takes longer than the
     * deadline.
     */
    @Override
    public void close() {
        closed.countDown();
        synchronized (this) {
            if (stream != null) {
                stream.close();
            }
            if (connection != null) {
                connection.close();
            }
        }
        if (Thread.currentThread() != thread) {
            try {
                thread.join(closing);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void run() {
        try {
            while (!isClosed()) {
                long began = System.nanoTime();
                try {
                    round();
                } catch (StoreException e) {
                    interrupted(e);
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "following etcd failed, beginning again", e);
                    interrupted(new StoreException("following etcd: " + e, e));
                }
                if (System.nanoTime() - began > STABLE.toNanos()) {
                    backoff.reset();
                }
                if (closed.await(backoff.next().toNanos(), TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException _) {
            LOG.log(Level.DEBUG, "interrupted, no longer following etcd");
        }
    }

    /** One snapshot and what follows it; ends with the exception that ended it. */
    private void round() throws StoreException {
        try (Connection opened = connections.get()) {
            if (!use(opened, null)) {
                return;
            }
            Keyspace keys = opened.readAll(interpreter);
            long revision = keys.revision();
            try (WatchStream watch = WatchStream.open(opened, revision + 1)) {
                if (!use(opened, watch)) {
                    return;
                }
                Map<PodName, PodRecord> told = new HashMap<>(keys.records());
                interrupted = false;
                nodes = keys.nodes();
                tell(() -> listener.snapshot(Map.copyOf(told), nodes, revision));
                while (!isClosed()) {
                    for (List<WatchEvent> together : revisions(watch.next())) {
                        apply(together, keys, told);
                    }
                }
            }
        } finally {
            use(null, null);
        }
    }

    /** The events of each revision, in order. */
    private static Collection<List<WatchEvent>> revisions(List<WatchEvent> events) {
        return events.stream()
                .collect(Collectors.groupingBy(
                        event -> event.getKeyValue().getModRevision(), LinkedHashMap::new, Collectors.toList()))
                .values();
    }

    /**
     * Applies all events of a revision before any is told, so that what was written together is seen together. No pod is told on a node
     * before the node is, and no node's end before the pods that left it.
     */
    private void apply(List<WatchEvent> events, Keyspace keys, Map<PodName, PodRecord> told) {
        Set<PodName> touched = new LinkedHashSet<>();
        for (WatchEvent event : events) {
            var pod = event.getEventType() == WatchEvent.EventType.DELETE
                    ? keys.delete(event.getKeyValue().getKey())
                    : keys.put(event.getKeyValue());
            pod.ifPresent(touched::add);
            keys.advance(event.getKeyValue().getModRevision());
        }
        Set<String> alive = keys.nodes();
        var known = new HashSet<>(nodes);
        known.addAll(alive);
        tellNodes(known);
        for (PodName pod : touched) {
            PodRecord now = keys.record(pod);
            PodRecord before = now.isVoid() ? told.remove(pod) : told.put(pod, now);
            if (!now.saysSameAs(before == null ? PodRecord.unknown(pod) : before)) {
                tell(() -> listener.changed(now));
            }
        }
        tellNodes(alive);
    }

    private void tellNodes(Set<String> alive) {
        if (!alive.equals(nodes)) {
            nodes = Set.copyOf(alive);
            tell(() -> listener.nodes(nodes));
        }
    }

    private void interrupted(StoreException why) {
        if (!interrupted) {
            interrupted = true;
            tell(() -> listener.interrupted(why));
        }
    }

    // Whatever a listener throws is its own affair; the next call may well succeed, and without us nobody would make
    // it.
    private void tell(Runnable call) {
        if (isClosed()) {
            return;
        }
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a listener of the store failed", e);
        }
    }

    /** Notes what {@link #close} has to close; false if it was called already. */
    private synchronized boolean use(Connection used, WatchStream watched) {
        connection = used;
        stream = watched;
        return !isClosed();
    }

    private boolean isClosed() {
        return closed.getCount() == 0;
    }
}
