package io.meshnet.daemon;

import io.meshnet.topology.PodName;
import io.meshnet.wiring.LinkState;
import io.meshnet.wiring.Outcome;
import io.meshnet.wiring.PodLink;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How the links of this node's pods stand and since when; every change is logged, once. Safe for use by any thread. */
final class LinkLog {

    private static final System.Logger LOG = System.getLogger(LinkLog.class.getName());

    /**
     * How a link stands.
     *
     * @param since when it came to stand so
     */
    record Standing(LinkState state, Instant since) {}

    private final Map<PodName, Map<PodLink, Standing>> pods = new HashMap<>();

    /**
     * Takes in what came of a reconciliation.
     *
     * @return the links that are in place and were not before, or not before this daemon was started
     */
    synchronized Set<PodLink> take(Outcome outcome) {
        PodName pod = outcome.pod();
        if (outcome.presence() != Outcome.Presence.PRESENT) {
            pods.remove(pod);
            return Set.of();
        }
        Map<PodLink, Standing> before = pods.getOrDefault(pod, Map.of());
        Map<PodLink, Standing> now = new HashMap<>();
        Set<PodLink> arrived = new HashSet<>();
        for (LinkState state : outcome.links()) {
            Standing old = before.get(state.link());
            boolean same = old != null && old.state().equals(state);
            now.put(state.link(), same ? old : new Standing(state, Instant.now()));
            if (!same) {
                log(pod, state);
                if (state.phase() == LinkState.Phase.IN_PLACE) {
                    arrived.add(state.link());
                }
            }
        }
        pods.put(pod, now);
        return arrived;
    }

    private static void log(PodName pod, LinkState state) {
        switch (state.phase()) {
            case IN_PLACE -> LOG.log(Level.INFO, "{0} is in place", state.link(), pod);
            case WAITING -> LOG.log(Level.INFO, "{0} waits: {1}", state.link(), state.reason(), pod);
            case DISPUTED -> LOG.log(Level.WARNING, "{0} is disputed: {1}", state.link(), state.reason(), pod);
            case FAILED -> LOG.log(Level.ERROR, "{0} failed: {1}", state.link(), state.reason(), pod);
        }
    }

    /** How a link of a pod stands; empty while it was not looked at. */
    synchronized Optional<Standing> find(PodName pod, PodLink link) {
        return Optional.ofNullable(pods.getOrDefault(pod, Map.of()).get(link));
    }
}
