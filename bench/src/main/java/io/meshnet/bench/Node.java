package io.meshnet.bench;

import io.meshnet.netlink.Netns;
import io.meshnet.reconciler.KernelThread;
import io.meshnet.reconciler.PatchNamespace;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** A reconciler with its kernel thread, as the daemon has it, in namespaces that a benchmark has made. */
final class Node implements AutoCloseable {

    private final Cluster cluster = new Cluster();
    private final Map<PodName, LocalPod> local = new ConcurrentHashMap<>();
    private final KernelThread kernel =
            new KernelThread(_ -> Runtime.getRuntime().halt(1));
    private final PatchNamespace patch;
    private final Reconciler reconciler;
    private final String prefix;

    /** Starts it over the namespaces whose names begin with {@code prefix}. */
    Node(String prefix) {
        this.prefix = prefix;
        this.patch = new PatchNamespace(Ports.NODE, kernel, Ports.patch(prefix), false);
        this.reconciler =
                new Reconciler(Ports.NODE, cluster, kernel, patch, pod -> Optional.ofNullable(local.get(pod)));
    }

    static PodName name(int pod) {
        return PodName.of("pod" + pod);
    }

    Reconciler reconciler() {
        return reconciler;
    }

    KernelThread kernel() {
        return kernel;
    }

    /** The pod of that number, which {@link #place} has placed. */
    LocalPod pod(int pod) {
        return local.get(name(pod));
    }

    /** The declaration of a link of a pod. Its name and address follow from its uid. */
    static DeclaredLink link(int uid, int pod, int peer) {
        Prefix near = Prefix.parse("10.%d.%d.1/24".formatted(uid >> 8, uid & 255));
        Prefix far = Prefix.parse("10.%d.%d.2/24".formatted(uid >> 8, uid & 255));
        return new DeclaredLink(
                uid,
                new LinkEnd(name(pod), "to" + uid, Optional.of(near)),
                new LinkEnd(name(peer), "from" + uid, Optional.of(far)));
    }

    /** Places a pod with its links. */
    void place(int pod, List<DeclaredLink> links) {
        var netns = Ports.path(prefix, pod);
        try (Netns opened = Netns.open(netns)) {
            local.put(name(pod), new LocalPod(name(pod), netns, Optional.of(opened.id())));
        }
        var placement = new Placement(Ports.NODE.vtep(), netns.toString(), "container" + pod, Ports.NODE.name());
        var _ = cluster.put(new PodRecord(name(pod), new Declaration.Links(links), Optional.of(placement), pod + 1));
    }

    /** Two pods with links between each other, as many as {@code links} says; none of them is made yet. */
    void placePair(int links) {
        List<DeclaredLink> declared = new ArrayList<>();
        for (int uid = 1; uid <= links; uid++) {
            declared.add(link(uid, 0, 1));
        }
        place(0, declared);
        place(1, List.of());
    }

    /** Reconciles the first pods. */
    void reconcile(int pods) {
        var turns = new CompletableFuture<?>[pods];
        for (int pod = 0; pod < pods; pod++) {
            turns[pod] = reconciler.reconcile(name(pod)).thenAccept(outcome -> {
                if (!outcome.failures().isEmpty()) {
                    throw new IllegalStateException(outcome.failures().toString());
                }
            });
        }
        CompletableFuture.allOf(turns).join();
    }

    @Override
    public void close() {
        reconciler.close();
        patch.close();
        kernel.close();
    }
}
