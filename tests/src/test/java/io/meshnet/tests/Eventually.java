package io.meshnet.tests;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/** Waits for what becomes true by itself: generously, since only a fault makes anyone wait to the end. */
final class Eventually {
    private static final Duration GENEROUS = Duration.ofSeconds(90);
    private static final Duration POLL = Duration.ofMillis(50);

    private Eventually() {}

    /** Repeats the assertion until it holds. */
    static void eventually(ThrowingRunnable assertion) {
        Awaitility.await()
                .atMost(GENEROUS)
                .pollDelay(Duration.ZERO)
                .pollInterval(POLL)
                .untilAsserted(assertion);
    }
}
