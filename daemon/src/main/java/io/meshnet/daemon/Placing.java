package io.meshnet.daemon;

import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The pods whose links an ADD is about to make. The store's own word of a placement comes back as an event, often before the ADD has
 * gone on; to act on it then would have the ADD wait while others do its work. Safe for use by any thread.
 */
final class Placing {

    private record Turn(Placement placement, Set<PodName> concerned) {}

    private final Map<PodName, Turn> turns = new HashMap<>();

    /** An ADD is about to publish a placement; {@link #end} has to follow. */
    synchronized void begin(PodName pod, Placement placement) {
        turns.put(pod, new Turn(placement, new HashSet<>()));
    }

    /**
     * Leaves those whom an event concerns to the ADD, if there is one.
     *
     * @param said the event, which is to tell nothing new besides the placement
     * @return false when no ADD is about that placement: the caller has to see to them
     */
    synchronized boolean defer(PodRecord said, Set<PodName> concerned) {
        Turn turn = turns.get(said.pod());
        boolean ours = turn != null
                && said.placement().filter(turn.placement()::equals).isPresent();
        if (ours) {
            turn.concerned().addAll(concerned);
        }
        return ours;
    }

    /** The ADD has made its links, as far as that went at once. Returns all who were left to it, whom it has to see to now. */
    synchronized Set<PodName> end(PodName pod) {
        return turns.remove(pod).concerned();
    }
}
