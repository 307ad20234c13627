package io.meshnet.store.etcd;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: doubling from 100 ms to 5 s, or less if asked, of which the second half is random, so that
 * the nodes of a cluster do not come back in step. For one thread.
 */
final class Backoff {
    private static final long FIRST_MILLIS = 100;
    private static final long LAST_MILLIS = 5_000;

    private final RandomGenerator random;
    private final long lastMillis;
    private long nextMillis;

    Backoff(RandomGenerator random) {
        this(random, Duration.ofMillis(LAST_MILLIS));
    }

    /** @param atMost what no wait is longer than, at least a millisecond */
    Backoff(RandomGenerator random, Duration atMost) {
        this.random = random;
        this.lastMillis = Math.clamp(atMost.toMillis(), 1, LAST_MILLIS);
        reset();
    }

    Duration next() {
        long most = nextMillis;
        nextMillis = Math.min(2 * most, lastMillis);
        return Duration.ofMillis(most / 2 + random.nextLong(most / 2 + 1));
    }

    /** Begins anew, after a success. */
    void reset() {
        nextMillis = Math.min(FIRST_MILLIS, lastMillis);
    }
}
