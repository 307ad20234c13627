package io.meshnet.cni;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps calls for one container apart. A runtime does not overlap them, but it kills a plugin that takes too long, and then sends the
 * DEL while the ADD is still at work here. Calls for different containers never wait for each other. Safe for use by any thread.
 */
final class ContainerLocks {

    /** Ends a turn, on the thread that took it. */
    interface Turn extends AutoCloseable {
        @Override
        void close();
    }

    /** A lock and how many have or want it; the latter changes only within the map's own operations. */
    private static final class Queue {
        private final ReentrantLock lock = new ReentrantLock(true);
        private int users;
    }

    private final ConcurrentMap<String, Queue> queues = new ConcurrentHashMap<>();

    /** Waits until every call that came before has ended. */
    Turn take(String containerId) {
        Queue queue = queues.compute(containerId, (_, known) -> {
            Queue joined = known == null ? new Queue() : known;
            joined.users++;
            return joined;
        });
        queue.lock.lock();
        return () -> {
            queue.lock.unlock();
            queues.compute(containerId, (_, left) -> --queue.users == 0 ? null : left);
        };
    }
}
