package io.meshnet.store.etcd;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: doubling from 100 ms to 5 s, of which the second half is random, so that
 * the nodes of a cluster do not come back in step. For one thread.
 */
final class Backoff {
    private static final long FIRST_MILLIS = 100;
    private static final long LAST_MILLIS = 5_000;

    private final RandomGenerator random;
    private long nextMillis = FIRST_MILLIS;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    Duration next() {
        long most = nextMillis;
        nextMillis = Math.min(2 * most, LAST_MILLIS);
        return Duration.ofMillis(most / 2 + random.nextLong(most / 2 + 1));
    }

    /** Begins anew, after a success. */
    void reset() {
        nextMillis = FIRST_MILLIS;
    }
}
