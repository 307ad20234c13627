package io.meshnet.reconciler.kernel;

import io.meshnet.bpf.BpfProgram;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.NewLink;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.netlink.Vxlan;
import io.meshnet.reconciler.state.NodeIdentity;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * The one vxlan of the node. It takes VNI and remote from each frame's metadata, which the ports' program sets. It lives in the patch
 * namespace, while its UDP socket stays in the node's own namespace. For the kernel thread only.
 */
final class TunnelDevice {

    private static final System.Logger LOG = System.getLogger(TunnelDevice.class.getName());

    /**
     * The index never changes, so that the entries of wires stay right when the device is made
     * again. It is below those of ports and above those that the kernel assigns.
     */
    static final int IFINDEX = 1 << 23;

    private static final String NAME = "vxlan";

    private final NodeIdentity node;
    private final Netns netns;
    private final RouteSocket socket;
    private Optional<String> problem = Optional.empty();

    /**
     * @param netns the patch namespace
     * @param socket a socket in it
     */
    TunnelDevice(NodeIdentity node, Netns netns, RouteSocket socket) {
        this.node = node;
        this.netns = netns;
        this.socket = socket;
    }

    /** Why there is no tunnel device that works; empty when there is one. */
    Optional<String> problem() {
        return problem;
    }

    /**
     * Makes the device unless it is there as it should be.
     *
     * @param nodeSocket a socket in the node's own namespace
     */
    void require(RouteSocket nodeSocket) {
        Optional<Link> found = socket.links().find(IFINDEX);
        if (found.isPresent() && !isRight(found.get())) {
            LOG.log(Level.INFO, "the tunnel device is made anew: it was {0}", found.get());
            socket.links().delete(IFINDEX);
            found = Optional.empty();
        }
        try {
            if (found.isEmpty()) {
                NewLink device = new NewLink(netns, NAME, IFINDEX, node.carried(), MacAddress.NONE, 0, "");
                nodeSocket.links().createVxlan(device, Vxlan.external(node.vxlanPort()));
            } else if (found.get().mtu() != node.carried()) {
                socket.links().mtu(IFINDEX, node.carried());
            }
            tell(Optional.empty());
        } catch (NetlinkException e) {
            tell(Optional.of(refusal(e)));
        }
    }

    private boolean isRight(Link link) {
        return link.vxlan()
                .filter(vxlan -> vxlan.external() && vxlan.port() == node.vxlanPort())
                .isPresent();
    }

    /** Gives the device its program and sets it up. */
    void equip(BpfProgram program) {
        if (problem.isPresent()) {
            return;
        }
        try {
            Link link = socket.links().find(IFINDEX).orElseThrow();
            if (!Wiring.isEquipped(socket, IFINDEX, program)) {
                Wiring.equip(socket, IFINDEX, program, Wiring.TUNNEL);
            }
            if (!link.isUp()) {
                socket.links().up(IFINDEX, true);
            }
        } catch (NetlinkException e) {
            tell(Optional.of(refusal(e)));
        }
    }

    private String refusal(NetlinkException e) {
        return "no tunnel to other nodes: UDP port " + node.vxlanPort() + " cannot be had, since another vxlan of this"
                + " node uses it or the kernel refuses it; MESHNET_VXLAN_PORT names another port, the same on all"
                + " nodes (" + e.getMessage() + ")";
    }

    private void tell(Optional<String> now) {
        if (now.isPresent() && !now.equals(problem)) {
            LOG.log(Level.ERROR, now.get());
        }
        problem = now;
    }
}
