package io.meshnet.daemon;

import io.meshnet.netlink.NetnsId;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.topology.PodName;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A pod that a runtime attached to this node.
 *
 * @param containerId the incarnation
 * @param network name of the CNI network; empty when that was not noted
 * @param pod its name
 * @param netns path of its network namespace
 * @param identity what that namespace was when the pod came; empty when that was not noted
 * @param ifname the interface that the delegate made
 * @param etcd endpoints of the store that the call named, comma-separated
 * @param since when it came, in milliseconds since 1970; 0 when that was not noted
 * @param stage how far its life is
 */
record PodAttachment(
        String containerId,
        String network,
        PodName pod,
        String netns,
        Optional<NetnsId> identity,
        String ifname,
        String etcd,
        long since,
        Stage stage) {

    /** How far an attachment's life is. */
    enum Stage {
        /** The runtime added it. */
        LIVING,
        /** Its namespace is gone, and the runtime has not taken it away: what the delegate holds for it is still to be released. */
        LOST,
        /** The runtime took it away, and only the store does not know yet. */
        DETACHED
    }

    boolean living() {
        return stage == Stage.LIVING;
    }

    boolean detached() {
        return stage == Stage.DETACHED;
    }

    /** The same, once the runtime has taken it away. */
    PodAttachment gone() {
        return in(Stage.DETACHED);
    }

    /** The same, once its namespace was found to be gone. */
    PodAttachment lost() {
        return detached() ? this : in(Stage.LOST);
    }

    private PodAttachment in(Stage other) {
        return new PodAttachment(containerId, network, pod, netns, identity, ifname, etcd, since, other);
    }

    LocalPod local() {
        return new LocalPod(pod, Path.of(netns), identity);
    }
}
