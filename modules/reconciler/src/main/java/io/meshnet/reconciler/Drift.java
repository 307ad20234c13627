package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.LinkEvent;
import io.meshnet.netlink.Vxlan;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.PodName;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the kernel told of one pod's devices, until it is judged: does it mean that somebody else has changed a link? Only how a device
 * ended up counts, so that what the reconciler does itself, step by step, is no drift. For one thread.
 */
final class Drift {

    /** The last event of each device, by its name. */
    private final Map<String, LinkEvent> devices = new HashMap<>();

    private final Set<InterfaceAddress> lost = new HashSet<>();

    /** Takes note of one event in the pod's namespace. */
    void note(LinkEvent event) {
        switch (event) {
            case LinkEvent.Changed changed -> devices.put(changed.link().name(), changed);
            case LinkEvent.Deleted deleted -> devices.put(deleted.link().name(), deleted);
            case LinkEvent.AddressAdded added -> lost.remove(added.address());
            case LinkEvent.AddressDeleted deleted -> lost.add(deleted.address());
            case LinkEvent.NetnsGone _, LinkEvent.Overflow _ -> {
                // Said of no device.
            }
        }
    }

    /** The links that there is something to judge of. */
    Optional<List<Desired>> desired(Cluster cluster, NodeIdentity node, PodName pod) {
        // An address that was lost may be any link's.
        return lost.isEmpty()
                ? DesiredLinks.of(cluster, node, pod, devices.keySet())
                : DesiredLinks.of(cluster, node, pod);
    }

    /**
     * Whether the pod has to be reconciled.
     *
     * @param desired every link of the pod, or those of {@link #desired}
     */
    boolean isDrift(NodeIdentity node, PodName pod, List<Desired> desired) {
        Map<String, Desired> byName = new HashMap<>();
        desired.forEach(each -> each.link().ends().stream()
                .filter(end -> end.pod().equals(pod))
                .forEach(end -> byName.putIfAbsent(end.ifname(), each)));
        return devices.values().stream().anyMatch(event -> isWrong(node, pod, byName, event))
                || desired.stream()
                        .flatMap(each -> each.link().ends().stream())
                        .filter(end -> end.pod().equals(pod))
                        .anyMatch(end -> Planner.addresses(end).stream().anyMatch(lost::contains));
    }

    private static boolean isWrong(NodeIdentity node, PodName pod, Map<String, Desired> desired, LinkEvent event) {
        return switch (event) {
            case LinkEvent.Changed changed ->
                Marking.isOurs(changed.link()) && !isRight(node, pod, desired, changed.link());
            // Be it ours or what stood in its way.
            case LinkEvent.Deleted deleted ->
                governing(desired, deleted.link()).stream().anyMatch(Drift::isMade);
            default -> false;
        };
    }

    private static boolean isRight(NodeIdentity node, PodName pod, Map<String, Desired> desired, Link device) {
        Optional<Desired> governing = governing(desired, device);
        if (governing.isEmpty()) {
            return false;
        }
        PodLink link = governing.get().link();
        LinkEnd end = link.end(pod, device.name());
        boolean held = governing.get() instanceof Desired.Waiting;
        return governing.get() instanceof Desired.Disputed
                || (device.isUp()
                        && device.mtu() == node.mtu(link)
                        && device.protoDown() == held
                        && device.alias().equals(Marking.of(link, end).alias())
                        && leadsToPeer(governing.get(), device));
    }

    /** A veth cannot be led elsewhere, a tunnel can. */
    private static boolean leadsToPeer(Desired desired, Link device) {
        return !(desired instanceof Desired.Vxlan tunnel)
                || device.vxlan().flatMap(Vxlan::remote).equals(Optional.of(tunnel.remote()));
    }

    private static boolean isMade(Desired desired) {
        return desired instanceof Desired.Veth || desired instanceof Desired.Vxlan;
    }

    private static Optional<Desired> governing(Map<String, Desired> desired, Link device) {
        return Optional.ofNullable(desired.get(device.name()));
    }
}
