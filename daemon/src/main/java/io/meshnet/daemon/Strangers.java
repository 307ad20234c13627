package io.meshnet.daemon;

import io.meshnet.reconciler.peer.PeerLinks;
import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The pods of a topology on nodes that follow no store. Such a node publishes where its pod runs before it makes the pod's links, and
 * its ADD fails where a {@code PUT /vtep} made one of them first: it is told of a link only when its pod has been placed for a while. Safe
 * for use by any thread.
 */
final class Strangers {

    /** Longer than the original takes for a pod of forty links, at 45 ms each. */
    static final Duration GRACE = Duration.ofSeconds(2);

    /** Where a pod was seen, and since when, by the clock. */
    private record Sighting(Placement placement, long since) {}

    private final PeerLinks links;
    private final PeerDaemons peers;
    private final LongSupplier clock;
    private final Map<PodName, Sighting> sightings = new ConcurrentHashMap<>();

    /** @param clock such as {@link System#nanoTime} */
    Strangers(PeerLinks links, PeerDaemons peers, LongSupplier clock) {
        this.links = links;
        this.peers = peers;
        this.clock = clock;
    }

    /** Takes in what the store says of a pod. */
    void saw(PodRecord record) {
        Optional<Placement> placement =
                record.placement().filter(each -> each.node().isEmpty());
        sightings.compute(
                record.pod(),
                (_, before) -> placement
                        .map(now -> before != null && before.placement().equals(now)
                                ? before
                                : new Sighting(now, clock.getAsLong()))
                        .orElse(null));
    }

    /** How long an update has still to be kept back. */
    Duration pause(PeerUpdate update) {
        Sighting seen = sightings.get(update.pod());
        if (update.isFollower() || seen == null) {
            return Duration.ZERO;
        }
        Duration left = GRACE.minusNanos(clock.getAsLong() - seen.since());
        return left.isNegative() ? Duration.ZERO : left;
    }

    /**
     * Tells of links that are in place here, when their time has come, those that are still wanted then. Waits for that; for a thread that
     * has nothing else to do.
     */
    void tell(PodName pod, Set<PodLink> arrived) {
        try {
            List<PeerUpdate> updates = wanted(pod, arrived);
            Duration longest = longestPause(updates);
            while (!longest.isZero()) {
                Thread.sleep(longest);
                updates = wanted(pod, arrived); // among them may be one for a pod that came back meanwhile
                longest = longestPause(updates);
            }
            var _ = peers.tell(updates);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the daemon stops
        }
    }

    private Duration longestPause(List<PeerUpdate> updates) {
        return updates.stream().map(this::pause).max(Duration::compareTo).orElse(Duration.ZERO);
    }

    private List<PeerUpdate> wanted(PodName pod, Set<PodLink> arrived) {
        return links.updates(pod).stream()
                .filter(update -> !update.isFollower() && arrived.contains(update.link()))
                .toList();
    }
}
