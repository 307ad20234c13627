package io.meshnet.reconciler;

import io.meshnet.netlink.NetnsId;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A pod of this node, by its network namespace.
 *
 * @param pod its name
 * @param netns path of its network namespace
 * @param identity what that namespace was when the pod came; a path that leads to another one now is somebody else's. Empty when
 *     nobody noted it.
 */
public record LocalPod(PodName pod, Path netns, Optional<NetnsId> identity) {

    /** A pod where a placement says that it is; empty for a path that no file system could hold. */
    public static Optional<LocalPod> at(Placement placement, PodName pod, Optional<NetnsId> identity) {
        return path(placement).map(netns -> new LocalPod(pod, netns, identity));
    }

    /** The path of a placement; empty for what no file system could hold. */
    static Optional<Path> path(Placement placement) {
        try {
            return Optional.of(Path.of(placement.netns()));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
