package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.topology.PodName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the kernel has in the namespaces of a pod of this node and of those it shall have veths to.
 *
 * @param pods each pod that was looked at; one whose namespace is gone is missing
 * @param netnsids the ids that the namespace of the first pod has for those of the others
 */
public record Observed(Map<PodName, PodDevices> pods, Map<PodName, Integer> netnsids) {

    /** Copies what it is given. */
    public Observed {
        pods = Map.copyOf(pods);
        netnsids = Map.copyOf(netnsids);
    }

    /**
     * The devices of one pod.
     *
     * @param devices by name
     * @param addresses by ifindex
     */
    public record PodDevices(Map<String, Link> devices, Map<Integer, List<InterfaceAddress>> addresses) {

        /** Copies what it is given. */
        public PodDevices {
            devices = Map.copyOf(devices);
            addresses = Map.copyOf(addresses);
        }

        /** As two dumps have them. */
        static PodDevices of(List<Link> links, Map<Integer, List<InterfaceAddress>> addresses) {
            Map<String, Link> devices = new HashMap<>();
            links.forEach(link -> devices.put(link.name(), link));
            return new PodDevices(devices, addresses);
        }

        /** The addresses of a device. */
        public List<InterfaceAddress> addressesOf(Link device) {
            return addresses.getOrDefault(device.ifindex(), List.of());
        }
    }

    /** The device of that name in a pod, if both are there. */
    public Optional<Link> device(PodName pod, String name) {
        return Optional.ofNullable(pods.get(pod)).map(found -> found.devices().get(name));
    }
}
