package io.meshnet.reconciler.kernel;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Waits for what becomes true by itself: generously, since only a fault makes anyone wait to the
 * end.
 */
final class Eventually {

    private static final Duration GENEROUS = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(10);

    private Eventually() {}

    static void eventually(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > GENEROUS.toNanos()) {
                throw new AssertionError("never: " + what);
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
    }
}
