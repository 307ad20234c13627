package io.meshnet.reconciler;

import io.meshnet.netlink.LinkEvent;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.kernel.MissingNamespaceException;
import io.meshnet.reconciler.kernel.Panel;
import io.meshnet.reconciler.kernel.PatchMount;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.state.NodeIdentity;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The node's patch namespace: all ports and wires of the node are in it. A mount keeps it alive
 * while no daemon runs. The daemon opens it when it first needs it, and makes it if there is none.
 * Safe for use by any thread; the work is done by the kernel thread.
 */
public final class PatchNamespace implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PatchNamespace.class.getName());

    private final NodeIdentity node;
    private final KernelThread kernel;
    private final PatchMount mount;
    private final List<Consumer<Set<Integer>>> listeners = new CopyOnWriteArrayList<>();

    /** Only the kernel thread uses panel and watch. */
    private Optional<Panel> panel = Optional.empty();

    private Optional<PatchWatch> watch = Optional.empty();

    /**
     * Opens nothing yet.
     *
     * @param node this node
     * @param kernel the node's kernel thread; stays the caller's
     * @param mount path of the mount that holds the namespace
     * @param isFrontMounting whether the CNI front makes namespace and mount, for a daemon in a container
     */
    public PatchNamespace(NodeIdentity node, KernelThread kernel, Path mount, boolean isFrontMounting) {
        this.node = node;
        this.kernel = kernel;
        this.mount = new PatchMount(mount, isFrontMounting);
    }

    /**
     * Calls the listener whenever ports changed without the daemon, from now on.
     *
     * @param listener gets the groups of the ports; called on the kernel thread, must be quick
     */
    void listen(Consumer<Set<Integer>> listener) {
        listeners.add(listener);
    }

    /** Stops calling the listener. */
    void forget(Consumer<Set<Integer>> listener) {
        listeners.remove(listener);
    }

    /**
     * Opens the namespace, and makes it if there is none.
     *
     * @return completes with the path at which the CNI front has to make the namespace; empty when the namespace is open. Fails when it
     *     cannot be made.
     */
    public CompletableFuture<Optional<Path>> require() {
        return kernel.submit(socket -> {
            try {
                if (mount.isFrontMounting()
                        && panel.isPresent()
                        && !mount.holds(panel.get().netns())) {
                    replace(socket);
                }
                panel(socket);
                return Optional.empty();
            } catch (MissingNamespaceException e) {
                return Optional.of(e.path());
            }
        });
    }

    /**
     * Moves to the namespace that the front made after somebody unmounted the first one. All ports
     * are made again there.
     */
    private void replace(RouteSocket socket) {
        Optional<Netns> other = mount.find();
        if (other.isEmpty()) {
            throw new MissingNamespaceException(mount.path());
        }
        other.get().close();
        Set<Integer> groups = groups(panel.get());
        LOG.log(
                Level.WARNING,
                "the patch namespace was unmounted; another one is mounted at {0} now, and all ports are made anew in it",
                mount.path());
        for (int group : groups) {
            panel.get().release(group, () -> {});
        }
        closePanel();
        panel(socket);
        tell(groups);
    }

    private static Set<Integer> groups(Panel panel) {
        Set<Integer> groups = new HashSet<>();
        panel.ports().forEach(port -> groups.add(port.group()));
        return groups;
    }

    /**
     * Opens the namespace unless it is open. For the kernel thread.
     *
     * @param socket in the node's own namespace
     * @throws MissingNamespaceException when the CNI front has to make it first
     */
    Panel panel(RouteSocket socket) {
        if (panel.isEmpty()) {
            Optional<Netns> found = mount.find();
            Netns netns = found.orElseGet(mount::make);
            if (found.isEmpty()) {
                LOG.log(Level.INFO, "the patch namespace is new, and mounted at {0}", mount.path());
            }
            boolean opened = false;
            try {
                // The watch starts before the panel lists the namespace, so that no change is
                // missed.
                PatchWatch watching = PatchWatch.start(netns, this::take);
                watch = Optional.of(watching);
                panel = Optional.of(new Panel(socket, node, netns, kernel.freeing()));
                opened = true;
            } finally {
                if (!opened) {
                    watch.ifPresent(PatchWatch::close);
                    watch = Optional.empty();
                    netns.close();
                }
            }
        }
        return panel.get();
    }

    /** Handles notifications of the kernel. Called on the watch's thread. */
    private void take(List<LinkEvent> events) {
        var _ = kernel.submit(socket -> {
            if (panel.isPresent()) {
                tell(changed(socket, panel.get(), events));
            }
            return null;
        });
    }

    /** The last notification of a device, and whether one of its notifications was a deletion. */
    private record Told(Optional<ObservedPort> last, boolean wasDeleted) {}

    /** Looks again at each device whose notifications differ from what the panel knows. */
    private static Set<Integer> changed(RouteSocket socket, Panel panel, List<LinkEvent> events) {
        Map<Integer, Told> told = new HashMap<>();
        boolean isTunnelHarmed = false;
        for (LinkEvent event : events) {
            switch (event) {
                case LinkEvent.Overflow _ -> {
                    return panel.refresh(socket, false);
                }
                case LinkEvent.Deleted deleted when Panel.isTunnel(deleted.link()) -> isTunnelHarmed = true;
                case LinkEvent.Changed changed
                when Panel.isTunnel(changed.link()) ->
                    isTunnelHarmed = !changed.link().isUp();
                case LinkEvent.Changed changed ->
                    told.merge(
                            changed.link().ifindex(),
                            new Told(ObservedPort.of(changed.link()), false),
                            (before, now) -> new Told(now.last(), before.wasDeleted()));
                case LinkEvent.Deleted deleted -> told.put(deleted.link().ifindex(), new Told(Optional.empty(), true));
                case LinkEvent.AddressAdded _, LinkEvent.AddressDeleted _, LinkEvent.NetnsGone _ -> {
                    // Nothing has an address here.
                }
            }
        }
        Set<Integer> groups = new HashSet<>();
        if (isTunnelHarmed) {
            groups.addAll(panel.refresh(socket, true));
        }
        told.forEach((ifindex, news) -> {
            boolean isKnown = !news.wasDeleted()
                    && panel.port(ifindex).equals(news.last())
                    && news.last().isPresent();
            if (!isKnown) {
                groups.addAll(panel.look(ifindex, news.wasDeleted()));
            }
        });
        return groups;
    }

    private void tell(Set<Integer> groups) {
        if (!groups.isEmpty()) {
            listeners.forEach(listener -> listener.accept(groups));
        }
    }

    /**
     * Inspects the mount and the namespace. It repairs mount, tunnel device, programs and maps, and
     * deletes the ports of pods that have left this node.
     *
     * @param living gives the groups of all pods of this node; called on the kernel thread, where no port is made meanwhile
     * @return completes with the groups whose pods have to be reconciled, which the listeners get as well
     */
    public CompletableFuture<Set<Integer>> inspect(Supplier<Set<Integer>> living) {
        return kernel.submit(socket -> {
            if (panel.isEmpty() && mount.isFrontMounting() && !mount.isThere()) {
                return Set.of();
            }
            Panel open = panel(socket);
            if (!mount.isFrontMounting() && !mount.holds(open.netns())) {
                LOG.log(Level.WARNING, "the patch namespace was unmounted, and is mounted at {0} again", mount.path());
                open.netns().mountAt(mount.path());
            }
            Set<Integer> changed = open.refresh(socket, true);
            Set<Integer> stale = groups(open);
            stale.removeAll(living.get());
            for (int group : stale) {
                int count = open.release(group, () -> {});
                LOG.log(Level.INFO, "{0} ports of a pod that is gone are deleted", Integer.toString(count));
            }
            tell(changed);
            return changed;
        });
    }

    private void closePanel() {
        watch.ifPresent(PatchWatch::close);
        watch = Optional.empty();
        panel.ifPresent(Panel::close);
        panel = Optional.empty();
    }

    /** Closes the daemon's handles; ports, wires and the namespace stay. */
    @Override
    public void close() {
        kernel.submit(_ -> {
                    closePanel();
                    return null;
                })
                .join();
    }
}
