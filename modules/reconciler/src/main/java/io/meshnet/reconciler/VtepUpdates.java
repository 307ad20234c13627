package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.Vxlan;
import io.meshnet.topology.PodName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a peer's update asks for, as actions: a pure function. The same VNI and remote: nothing; anything else: what is there gives
 * way to what was asked for. Only a tunnel of ours is pointed elsewhere in place.
 */
final class VtepUpdates {

    private VtepUpdates() {}

    /**
     * @param update what the peer tells
     * @param wanted the device as it shall be
     * @param found the device of that name, if there is one
     * @param port UDP destination port of this node's tunnels
     */
    static List<Action> plan(VtepUpdate update, Action.Device wanted, Optional<Link> found, int port) {
        String link = update.toString();
        PodName pod = wanted.pod();
        List<Action> actions = new ArrayList<>();
        Optional<Link> tunnel = found.filter(device -> isTunnel(update, device, port));
        Optional<Marking> ours = tunnel.flatMap(Marking::read);
        boolean same = tunnel.flatMap(Link::vxlan).flatMap(Vxlan::remote).equals(Optional.of(update.remote()));
        if (ours.isPresent() && tunnel.get().protoDown()) {
            actions.add(new Action.HoldDown(link, pod, tunnel.get().ifindex(), false));
        }
        if (same) {
            return actions;
        }
        if (ours.isPresent()) {
            int ifindex = tunnel.get().ifindex();
            actions.add(new Action.SetRemote(link, pod, ifindex, update.vni(), update.remote()));
            ours.get()
                    .given()
                    .map(old -> new InterfaceAddress(old.address(), old.length()))
                    .filter(old -> !wanted.addresses().contains(old))
                    .ifPresent(old -> actions.add(new Action.RemoveAddress(link, pod, ifindex, old)));
            actions.add(new Action.Raise(link, pod, wanted.name(), ifindex, wanted.addresses()));
            actions.add(new Action.Mark(link, pod, ifindex, wanted.alias()));
            return actions;
        }
        found.ifPresent(device -> actions.add(new Action.Delete(link, pod, device.name(), device.ifindex())));
        actions.add(new Action.CreateVxlan(link, wanted, update.vni(), update.remote()));
        return actions;
    }

    /**
     * The device of an update that no link of the topology governs.
     *
     * @param mtu in bytes
     */
    static Action.Device device(VtepUpdate update, PodName pod, int mtu) {
        List<InterfaceAddress> addresses = update.address()
                .map(prefix -> List.of(new InterfaceAddress(prefix.address(), prefix.length())))
                .orElse(List.of());
        return new Action.Device(
                pod,
                update.ifname(),
                0,
                mtu,
                MacAddress.NONE,
                Marking.of(update).alias(),
                addresses);
    }

    private static boolean isTunnel(VtepUpdate update, Link device, int port) {
        return device.vxlan()
                .map(vxlan -> vxlan.vni() == update.vni() && vxlan.port() == port)
                .orElse(false);
    }
}
