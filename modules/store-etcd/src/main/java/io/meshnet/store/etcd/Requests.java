package io.meshnet.store.etcd;

import io.meshnet.topology.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The connection that single requests share. One that failed is replaced, because gRPC waits ever longer, up to two minutes, before it
 * tries a broken one again; and as it answers with its last failure meanwhile, what it refused is asked once more of its successor. Safe
 * for use by any thread.
 */
final class Requests implements AutoCloseable {
    /** gRPC's own first wait: as long as this it tries again by itself. */
    private static final Duration YOUNG = Duration.ofSeconds(1);

    private final Supplier<Connection> connections;

    // Guarded by this, both.
    private Connection current;
    private boolean closed;

    Requests(Supplier<Connection> connections) {
        this.connections = connections;
    }

    /** Something to do with a connection. */
    interface Request<T> {
        T make(Connection connection) throws StoreException;
    }

    /** Makes a request, which may be made twice. Fails at once where the connection is too young to be replaced. */
    <T> T make(Request<T> request) throws StoreException {
        Connection connection = connection();
        try {
            return request.make(connection);
        } catch (StoreException e) {
            if (saysNothingOfConnection(e) || !replace(connection) || isUnanswered(e)) {
                throw e;
            }
        }
        return request.make(connection());
    }

    /**
     * Makes a request, which may be made several times, until it succeeds or fails on a connection opened since: a refusal by one that is
     * older may tell of an etcd that is back by now. Waits for a young one to become old enough to be replaced.
     */
    <T> T insist(Request<T> request) throws StoreException {
        long beganNanos = System.nanoTime();
        while (true) {
            Connection connection = connection();
            try {
                return request.make(connection);
            } catch (StoreException e) {
                if (saysNothingOfConnection(e) || connection.openedNanos() - beganNanos > 0) {
                    throw e;
                }
                if (isUnanswered(e)) {
                    replace(connection);
                    throw e;
                }
                awaitReplaced(connection, e);
            }
        }
    }

    private static boolean isUnanswered(StoreException e) {
        return e.getCause() instanceof TimeoutException;
    }

    private static boolean saysNothingOfConnection(StoreException e) {
        return e.getCause() instanceof InterruptedException || Connection.isNotFound(e);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (current != null) {
            current.close();
            current = null;
        }
    }

    private synchronized Connection connection() throws StoreException {
        if (closed) {
            throw new StoreException("the store is closed", null);
        }
        if (current == null) {
            current = connections.get();
        }
        return current;
    }

    private void awaitReplaced(Connection failed, StoreException failure) throws StoreException {
        try {
            while (!replace(failed)) {
                TimeUnit.NANOSECONDS.sleep(youngForNanos(failed));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw failure;
        }
    }

    private static long youngForNanos(Connection connection) {
        return connection.openedNanos() + YOUNG.toNanos() - System.nanoTime();
    }

    /** Gives up a connection that failed; false if it is too young to be the reason. */
    private synchronized boolean replace(Connection failed) {
        if (current == failed && youngForNanos(failed) <= 0) {
            current = null;
            // What other threads have in flight there may still succeed, or fails by its deadline.
            CompletableFuture.delayedExecutor(failed.deadline().toNanos(), TimeUnit.NANOSECONDS)
                    .execute(failed::close);
        }
        return current != failed;
    }
}
