package io.meshnet.daemon;

import io.meshnet.cni.CniException;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.PodName;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** Has the links of a pod made or released, waits for it, and puts what went wrong into the terms of CNI. Safe for use by any thread. */
final class PodWiring {

    /** How long a call waits for its links. The kernel needs less than a millisecond for each. */
    private static final Duration WIRING = Duration.ofSeconds(30);

    /** How long a call tries a link again that the kernel refuses, and how often. */
    private static final Duration REFUSALS = Duration.ofMillis(500);

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Reconciler reconciler;

    PodWiring(Reconciler reconciler) {
        this.reconciler = reconciler;
    }

    /** Makes the links of a pod, as far as that goes at once. Returns how they stand. */
    PodStatus make(PodName pod) throws CniException {
        return await(pod, reconciler.reconcile(pod));
    }

    /**
     * Tries those links again for a while that the kernel refused: the VNI or the name of a link that was just deleted may be held some
     * milliseconds more.
     *
     * @param made how the links stand
     * @throws CniException naming each link that could not be made
     */
    void complete(PodName pod, PodStatus made) throws CniException {
        long end = System.nanoTime() + REFUSALS.toNanos();
        PodStatus outcome = made;
        while (!outcome.failures().isEmpty() && System.nanoTime() - end < 0) {
            pause(pod);
            outcome = make(pod);
        }
        if (outcome.presence() == PodStatus.Presence.NOT_CONCERNED) {
            String moved = "pod " + pod + ": its placement or its topology changed while it was added";
            throw new CniException(CniException.TRY_AGAIN_LATER, moved);
        }
        require(pod, outcome);
    }

    /** Fails unless every link of the pod whose peer runs is as it should be. Changes nothing. */
    void check(PodName pod) throws CniException {
        require(pod, await(pod, reconciler.inspect(pod)));
    }

    /** Whether the pod is placed on this node and its namespace is not there, or is another one by now. */
    boolean isGone(PodName pod) throws CniException {
        return await(pod, reconciler.inspect(pod)).presence() == PodStatus.Presence.NETNS_GONE;
    }

    /** Deletes the ports of a pod, and cuts their wires. */
    void release(LocalPod pod) throws CniException {
        await(pod.pod(), reconciler.release(pod));
    }

    private static void require(PodName pod, PodStatus outcome) throws CniException {
        if (outcome.presence() == PodStatus.Presence.NETNS_GONE) {
            throw new CniException(Codes.WIRING, "pod " + pod + ": its network namespace is gone");
        }
        List<LinkStatus> failures = outcome.failures();
        if (!failures.isEmpty()) {
            throw new CniException(
                    Codes.WIRING,
                    failures.stream()
                            .map(state -> state.link() + ": " + state.reason())
                            .collect(Collectors.joining("; ")));
        }
    }

    private static <T> T await(PodName pod, CompletableFuture<T> work) throws CniException {
        try {
            return work.get(WIRING.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw new CniException(Codes.WIRING, "pod " + pod + ": " + cause.getMessage(), "", cause);
        } catch (TimeoutException e) {
            String late = "pod " + pod + ": its links took longer than " + WIRING.toSeconds() + " s";
            throw new CniException(CniException.TRY_AGAIN_LATER, late, "", e);
        } catch (InterruptedException e) {
            throw interrupted(pod, e);
        }
    }

    private static void pause(PodName pod) throws CniException {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            throw interrupted(pod, e);
        }
    }

    private static CniException interrupted(PodName pod, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new CniException(CniException.TRY_AGAIN_LATER, "pod " + pod + ": interrupted", "", e);
    }
}
