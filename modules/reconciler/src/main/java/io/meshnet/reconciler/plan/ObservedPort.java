package io.meshnet.reconciler.plan;

import io.meshnet.netlink.Link;
import java.util.Optional;

/**
 * A port as the patch namespace lists it.
 *
 * @param ifindex index of the patch side; meshnet numbers ports itself and gives no number twice
 * @param name name of the patch side
 * @param group its IFLA_GROUP: the number of the pod's namespace
 * @param mark what it says of itself; empty for a port that is half made
 * @param isUp whether the patch side is up, which gives the interface in the pod its carrier
 * @param podIfindex index of the interface in the pod
 * @param podNetnsid the id that the patch namespace has for the namespace the interface is in; -1 for the patch namespace itself
 */
public record ObservedPort(
        int ifindex, String name, int group, Optional<PortMark> mark, boolean isUp, int podIfindex, int podNetnsid) {

    /** The port that a link of the patch namespace is; empty for a device that is no veth. */
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

    /** The same port with its patch side set up or down. */
    public ObservedPort withUp(boolean up) {
        return new ObservedPort(ifindex, name, group, mark, up, podIfindex, podNetnsid);
    }

    /** The same port as another look shows it: up or down, and where the interface in the pod is. */
    public ObservedPort at(ObservedPort seen) {
        return new ObservedPort(ifindex, name, group, mark, seen.isUp, seen.podIfindex, seen.podNetnsid);
    }

    /** The same port after a declaration was applied. */
    public ObservedPort withMark(PortMark applied) {
        return new ObservedPort(ifindex, name, group, Optional.of(applied), isUp, podIfindex, podNetnsid);
    }
}
