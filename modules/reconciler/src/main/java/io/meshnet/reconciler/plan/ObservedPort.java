package io.meshnet.reconciler.plan;

import io.meshnet.netlink.Link;
import java.util.Optional;

/**
 * A port as the patch namespace lists it.
 *
 * @param ifindex index of the patch side; meshnet numbers ports itself and gives no number twice
 * @param name name of the patch side
 * @param group its IFLA_GROUP: the number of the pod's namespace
 * @param mark the mark in its ifalias; empty for a port that is half made
 * @param isUp whether the patch side is up, which gives the interface in the pod its carrier
 * @param podIfindex index of the interface in the pod
 * @param podNetnsid the id that the patch namespace has for the namespace the interface is in; -1 for the patch namespace itself
 */
public record ObservedPort(
        int ifindex, String name, int group, Optional<PortMark> mark, boolean isUp, int podIfindex, int podNetnsid) {

    /** Reads a device of the patch namespace; empty if it is not a veth. */
    public static Optional<ObservedPort> of(Link link) {
        return link.kind().equals("veth")
                ? Optional.of(new ObservedPort(
                        link.ifindex(),
                        link.name(),
                        link.group(),
                        PortMark.parse(link.alias()),
                        link.isUp(),
                        link.peer(),
                        link.peerNetnsid()))
                : Optional.empty();
    }

    /** A copy with the patch side up or down. */
    public ObservedPort withUp(boolean up) {
        return new ObservedPort(ifindex, name, group, mark, up, podIfindex, podNetnsid);
    }

    /**
     * A copy with what another look has found: whether the patch side is up, and where the
     * interface in the pod is.
     */
    public ObservedPort at(ObservedPort seen) {
        return new ObservedPort(ifindex, name, group, mark, seen.isUp, seen.podIfindex, seen.podNetnsid);
    }

    /** A copy with another mark. */
    public ObservedPort withMark(PortMark applied) {
        return new ObservedPort(ifindex, name, group, Optional.of(applied), isUp, podIfindex, podNetnsid);
    }
}
