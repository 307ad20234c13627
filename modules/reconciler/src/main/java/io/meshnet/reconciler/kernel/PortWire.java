package io.meshnet.reconciler.kernel;

import java.net.InetAddress;
import java.util.Optional;

/**
 * Where the frames of a port go.
 *
 * @param target the ifindex of another port of this node, or of the vxlan device
 * @param vni the VNI they are sent with, above 0; 0 for another port of this node
 * @param remote the node they are sent to; empty for another port of this node
 * @param fragment whether frames above the MTU of the vxlan device are sent, in fragments of the outer packet
 * @param tooBig how many frames the port program has dropped because they are above that MTU
 */
public record PortWire(int target, int vni, Optional<InetAddress> remote, boolean fragment, long tooBig) {}
