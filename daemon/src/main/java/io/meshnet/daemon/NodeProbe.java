package io.meshnet.daemon;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Route;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.NumericAddress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds out where this node's tunnels end and what they can carry. For the kernel thread. */
final class NodeProbe {

    /** What the original asks the routing table for. It is looked up, never sent to. */
    private static final String ANYWHERE = "1.1.1.1";

    /** IFF_LOOPBACK of linux/if.h. */
    private static final int IFF_LOOPBACK = 0x8;

    private static final int STANDARD_MTU = 1500;

    /** Outer IPv4 or IPv6 header, UDP, VXLAN and inner Ethernet headers: RFC 7348, section 5. */
    private static final int OVERHEAD_IPV4 = 20 + 8 + 8 + 14;

    private static final int OVERHEAD_IPV6 = 40 + 8 + 8 + 14;

    /** The address of this node's tunnels cannot be told; the message says what to configure. */
    static final class UnknownVtep extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnknownVtep(String message) {
            super(message);
        }

        UnknownVtep(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** A VTEP and the device that has its address. */
    private record Tunnel(InetAddress vtep, Link device) {}

    private final RouteSocket socket;
    private final List<Link> devices;
    private final Map<Integer, List<InterfaceAddress>> addresses;

    private NodeProbe(RouteSocket socket) {
        this.socket = socket;
        this.devices = socket.links().list();
        this.addresses = socket.addresses().list();
    }

    /**
     * @param socket in the node's own namespace
     * @throws UnknownVtep when the VTEP is not configured and cannot be found, or is not this node's
     */
    static NodeIdentity probe(RouteSocket socket, Configuration configuration) {
        NodeProbe probe = new NodeProbe(socket);
        Tunnel tunnel = configuration.vtep().isPresent()
                ? probe.configured(configuration.vtep().get())
                : probe.routed();
        boolean loopback = (tunnel.device().flags() & IFF_LOOPBACK) != 0;
        int overhead = tunnel.vtep() instanceof Inet4Address ? OVERHEAD_IPV4 : OVERHEAD_IPV6;
        int carried = loopback ? STANDARD_MTU - overhead : tunnel.device().mtu() - overhead;
        return new NodeIdentity(
                configuration.node(), tunnel.vtep(), configuration.vxlanPort(), carried, configuration.mtu());
    }

    private Tunnel configured(String vtep) {
        Optional<Link> named =
                devices.stream().filter(device -> device.name().equals(vtep)).findFirst();
        if (named.isPresent()) {
            return addresses.getOrDefault(named.get().ifindex(), List.of()).stream()
                    .map(InterfaceAddress::address)
                    .min(Comparator.comparingInt(address -> address instanceof Inet4Address ? 0 : 1))
                    .map(address -> new Tunnel(address, named.get()))
                    .orElseThrow(() -> new UnknownVtep("MESHNET_VTEP: interface " + vtep
                            + " has no address of global scope that tunnels could end at"));
        }
        InetAddress address = address(vtep);
        return devices.stream()
                .filter(device -> addresses.getOrDefault(device.ifindex(), List.of()).stream()
                        .anyMatch(own -> own.address().equals(address)))
                .findFirst()
                .map(device -> new Tunnel(address, device))
                .orElseThrow(() ->
                        new UnknownVtep("MESHNET_VTEP: " + vtep + " is not an address of any interface of this node"));
    }

    private static InetAddress address(String vtep) {
        try {
            return NumericAddress.parse(vtep);
        } catch (IllegalArgumentException e) {
            throw new UnknownVtep(
                    "MESHNET_VTEP: \"" + vtep + "\" is neither an interface of this node nor an IP address", e);
        }
    }

    private Tunnel routed() {
        try {
            Route route = socket.routes().lookup(NumericAddress.parse(ANYWHERE));
            return devices.stream()
                    .filter(device -> device.ifindex() == route.ifindex())
                    .findFirst()
                    .map(device -> new Tunnel(route.source(), device))
                    .orElseThrow(() -> new UnknownVtep("the default route leaves by a device that is gone"));
        } catch (NetlinkException e) {
            throw new UnknownVtep(
                    "this node has no default route to take the address of its tunnels from; set MESHNET_VTEP to an"
                            + " address or an interface of the node",
                    e);
        }
    }
}
