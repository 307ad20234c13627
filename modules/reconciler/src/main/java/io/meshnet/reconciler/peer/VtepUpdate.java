package io.meshnet.reconciler.peer;

import io.meshnet.topology.Prefix;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a peer's daemon sends about a link ({@code PUT /vtep}): the end on this node, and where the
 * other end is.
 *
 * @param netns network namespace of the pod on this node
 * @param ifname the interface of the link there
 * @param address the address of that interface, if any
 * @param remote the peer's VTEP
 * @param vni 1 to 2^24-1
 */
public record VtepUpdate(Path netns, String ifname, Optional<Prefix> address, InetAddress remote, int vni) {

    @Override
    public String toString() {
        return ifname + " in " + netns + " (VNI " + vni + " to " + remote.getHostAddress() + ")";
    }
}
