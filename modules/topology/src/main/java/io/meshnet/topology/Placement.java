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
 */
public record Placement(InetAddress vtep, String netns, String containerId, String node) {

    /** @throws IllegalArgumentException if the netns is empty, which is how the store spells "not alive" */
    public Placement {
        vtep = NumericAddress.bare(vtep);
        if (netns.isEmpty()) {
            throw new IllegalArgumentException("the netns of a living pod is empty");
        }
        Objects.requireNonNull(containerId, "containerId");
        Objects.requireNonNull(node, "node");
    }
}
