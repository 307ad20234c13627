package io.meshnet.daemon;

import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.reconciler.state.PodStatus;
import io.meshnet.topology.PodName;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How the links of this node's pods stand and since when; every change is logged, once, but for many at a time. Safe for use by any thread. */
final class LinkLog {

    private static final System.Logger LOG = System.getLogger(LinkLog.class.getName());

    /**
     * How a link stands.
     *
     * @param since when it came to stand so
     */
    record Standing(LinkStatus state, Instant since) {}

    private record Change(PodName pod, LinkStatus state) {}

    /** As many changes at once are told one by one; of more, their number, unless they are for the worse. */
    private static final int FEW = 20;

    private final Map<PodName, Map<PodLink, Standing>> pods = new HashMap<>();

    /**
     * Takes in what came of a reconciliation. A link that it put in place at both ends stands so for the other pod, too.
     *
     * @return the links that are in place and were not before, or not before this daemon was started
     */
    synchronized Set<PodLink> take(PodStatus outcome) {
        PodName pod = outcome.pod();
        if (outcome.presence() != PodStatus.Presence.PRESENT) {
            pods.remove(pod);
            return Set.of();
        }
        Map<PodLink, Standing> before = pods.getOrDefault(pod, Map.of());
        Map<PodLink, Standing> now = new HashMap<>();
        Set<PodLink> arrived = new HashSet<>();
        List<Change> changes = new ArrayList<>();
        Instant instant = Instant.now();
        for (LinkStatus state : outcome.links()) {
            Standing old = before.get(state.link());
            boolean same = old != null && old.state().equals(state);
            now.put(state.link(), same ? old : new Standing(state, instant));
            if (!same) {
                changes.add(new Change(pod, state));
                if (state.phase() == LinkStatus.Phase.IN_PLACE) {
                    arrived.add(state.link());
                }
            }
            if (outcome.shared().contains(state.link().id())) {
                share(state.link().peer(pod), state, instant, changes);
            }
        }
        pods.put(pod, now);
        log(pod, changes);
        return arrived;
    }

    private void share(PodName peer, LinkStatus state, Instant instant, List<Change> changes) {
        Map<PodLink, Standing> ofPeer = pods.computeIfAbsent(peer, _ -> new HashMap<>());
        Standing old = ofPeer.get(state.link());
        if (old == null || !old.state().equals(state)) {
            ofPeer.put(state.link(), new Standing(state, instant));
            changes.add(new Change(peer, state));
        }
    }

    private static void log(PodName pod, List<Change> changes) {
        Level level = changes.size() > FEW ? Level.DEBUG : Level.INFO;
        int arrived = 0;
        for (Change change : changes) {
            log(level, change.pod(), change.state());
            arrived += change.state().phase() == LinkStatus.Phase.IN_PLACE ? 1 : 0;
        }
        if (changes.size() > FEW) {
            LOG.log(
                    Level.INFO,
                    "pod {0}: {1} ends of links came to be in place, of {2} that changed",
                    pod,
                    arrived,
                    changes.size());
        }
    }

    private static void log(Level level, PodName pod, LinkStatus state) {
        switch (state.phase()) {
            case IN_PLACE -> {
                if (state.reason().isEmpty()) {
                    LOG.log(level, "{0} is in place", state.link(), pod);
                } else {
                    LOG.log(Level.WARNING, "{0} is in place; {1}", state.link(), state.reason(), pod);
                }
            }
            case WAITING -> LOG.log(level, "{0} waits: {1}", state.link(), state.reason(), pod);
            case DISPUTED -> LOG.log(Level.WARNING, "{0} is disputed: {1}", state.link(), state.reason(), pod);
            case FAILED -> LOG.log(Level.ERROR, "{0} failed: {1}", state.link(), state.reason(), pod);
        }
    }

    /** How a link of a pod stands; empty while it was not looked at. */
    synchronized Optional<Standing> find(PodName pod, PodLink link) {
        return Optional.ofNullable(pods.getOrDefault(pod, Map.of()).get(link));
    }
}
