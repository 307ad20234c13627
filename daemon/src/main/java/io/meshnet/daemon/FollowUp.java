package io.meshnet.daemon;

import io.meshnet.topology.PodName;
import io.meshnet.wiring.LinkState;
import io.meshnet.wiring.Outcome;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What follows from the outcome of a reconciliation: a log line for every link whose state changed, and another attempt, later and
 * later, while a link cannot be made.
 */
final class FollowUp implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(FollowUp.class.getName());

    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("retries").daemon().factory());
    private final Map<PodName, Map<String, LinkState>> states = new ConcurrentHashMap<>();
    private final Map<PodName, Retry> retries = new ConcurrentHashMap<>();

    /**
     * The next attempt for a pod.
     *
     * @param number how many there were since the pod's links last stood
     */
    private record Retry(int number, Future<?> due) {}

    /**
     * Takes an outcome in. Called by one thread, which no attempt runs on.
     *
     * @param again reconciles a pod once more; not called after {@link #close}
     */
    void take(Outcome outcome, Consumer<PodName> again) {
        PodName pod = outcome.pod();
        if (outcome.presence() == Outcome.Presence.PRESENT) {
            logChanges(pod, outcome.links());
        } else {
            states.remove(pod);
        }
        Retry last = retries.get(pod);
        if (outcome.failures().isEmpty()) {
            retries.remove(pod);
            if (last != null) {
                last.due().cancel(false);
            }
        } else if (last == null || last.due().isDone()) {
            retry(pod, last == null ? 1 : last.number() + 1, again);
        }
    }

    private void retry(PodName pod, int number, Consumer<PodName> again) {
        try {
            Future<?> due = timer.schedule(() -> again.accept(pod), pause(number), TimeUnit.MILLISECONDS);
            retries.put(pod, new Retry(number, due));
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "pod {0}: not tried again, the daemon stops", pod);
        }
    }

    private void logChanges(PodName pod, List<LinkState> links) {
        Map<String, LinkState> before = states.getOrDefault(pod, Map.of());
        Map<String, LinkState> now = new HashMap<>();
        for (LinkState state : links) {
            now.put(state.link().toString(), state);
            LinkState old = before.get(state.link().toString());
            if (old == null || old.phase() != state.phase() || !old.reason().equals(state.reason())) {
                log(pod, state);
            }
        }
        states.put(pod, now);
    }

    private static void log(PodName pod, LinkState state) {
        switch (state.phase()) {
            case IN_PLACE -> LOG.log(Level.INFO, "{1} is in place", pod, state.link());
            case WAITING -> LOG.log(Level.INFO, "{1} waits: {2}", pod, state.link(), state.reason());
            case DISPUTED -> LOG.log(Level.WARNING, "{1} is disputed: {2}", pod, state.link(), state.reason());
            case FAILED -> LOG.log(Level.ERROR, "{1} failed: {2}", pod, state.link(), state.reason());
        }
    }

    /** Doubles with every attempt, and is spread so that nodes do not try in step. In milliseconds. */
    private static long pause(int attempt) {
        long full = FIRST_PAUSE.toMillis() << Math.min(attempt - 1, 16);
        long bounded = Math.min(full, LONGEST_PAUSE.toMillis());
        return bounded / 2 + ThreadLocalRandom.current().nextLong(bounded / 2 + 1);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
