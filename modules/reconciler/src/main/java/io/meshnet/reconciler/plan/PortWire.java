package io.meshnet.reconciler.plan;

import java.net.InetAddress;
import java.util.Optional;

/**
 * Where the program of a port sends the frames of the pod: the port's entry in the kernel's map.
 *
 * @param target index of the device in the patch namespace: the peer's port, or the tunnel device
 * @param vni VNI of the link, 1 to 2^24-1; 0 when the target is a port
 * @param remote VTEP of the peer's node; empty when the target is a port
 * @param isFragmenting whether packets larger than the underlay carries are sent in fragments;
 *     otherwise they are dropped
 * @param tooBig how many frames were dropped because they were larger than the underlay carries
 */
public record PortWire(int target, int vni, Optional<InetAddress> remote, boolean isFragmenting, long tooBig) {

    /** Whether the wire leads to another node. */
    public boolean isTunnel() {
        return vni != 0;
    }
}
