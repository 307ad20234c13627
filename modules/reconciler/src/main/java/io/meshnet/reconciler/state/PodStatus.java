package io.meshnet.reconciler.state;

import io.meshnet.topology.PodName;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The result of reconciling one pod.
 *
 * @param pod the pod
 * @param presence whether it runs here
 * @param links how each of its links stands; empty unless it is present
 * @param shared those of its links that are in place between this pod and another pod of this node
 * @param pending those of its links whose peer also runs on this node and does not have its
 *     interface yet
 */
public record PodStatus(
        PodName pod, Presence presence, List<LinkStatus> links, Set<LinkId> shared, Set<LinkId> pending) {

    /** Whether a pod runs on this node. */
    public enum Presence {
        /** It does. */
        PRESENT,
        /** It is placed on another node or nowhere, or its declaration is broken: the daemon did not look. */
        NOT_CONCERNED,
        /** It is placed here, but its network namespace is gone. */
        NETNS_GONE
    }

    /** Copies the collections. */
    public PodStatus {
        links = List.copyOf(links);
        shared = Set.copyOf(shared);
        pending = Set.copyOf(pending);
    }

    /** A pod whose links were not looked at. */
    public static PodStatus absent(PodName pod, Presence presence) {
        return new PodStatus(pod, presence, List.of(), Set.of(), Set.of());
    }

    /**
     * A pod that runs here.
     *
     * @param desired what its links should be
     * @param links how each of them stands
     */
    public static PodStatus present(PodName pod, List<DesiredLink> desired, List<LinkStatus> links) {
        Set<LinkId> local = new HashSet<>();
        for (DesiredLink each : desired) {
            if (each.wire() instanceof DesiredLink.ToEnd && !each.link().isLoop()) {
                local.add(each.link().id());
            }
        }
        Set<LinkId> shared = new HashSet<>();
        Set<LinkId> pending = new HashSet<>();
        for (LinkStatus link : links) {
            LinkId id = link.link().id();
            if (link.phase() == LinkStatus.Phase.IN_PLACE && local.contains(id)) {
                shared.add(id);
            } else if (link.phase() == LinkStatus.Phase.WAITING && local.contains(id)) {
                pending.add(id);
            }
        }
        return new PodStatus(pod, Presence.PRESENT, links, shared, pending);
    }

    /**
     * The peers on this node whose links with this pod are all in place at both ends: they need no
     * reconciliation of their own.
     */
    public Set<PodName> settledPeers() {
        Set<PodName> settled = new HashSet<>();
        Set<PodName> unsettled = new HashSet<>();
        for (LinkStatus status : links) {
            (shared.contains(status.link().id()) ? settled : unsettled)
                    .add(status.link().peer(pod));
        }
        settled.removeAll(unsettled);
        return settled;
    }

    /** The links that could not be made, which the daemon tries again. */
    public List<LinkStatus> failures() {
        return links.stream()
                .filter(link -> link.phase() == LinkStatus.Phase.FAILED)
                .toList();
    }
}
