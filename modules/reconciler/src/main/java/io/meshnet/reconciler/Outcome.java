package io.meshnet.reconciler;

import io.meshnet.topology.PodName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What came of reconciling one pod.
 *
 * @param pod the pod
 * @param presence whether it runs here
 * @param links how each of its links stands; empty unless it is present
 * @param shared those of its links that are in place with both ends on this node, the other end in another pod's namespace
 */
public record Outcome(PodName pod, Presence presence, List<LinkState> links, Set<PodLink> shared) {

    /** Whether a pod runs on this node. */
    public enum Presence {
        /** It does. */
        PRESENT,
        /** It is placed on another node or nowhere, or its declaration is broken: nothing was looked at. */
        NOT_CONCERNED,
        /** It is placed here, but its network namespace is gone. */
        NETNS_GONE
    }

    /** Copies what it is given. */
    public Outcome {
        links = List.copyOf(links);
        shared = Set.copyOf(shared);
    }

    /** A pod for which nothing could be done. */
    static Outcome absent(PodName pod, Presence presence) {
        return new Outcome(pod, presence, List.of(), Set.of());
    }

    /**
     * A pod that runs here.
     *
     * @param desired its links as they should be
     * @param states how each of them stands, in the same order
     */
    static Outcome present(PodName pod, List<Desired> desired, List<LinkState> states) {
        List<PodLink> shared = new ArrayList<>();
        for (int i = 0; i < states.size(); i++) {
            if (states.get(i).phase() == LinkState.Phase.IN_PLACE
                    && desired.get(i) instanceof Desired.Veth(PodLink link)
                    && !link.isLoop()) {
                shared.add(link);
            }
        }
        return new Outcome(pod, Presence.PRESENT, states, Set.copyOf(shared));
    }

    /** The other pods whose links with this one are all shared: nothing is left to be done for them. */
    public Set<PodName> settledPeers() {
        Set<PodName> settled = new HashSet<>();
        Set<PodName> unsettled = new HashSet<>();
        for (LinkState state : links) {
            (shared.contains(state.link()) ? settled : unsettled)
                    .add(state.link().peer(pod));
        }
        settled.removeAll(unsettled);
        return settled;
    }

    /** The links that could not be made, and are tried again. */
    public List<LinkState> failures() {
        return links.stream()
                .filter(link -> link.phase() == LinkState.Phase.FAILED)
                .toList();
    }
}
