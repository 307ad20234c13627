package io.meshnet.reconciler.kernel;

import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.NetnsId;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.state.LinkException;
import io.meshnet.reconciler.state.LocalPod;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.Set;

/**
 * The namespace of a pod, open while interfaces are made in it. It is closed after each turn: an
 * open handle would keep a namespace alive, and with it the interfaces of a pod that is gone. For
 * the kernel thread only.
 *
 * @param netns the namespace
 * @param socket a socket in it
 */
public record PodNamespace(Netns netns, RouteSocket socket) implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PodNamespace.class.getName());

    private static final int ESRCH = 3;
    private static final int ENOTDIR = 20;
    private static final int EINVAL = 22;
    private static final int ENOTTY = 25;
    private static final int ENOENT = 2;

    /** What opening a namespace that is gone fails with: no such path or process, or a file that is no namespace (errno(3)). */
    private static final Set<Integer> GONE = Set.of(ENOENT, ESRCH, ENOTDIR, EINVAL, ENOTTY);

    /**
     * Opens the namespace of a pod. The caller closes it.
     *
     * @param node socket in the node's namespace
     * @return empty when the namespace is gone, or when its path leads to another one by now
     * @throws NetlinkException when the namespace cannot be opened
     * @throws LinkException when the path leads to the node's own namespace
     */
    public static Optional<PodNamespace> open(RouteSocket node, LocalPod pod) {
        Netns netns;
        try {
            netns = Netns.open(pod.netns());
        } catch (NetlinkException e) {
            if (!GONE.contains(e.errno())) {
                throw e;
            }
            LOG.log(Level.DEBUG, "pod {0}: {1}", pod.pod(), e.getMessage());
            return Optional.empty();
        }
        boolean kept = false;
        try {
            if (!isOf(pod, netns.id(), node.netnsId())) {
                return Optional.empty();
            }
            PodNamespace opened = new PodNamespace(netns, RouteSocket.open(netns));
            kept = true;
            return Optional.of(opened);
        } finally {
            if (!kept) {
                netns.close();
            }
        }
    }

    private static boolean isOf(LocalPod pod, NetnsId found, NetnsId own) {
        if (found.equals(own)) {
            throw new LinkException("net_ns " + pod.netns() + " is the node's own, not a pod's");
        }
        boolean same = pod.identity().isEmpty() || pod.identity().get().equals(found);
        if (!same) {
            LOG.log(Level.WARNING, "pod {0}: {1} leads to another namespace now", pod.pod(), pod.netns());
        }
        return same;
    }

    @Override
    public void close() {
        socket.close();
        netns.close();
    }
}
