package io.meshnet.daemon;

import io.meshnet.cni.CniException;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.reconciler.peer.PeerLinks;
import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.PodName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * What a strict ADD waits for: that all links of its pod whose peers are alive are up at both ends. This node's ends it sees in the
 * kernel; of the others their daemons give account by their answers to {@code PUT /vtep}, which both kinds of daemon send once the end is
 * in place. Safe for use by any thread.
 */
final class BothEnds {

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Reconciler reconciler;
    private final PeerLinks links;
    private final PeerDaemons peers;
    private final Strangers strangers;

    BothEnds(Reconciler reconciler, PeerLinks links, PeerDaemons peers, Strangers strangers) {
        this.reconciler = reconciler;
        this.links = links;
        this.peers = peers;
        this.strangers = strangers;
    }

    /**
     * Waits.
     *
     * @param patience longest to wait
     * @throws CniException when the time is over, naming every link that is not up at both ends, and why
     */
    void await(PodName pod, Duration patience) throws CniException {
        long end = System.nanoTime() + patience.toNanos();
        Map<String, String> before = Map.of();
        while (true) {
            Map<String, String> lacking = lacking(pod, end, before);
            if (lacking.isEmpty()) {
                return;
            }
            if (System.nanoTime() - end >= 0) {
                String named = lacking.entrySet().stream()
                        .map(each -> each.getKey() + ": " + each.getValue())
                        .collect(Collectors.joining("; "));
                throw new CniException(
                        Codes.WIRING,
                        "pod " + pod + ": not up at both ends within " + patience.toMillis() + " ms: " + named,
                        "the ADD was strict; without that it would have succeeded, and the links come up when they can",
                        null);
            }
            before = lacking;
            pause();
        }
    }

    /**
     * Why each link that is not up at both ends is not.
     *
     * @param before what was found the last time; it stands for what there is no time to ask again
     */
    private Map<String, String> lacking(PodName pod, long end, Map<String, String> before) throws CniException {
        Map<String, String> lacking = new TreeMap<>();
        try {
            PodStatus outcome = within(reconciler.reconcile(pod), end);
            if (outcome.presence() != PodStatus.Presence.PRESENT) {
                throw new CniException(CniException.TRY_AGAIN_LATER, "pod " + pod + " left while it was added");
            }
            for (LinkStatus state : outcome.links()) {
                boolean isLacking = state.phase() == LinkStatus.Phase.FAILED
                        || state.phase() == LinkStatus.Phase.DISPUTED
                        || outcome.pending().contains(state.link().id());
                if (isLacking) {
                    lacking.put(state.link().toString(), state.reason());
                }
            }
        } catch (ExecutionException | TimeoutException e) {
            lacking.put("all links", "the kernel thread did not get to them: " + e);
        }
        Map<Boolean, List<PeerUpdate>> due = links.updates(pod).stream()
                .collect(Collectors.partitioningBy(
                        update -> strangers.pause(update).isZero()));
        for (PeerUpdate early : due.get(false)) {
            lacking.put(
                    early.link().toString(), "the peer's node follows no store and is about to make its end itself");
        }
        for (Map.Entry<PeerUpdate, CompletableFuture<Void>> told :
                peers.tell(due.get(true)).entrySet()) {
            PodLink link = told.getKey().link();
            try {
                within(told.getValue(), end);
            } catch (ExecutionException e) {
                lacking.put(link.toString(), e.getCause().getMessage());
            } catch (TimeoutException e) {
                lacking.put(link.toString(), before.getOrDefault(link.toString(), "the peer's node has not answered"));
            }
        }
        return lacking;
    }

    private static <T> T within(CompletableFuture<T> work, long end)
            throws CniException, ExecutionException, TimeoutException {
        try {
            return work.get(Math.max(end - System.nanoTime(), PAUSE.toNanos()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static void pause() throws CniException {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static CniException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new CniException(CniException.TRY_AGAIN_LATER, "the daemon stops", "", e);
    }
}
