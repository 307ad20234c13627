package io.meshnet.reconciler.state;

import io.meshnet.netlink.NetnsId;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A pod of this node, by its network namespace.
 *
 * @param pod its name
 * @param netns path of its network namespace
 * @param identity identity of that namespace when the runtime attached the pod. If the path leads
 *     to another namespace now, that namespace is not this pod's. Empty when it was not recorded.
 */
public record LocalPod(PodName pod, Path netns, Optional<NetnsId> identity) {

    /**
     * The number of a namespace, which all ports of the pod in it carry as their IFLA_GROUP: never
     * 0, and different from those of all other living namespaces. The kernel numbers namespaces
     * from boot on and gives no number twice (SO_NETNS_COOKIE); before Linux 5.14 it is the inode
     * number.
     */
    public static int group(NetnsId netns) {
        long number = netns.cookie() != 0 ? netns.cookie() : netns.inode();
        int group = (int) (number & Integer.MAX_VALUE);
        return group == 0 ? 1 : group;
    }

    /** The {@link #group} of the pod's namespace; empty when its identity was not recorded. */
    public OptionalInt group() {
        return identity.map(netns -> OptionalInt.of(group(netns))).orElse(OptionalInt.empty());
    }

    /** The pod of a placement; empty if the placement's path is not a valid path. */
    public static Optional<LocalPod> at(Placement placement, PodName pod, Optional<NetnsId> identity) {
        return path(placement).map(netns -> new LocalPod(pod, netns, identity));
    }

    /** The path of a placement; empty if it is not a valid path. */
    public static Optional<Path> path(Placement placement) {
        try {
            return Optional.of(Path.of(placement.netns()));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
