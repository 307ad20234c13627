package io.meshnet.reconciler;

import io.meshnet.netlink.Errno;
import io.meshnet.netlink.LinkDeletion;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.NetnsId;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.topology.PodName;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.function.BiConsumer;

/**
 * The namespaces of some pods, held open while their links are looked at and changed. They are never kept: an open handle keeps a
 * namespace alive, and with it the interfaces of a pod that is gone. For the kernel thread only.
 */
final class OpenPods implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(OpenPods.class.getName());

    /**
     * What opening a namespace that is gone fails with: no such path, process or directory, or a file that is no namespace (any more):
     * ENOENT, ESRCH, ENOTDIR, EINVAL, ENOTTY of errno(3).
     */
    private static final Set<Integer> GONE = Set.of(Errno.ENOENT, 3, 20, Errno.EINVAL, 25);

    /** One pod's namespace and a socket in it. */
    record OpenPod(Netns netns, RouteSocket socket) {

        private static OpenPod in(Netns netns) {
            try {
                return new OpenPod(netns, RouteSocket.open(netns));
            } catch (RuntimeException | Error e) {
                netns.close();
                throw e;
            }
        }

        /** @param freeing see {@link KernelThread#freeing} */
        LinkDeletion deletion(ExecutorService freeing) {
            return new LinkDeletion(netns, socket, freeing);
        }

        private void close() {
            socket.close();
            netns.close();
        }
    }

    private final Map<PodName, OpenPod> open = new LinkedHashMap<>();

    private OpenPods() {}

    /**
     * Opens the namespace of a pod and of others that it has to do with. One that is gone, or is another namespace by now, is left out,
     * and so is any other than the first that cannot be opened.
     *
     * @param node socket in the node's namespace
     * @param pod whose namespace may be gone, but has to be one that can be worked in
     * @throws NetlinkException when the pod's cannot be opened
     * @throws WiringException when the pod's is the node's own
     */
    static OpenPods open(RouteSocket node, LocalPod pod, Collection<LocalPod> others) {
        OpenPods all = new OpenPods();
        try {
            all.openOne(pod, node.netnsId());
            for (LocalPod other : others) {
                try {
                    all.openOne(other, node.netnsId());
                } catch (NetlinkException | WiringException e) {
                    LOG.log(Level.WARNING, "pod {0}: {1}", other.pod(), e.getMessage());
                }
            }
            return all;
        } catch (RuntimeException | Error e) {
            all.close();
            throw e;
        }
    }

    private void openOne(LocalPod pod, NetnsId own) {
        Netns netns;
        try {
            netns = Netns.open(pod.netns());
        } catch (NetlinkException e) {
            if (!GONE.contains(e.errno())) {
                throw e;
            }
            LOG.log(Level.DEBUG, "pod {0}: {1}", pod.pod(), e.getMessage());
            return;
        }
        OpenPod opened = OpenPod.in(netns);
        boolean kept = false;
        try {
            kept = isOf(pod, opened.socket().netnsId(), own);
        } finally {
            if (!kept) {
                opened.close();
            }
        }
        if (kept) {
            open.put(pod.pod(), opened);
        }
    }

    private static boolean isOf(LocalPod pod, NetnsId id, NetnsId own) {
        if (id.equals(own)) {
            throw new WiringException("net_ns " + pod.netns() + " is the node's own, not a pod's");
        }
        boolean same = pod.identity().isEmpty() || pod.identity().get().equals(id);
        if (!same) {
            LOG.log(Level.WARNING, "pod {0}: {1} leads to another namespace now", pod.pod(), pod.netns());
        }
        return same;
    }

    /** Does something for each that is open. */
    void forEach(BiConsumer<PodName, OpenPod> action) {
        open.forEach(action);
    }

    /** Whether the pod's namespace is there. */
    boolean isOpen(PodName pod) {
        return open.containsKey(pod);
    }

    /** An open pod; one that is not is the caller's mistake. */
    OpenPod pod(PodName pod) {
        OpenPod found = open.get(pod);
        if (found == null) {
            throw new IllegalStateException("the namespace of pod " + pod + " is not open");
        }
        return found;
    }

    /**
     * Looks at all of them: two dumps for each, whatever the number of its links.
     *
     * @param pod the one whose links are at stake
     */
    Observed observe(PodName pod) {
        Map<PodName, Observed.PodDevices> pods = new HashMap<>();
        open.forEach((name, opened) -> pods.put(
                name,
                Observed.PodDevices.of(
                        opened.socket().links().list(),
                        opened.socket().addresses().list())));
        Map<PodName, Integer> netnsids = new HashMap<>();
        OpenPod from = open.get(pod);
        if (from != null) {
            open.forEach(
                    (name, to) -> netnsids.put(name, from.socket().netnsids().find(to.netns())));
        }
        return new Observed(pods, netnsids);
    }

    @Override
    public void close() {
        open.values().forEach(OpenPod::close);
        open.clear();
    }
}
