package io.meshnet.reconciler.peer;

import io.meshnet.topology.Prefix;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a peer's daemon tells of its end of a vxlan ({@code PUT /vtep}): everything that is needed to make the end on this node.
 *
 * @param netns network namespace of the pod on this node
 * @param ifname the interface to be made there
 * @param address what to address it with, if anything
 * @param remote the peer's VTEP
 * @param vni 1 to 2^24-1
 */
public record VtepUpdate(Path netns, String ifname, Optional<Prefix> address, InetAddress remote, int vni) {

    @Override
    public String toString() {
        return ifname + " in " + netns + " (VNI " + vni + " to " + remote.getHostAddress() + ")";
    }
}
