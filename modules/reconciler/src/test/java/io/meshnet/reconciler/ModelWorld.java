package io.meshnet.reconciler;

import io.meshnet.reconciler.ModelKernel.Killed;
import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Some nodes, the store between them, and what is under way from one to the other. */
final class ModelWorld {

    /**
     * More rounds than any schedule needs until nothing is left to do; each link is made in the
     * first or second.
     */
    private static final int ROUNDS = 10;

    /** A container that was deleted. */
    private record Deleted(ModelNode node, PodName pod, String container) {}

    private final ModelStore store = new ModelStore();
    private final Set<String> alive = new HashSet<>();
    private final List<ModelNode> nodes;
    private final List<PeerUpdate> puts = new ArrayList<>();
    private final List<Deleted> deleted = new ArrayList<>();
    private int containers;

    ModelWorld(List<NodeIdentity> identities) {
        identities.forEach(identity -> alive.add(identity.name()));
        nodes = identities.stream()
                .map(identity -> new ModelNode(identity, store, alive))
                .toList();
        nodes.forEach(ModelNode::snapshot);
    }

    ModelNode node(int number) {
        return nodes.get(number % nodes.size());
    }

    List<ModelNode> nodes() {
        return nodes;
    }

    ModelStore store() {
        return store;
    }

    Set<String> alive() {
        return alive;
    }

    void declare(PodName pod, List<DeclaredLink> links) {
        store.declare(pod, links);
        publish(pod);
    }

    void add(PodName pod, int number) {
        ModelNode node = node(number);
        try {
            node.add(pod, "c" + containers++);
            puts.addAll(node.updates(pod));
        } finally {
            publish(pod);
        }
    }

    /**
     * The runtime deletes a container, and ends its namespace when the daemon has answered, or
     * before.
     */
    void delete(int number, int container, boolean isLate) {
        ModelNode node = node(number);
        if (node.containers().isEmpty()) {
            return;
        }
        String id = node.containers().get(container % node.containers().size());
        PodName pod = node.pod(id);
        Namespace namespace = node.namespace(id);
        deleted.add(new Deleted(node, pod, id));
        try {
            if (isLate) {
                node.destroy(id);
            }
            node.delete(pod, id);
        } finally {
            node.kernel().destroy(namespace);
            publish(pod);
        }
    }

    void deleteAgain(int container) {
        if (!deleted.isEmpty()) {
            Deleted again = deleted.get(container % deleted.size());
            try {
                again.node().delete(again.pod(), again.container());
            } finally {
                publish(again.pod());
            }
        }
    }

    /** A container's namespace ends, and the runtime says nothing of it yet. */
    void vanish(int number, int container) {
        ModelNode node = node(number);
        if (!node.containers().isEmpty()) {
            node.destroy(node.containers().get(container % node.containers().size()));
        }
    }

    private void publish(PodName pod) {
        nodes.forEach(node -> node.inbox().add(store.read(pod)));
    }

    void deliver(int number, int event, boolean again) {
        List<PodRecord> inbox = node(number).inbox();
        if (!inbox.isEmpty()) {
            int index = event % inbox.size();
            node(number).take(again ? inbox.get(index) : inbox.remove(index));
        }
    }

    void lose(int number, int event) {
        List<PodRecord> inbox = node(number).inbox();
        if (!inbox.isEmpty()) {
            inbox.remove(event % inbox.size());
        }
    }

    void put(int update, boolean again) {
        if (!puts.isEmpty()) {
            int index = update % puts.size();
            PeerUpdate put = again ? puts.get(index) : puts.remove(index);
            nodes.stream()
                    .filter(node -> node.identity().vtep().equals(put.node()))
                    .forEach(node -> node.take(put.update()));
        }
    }

    void losePut(int update) {
        if (!puts.isEmpty()) {
            puts.remove(update % puts.size());
        }
    }

    /** Somebody who is no daemon asks for an interface, with a name and a VNI of a link or not. */
    void forge(int number, int container, String ifname, int vni) {
        VtepUpdate update = new VtepUpdate(
                Path.of("/run/netns/c" + container), ifname, Optional.empty(), NumericAddress.parse("10.9.9.9"), vni);
        node(number).take(update);
    }

    /** A step in which a daemon is killed after some system calls, and started again. */
    void kill(int number, int steps, Step during) {
        ModelNode node = node(number);
        node.kernel().killAfter(steps);
        try {
            during.take(this);
        } catch (Killed e) {
            node.restart();
            return;
        }
        node.restart();
    }

    /** Somebody in a pod does something to one of its interfaces. */
    void tamper(int number, int container, int which, Tampering how) {
        ModelNode node = node(number);
        if (node.containers().isEmpty()) {
            return;
        }
        Namespace namespace = node.namespace(
                node.containers().get(container % node.containers().size()));
        List<ModelInterface> there = namespace.interfaces();
        if (!there.isEmpty() && namespace.isAlive()) {
            how.take(node, namespace, there.get(which % there.size()));
        }
    }

    /** Somebody in a pod makes an interface of that name. */
    void foreign(int number, int container, String name) {
        ModelNode node = node(number);
        if (!node.containers().isEmpty()) {
            Namespace namespace = node.namespace(
                    node.containers().get(container % node.containers().size()));
            if (namespace.isAlive()) {
                node.kernel().foreign(namespace, name);
            }
        }
    }

    void toggle(int number) {
        String name = node(number).identity().name();
        if (!alive.remove(name)) {
            alive.add(name);
        }
    }

    /**
     * Nothing more happens: every node is alive and follows the store, and does what there is to
     * do.
     */
    void settle() {
        puts.clear();
        nodes.forEach(node -> alive.add(node.identity().name()));
        nodes.forEach(this::deleteDead);
        for (int round = 0; round < ROUNDS; round++) {
            long before = store.revision();
            boolean isIdle = true;
            for (ModelNode node : nodes) {
                node.inbox().clear();
                node.notice();
                node.snapshot();
                for (PodName pod : store.all().keySet()) {
                    isIdle &= !node.reconcile(pod);
                }
                node.inspect();
            }
            if (isIdle && store.revision() == before) {
                return;
            }
        }
        throw new AssertionError("there is still something to do after " + ROUNDS + " rounds: "
                + nodes.stream()
                        .map(node -> node.identity().name() + " " + node.undone())
                        .toList());
    }

    /** A runtime deletes what has ended, some time. */
    private void deleteDead(ModelNode node) {
        for (String id : node.containers()) {
            if (!node.namespace(id).isAlive()) {
                node.delete(node.pod(id), id);
            }
        }
    }
}
