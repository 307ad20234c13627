package io.meshnet.store.etcd;

import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import io.meshnet.topology.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What happens to the keys from one revision on, until the first thing that goes wrong. Read by one thread; closed by
 * any, which wakes the reader.
 *
 * <p>jetcd would reopen a watch that fails. We do not let it, because only a new snapshot tells what was missed
 * meanwhile.
 */
final class WatchStream implements AutoCloseable {
    /** How long etcd may be silent before it is asked for a sign of life. */
    private static final Duration SILENCE = Duration.ofSeconds(2);

    private static final String WHAT = "watching all pods and nodes";

    private final Connection connection;
    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private final Watch.Watcher watcher;
    /** Whether etcd answers requests for progress, as it does since 3.4. */
    private boolean answersProgress;

    private sealed interface Signal {}

    private record Received(WatchResponse response) implements Signal {}

    private record Failed(Throwable cause) implements Signal {}

    private record Ended() implements Signal {}

    private WatchStream(Connection connection, long revision) {
        this.connection = connection;
        var option = WatchOption.builder()
                .isPrefix(true)
                .withRevision(revision)
                .withRequireLeader(true)
                .build();
        this.watcher = connection
                .client()
                .getWatchClient()
                .watch(
                        Connection.bytes("/"),
                        option,
                        Watch.listener(
                                response -> signals.add(new Received(response)),
                                cause -> signals.add(new Failed(cause)),
                                () -> signals.add(new Ended())));
    }

    /** Watches the keys of all pods from a revision on, that one included. */
    static WatchStream open(Connection connection, long revision) throws StoreException {
        try {
            return new WatchStream(connection, revision);
        } catch (RuntimeException e) {
            throw connection.failure(WHAT, e);
        }
    }

    /**
     * The next events, in order, never some of a revision without the others: etcd sends a revision in one message
     * unless asked for fragments.
     *
     * @throws StoreException when there will be no more: connection lost, revision compacted, stream ended or closed
     */
    List<WatchEvent> next() throws StoreException {
        while (true) {
            Signal signal = await(SILENCE);
            if (signal == null) {
                signal = askForProgress();
            }
            switch (signal) {
                case null -> connection.probe();
                case Failed(Throwable cause) -> throw connection.failure(WHAT, cause);
                case Ended() -> throw connection.failure(WHAT, new IllegalStateException("etcd ended the watch"));
                case Received(WatchResponse response) -> {
                    if (!response.getEvents().isEmpty()) {
                        return response.getEvents();
                    }
                }
            }
        }
    }

    @Override
    public void close() {
        signals.add(new Ended());
        watcher.close();
    }

    /** Returns what came; null if nothing did and this etcd may be too old to answer. */
    private Signal askForProgress() throws StoreException {
        try {
            watcher.requestProgress();
        } catch (RuntimeException e) {
            throw connection.failure(WHAT, e);
        }
        Signal signal = await(connection.deadline());
        if (signal instanceof Received(WatchResponse response) && response.isProgressNotify()) {
            answersProgress = true;
        }
        if (signal == null && answersProgress) {
            throw connection.failure(
                    WHAT,
                    new IllegalStateException("no sign of life for "
                            + SILENCE.plus(connection.deadline()).toMillis() + " ms"));
        }
        return signal;
    }

    private Signal await(Duration atMost) throws StoreException {
        try {
            return signals.poll(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw connection.failure(WHAT, e);
        }
    }
}
