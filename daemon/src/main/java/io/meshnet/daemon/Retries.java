package io.meshnet.daemon;

import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.PodName;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Has links tried again that the kernel refused. Every link has a pause of its own, which doubles with every attempt, so that one that
 * never works neither delays nor burdens the others. Safe for use by any thread.
 */
final class Retries implements AutoCloseable {

    /** As long as the kernel may hold the VNI of a pod that was just deleted. */
    private static final Duration FIRST_PAUSE = Duration.ofMillis(20);

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    /**
     * The next attempt for a link.
     *
     * @param number of attempts that failed in a row
     * @param due when it is, by {@link System#nanoTime}
     */
    private record Attempt(int number, long due) {}

    /** What lies ahead for a pod: an attempt for each link that failed, and the timer set to the earliest of them. */
    private record Ahead(Map<PodLink, Attempt> links, Future<?> timer) {}

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("retries").daemon().factory());
    private final Map<PodName, Ahead> ahead = new HashMap<>();
    private final Consumer<PodName> again;

    /** @param again has a pod reconciled once more; not called after {@link #close} */
    Retries(Consumer<PodName> again) {
        this.again = again;
    }

    /** Takes in what came of an attempt. */
    synchronized void take(PodStatus outcome) {
        PodName pod = outcome.pod();
        Ahead last = ahead.remove(pod);
        if (last != null) {
            last.timer().cancel(false);
        }
        long now = System.nanoTime();
        Map<PodLink, Attempt> next = new HashMap<>();
        for (LinkStatus failure : outcome.failures()) {
            Attempt before = last == null ? null : last.links().get(failure.link());
            next.put(failure.link(), next(before, now));
        }
        next.values().stream().map(Attempt::due).min(Comparator.naturalOrder()).ifPresent(due -> {
            try {
                ahead.put(
                        pod, new Ahead(next, timer.schedule(() -> again.accept(pod), due - now, TimeUnit.NANOSECONDS)));
            } catch (RejectedExecutionException _) {
                ahead.clear(); // the daemon stops
            }
        });
    }

    /** An attempt that came before it was due, for another reason, does not lengthen the pause. */
    private static Attempt next(Attempt before, long now) {
        if (before == null) {
            return new Attempt(1, now + pause(1));
        }
        return before.due() - now > 0 ? before : new Attempt(before.number() + 1, now + pause(before.number() + 1));
    }

    /** Doubles with every attempt, and is spread so that nodes do not try in step. In nanoseconds. */
    private static long pause(int attempt) {
        long full = FIRST_PAUSE.toNanos() << Math.min(attempt - 1, 16);
        long bounded = Math.min(full, LONGEST_PAUSE.toNanos());
        return bounded / 2 + ThreadLocalRandom.current().nextLong(bounded / 2 + 1);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
