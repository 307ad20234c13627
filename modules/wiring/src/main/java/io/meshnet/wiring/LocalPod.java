package io.meshnet.wiring;

import io.meshnet.netlink.NetnsId;
import io.meshnet.topology.PodName;
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
public record LocalPod(PodName pod, Path netns, Optional<NetnsId> identity) {}
