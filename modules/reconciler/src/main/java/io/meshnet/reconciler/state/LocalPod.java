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
 * @param identity what that namespace was when the pod came; a path that leads to another one now is somebody else's. Empty when
 *     nobody noted it.
 */
public record LocalPod(PodName pod, Path netns, Optional<NetnsId> identity) {

    /**
     * The number of a namespace, which all ports of the pod in it carry as their IFLA_GROUP: never 0, and no other living namespace's.
     * The kernel numbers namespaces from boot on and gives no number twice (SO_NETNS_COOKIE); before Linux 5.14 it is the inode number.
     */
    public static int group(NetnsId netns) {
        long number = netns.cookie() != 0 ? netns.cookie() : netns.inode();
        int group = (int) (number & Integer.MAX_VALUE);
        return group == 0 ? 1 : group;
    }

    /** The {@link #group} of the pod's namespace; empty while nobody noted which namespace that is. */
    public OptionalInt group() {
        return identity.map(netns -> OptionalInt.of(group(netns))).orElse(OptionalInt.empty());
    }

    /** A pod where a placement says that it is; empty for a path that no file system could hold. */
    public static Optional<LocalPod> at(Placement placement, PodName pod, Optional<NetnsId> identity) {
        return path(placement).map(netns -> new LocalPod(pod, netns, identity));
    }

    /** The path of a placement; empty for what no file system could hold. */
    public static Optional<Path> path(Placement placement) {
        try {
            return Optional.of(Path.of(placement.netns()));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
