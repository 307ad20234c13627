package io.meshnet.wiring;

import io.meshnet.topology.PodName;
import java.util.List;

/**
 * What came of reconciling one pod.
 *
 * @param pod the pod
 * @param presence whether it runs here
 * @param links how each of its links stands; empty unless it is present
 */
public record Outcome(PodName pod, Presence presence, List<LinkState> links) {

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
    }

    /** The links that could not be made, and are tried again. */
    public List<LinkState> failures() {
        return links.stream()
                .filter(link -> link.phase() == LinkState.Phase.FAILED)
                .toList();
    }
}
