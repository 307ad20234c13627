package io.meshnet.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.Vxlan;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Some nodes, the store between them, and what is under way from one to the other. */
final class ModelWorld {

    /** More rounds than any schedule needs until nothing is left to do; each link is made in the first or second. */
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

    void declare(PodName pod, List<DeclaredLink> links) {
        store.declare(pod, links);
        publish(pod);
    }

    void add(PodName pod, int number) {
        ModelNode node = node(number);
        node.add(pod, "c" + containers++);
        puts.addAll(node.updates(pod));
        publish(pod);
    }

    void delete(int number, int container) {
        ModelNode node = node(number);
        if (!node.containers().isEmpty()) {
            String id = node.containers().get(container % node.containers().size());
            PodName pod = node.pod(id);
            node.delete(pod, id);
            deleted.add(new Deleted(node, pod, id));
            publish(pod);
        }
    }

    void deleteAgain(int container) {
        if (!deleted.isEmpty()) {
            Deleted again = deleted.get(container % deleted.size());
            again.node().delete(again.pod(), again.container());
            publish(again.pod());
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

    void reboot(int number) {
        node(number).reboot();
    }

    void tamper(int number, int container, int what) {
        List<String> there = node(number).containers();
        if (!there.isEmpty()) {
            node(number).tamper(there.get(container % there.size()), what);
        }
    }

    void toggle(int number) {
        String name = node(number).identity().name();
        if (!alive.remove(name)) {
            alive.add(name);
        }
    }

    /** Nothing more happens: every node is alive and follows the store, and does what there is to do. */
    void settle() {
        puts.clear();
        nodes.forEach(node -> alive.add(node.identity().name()));
        for (int round = 0; round < ROUNDS; round++) {
            long before = store.revision();
            nodes.forEach(node -> {
                node.inbox().clear();
                node.snapshot();
            });
            boolean idle = nodes.stream()
                    .allMatch(node -> store.all().keySet().stream().noneMatch(pod -> node.reconcile(pod)));
            if (idle && store.revision() == before) {
                return;
            }
        }
        throw new AssertionError("there is still something to do after " + ROUNDS + " rounds: "
                + nodes.stream()
                        .flatMap(node -> store.all().keySet().stream().map(node::plan))
                        .filter(plan -> !plan.actions().isEmpty())
                        .toList());
    }

    /** Every declared link whose pods run is there once, as declared, and nothing else of ours is. */
    void assertRight(List<PodName> pods) {
        Map<String, Set<String>> expected = new HashMap<>();
        for (PodName pod : pods) {
            Optional<Placement> placement = store.read(pod).placement();
            if (placement.isPresent()) {
                ModelNode node = host(placement.get());
                DesiredLinks.of(view(), node.identity(), pod).orElseThrow().forEach(desired -> {
                    expected.computeIfAbsent(placement.get().containerId(), _ -> new HashSet<>())
                            .addAll(assertRight(pod, desired));
                });
            }
        }
        for (ModelNode node : nodes) {
            for (String container : node.containers()) {
                assertThat(node.namespace(container).devices().keySet())
                        .as("devices of %s in container %s on %s", node.pod(container), container, node.identity())
                        .isSubsetOf(expected.getOrDefault(container, Set.of()));
            }
        }
    }

    /** The store as a node would see it that knows all of it. */
    private Cluster view() {
        Cluster view = new Cluster();
        view.replaceAll(store.all(), alive, store.revision());
        return view;
    }

    private ModelNode host(Placement placement) {
        return nodes.stream()
                .filter(node -> node.identity().hosts(placement))
                .findFirst()
                .orElseThrow();
    }

    /** The names that may be there in a pod's namespace for a link. */
    private Set<String> assertRight(PodName pod, Desired desired) {
        PodLink link = desired.link();
        LinkEnd near = link.first().pod().equals(pod) ? link.first() : link.second();
        LinkEnd far = near.equals(link.first()) ? link.second() : link.first();
        Optional<Link> device = Optional.ofNullable(device(pod, near));
        switch (desired) {
            case Desired.Veth _ -> {
                assertUp(link, near, device);
                Link other = device(far.pod(), far);
                assertThat(device.get().kind()).isEqualTo("veth");
                assertThat(device.get().peer()).as("%s", link).isEqualTo(other.ifindex());
                assertThat(other.peer()).as("%s", link).isEqualTo(device.get().ifindex());
            }
            case Desired.Vxlan vxlan -> {
                assertUp(link, near, device);
                assertThat(device.get().vxlan().map(Vxlan::vni)).as("%s", link).hasValue(link.vni());
                assertThat(device.get().vxlan().flatMap(Vxlan::remote)).hasValue(vxlan.remote());
                assertThat(device.get().protoDown()).as("%s held down", link).isFalse();
            }
            case Desired.Waiting _ ->
                device.ifPresent(tunnel -> {
                    assertThat(tunnel.kind())
                            .as("%s, whose peer does not run", link)
                            .isEqualTo("vxlan");
                    assertThat(tunnel.protoDown()).as("%s held down", link).isTrue();
                });
            case Desired.Disputed disputed -> throw new AssertionError(disputed.reason());
        }
        return Set.of(near.ifname());
    }

    private Link device(PodName pod, LinkEnd end) {
        Placement placement = store.read(pod).placement().orElseThrow();
        return host(placement).namespace(placement.containerId()).devices().get(end.ifname());
    }

    private void assertUp(PodLink link, LinkEnd end, Optional<Link> device) {
        assertThat(device).as("%s at %s", link, end.pod()).isPresent();
        assertThat(device.get().isUp()).as("%s up", link).isTrue();
        assertThat(device.get().alias()).isEqualTo(Marking.of(link, end).alias());
        assertThat(device.get().mac()).isEqualTo(Marking.mac(link, end));
        Placement placement = store.read(end.pod()).placement().orElseThrow();
        assertThat(host(placement).namespace(placement.containerId()).addresses(end.ifname()))
                .as("addresses of %s at %s", link, end.pod())
                .containsExactlyInAnyOrderElementsOf(Planner.addresses(end));
    }
}
