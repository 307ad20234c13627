package io.meshnet.topology;

import java.net.InetAddress;
import java.util.Objects;

/**
 * Where a living pod runs.
 *
 * @param vtep the tunnel address of its node ({@code src_ip}), kept without host name and zone
 * @param netns path of its network namespace on that node ({@code net_ns}), not empty
 * @param containerId the incarnation; empty when written by the original, which keeps none
 * @param node the node's name; empty when written by the original
 * @param netnsId tells that namespace from whatever {@code netns} may lead to later, also after a reboot, in words of its node's own;
 *     empty when that was not noted
 */
public record Placement(InetAddress vtep, String netns, String containerId, String node, String netnsId) {

    /** @throws IllegalArgumentException if the netns is empty, which is how the store spells "not alive" */
    public Placement {
        vtep = NumericAddress.bare(vtep);
        if (netns.isEmpty()) {
            throw new IllegalArgumentException("the netns of a living pod is empty");
        }
        Objects.requireNonNull(containerId, "containerId");
        Objects.requireNonNull(node, "node");
        Objects.requireNonNull(netnsId, "netnsId");
    }

    /** One whose namespace is known by its path alone. */
    public Placement(InetAddress vtep, String netns, String containerId, String node) {
        this(vtep, netns, containerId, node, "");
    }
}
