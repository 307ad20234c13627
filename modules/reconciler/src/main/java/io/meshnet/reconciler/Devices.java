package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.NewLink;
import io.meshnet.netlink.Vxlan;
import io.meshnet.reconciler.OpenPods.OpenPod;
import java.net.Inet6Address;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel is asked for when a planned device is made.
 *
 * @param node this node
 * @param pods every pod that a device is of
 */
record Devices(NodeIdentity node, OpenPods pods) {

    /** Those that an action makes; none if it makes no link. */
    static List<Action.Device> of(Action action) {
        return switch (action) {
            case Action.CreateVeth veth -> List.of(veth.first(), veth.second());
            case Action.CreateVxlan vxlan -> List.of(vxlan.device());
            default -> List.of();
        };
    }

    /** The device's pod. */
    OpenPod pod(Action.Device device) {
        return pods.pod(device.pod());
    }

    /** The device under the index that it asks for. */
    NewLink newLink(Action.Device device) {
        return newLink(device, device.ifindex());
    }

    /** The device under an index, 0 for any. Without its alias, which goes with its setting up, in the same send. */
    NewLink newLink(Action.Device device, int ifindex) {
        return new NewLink(pod(device).netns(), device.name(), ifindex, device.mtu(), device.mac(), Marking.GROUP, "");
    }

    /** The tunnel of a device. */
    Vxlan tunnel(Action.CreateVxlan create) {
        return new Vxlan(
                create.vni(),
                Optional.of(create.remote()),
                Optional.of(node.vtep()),
                node.vxlanPort(),
                node.underlay(),
                false);
    }

    /**
     * Sees to it that a device can have the addresses.
     *
     * @throws NetlinkException when that cannot be
     */
    static void allowAddresses(OpenPod pod, String name, List<InterfaceAddress> addresses) {
        for (InterfaceAddress address : addresses) {
            if (address.address() instanceof Inet6Address) {
                pod.netns().enableIpv6(name);
                return;
            }
        }
    }
}
