package io.meshnet.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortSpec;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.DesiredLinks;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What has to be true of a model world in which nothing more happens: each declared interface of a
 * running pod is there, each link whose two pods run carries frames in both directions, and nothing
 * else is there.
 */
final class ModelCheck {

    /** Where an interface is. */
    private record Place(ModelNode node, Namespace namespace) {}

    private final ModelWorld world;
    private final Cluster view = new Cluster();
    private final Map<EndId, Integer> ports = new HashMap<>();
    private final Map<ModelNode, Set<Integer>> expectedPorts = new HashMap<>();
    private final Map<ModelNode, Set<Integer>> expectedWires = new HashMap<>();
    private final Map<ModelNode, Set<Integer>> expectedTunnels = new HashMap<>();

    private ModelCheck(ModelWorld world) {
        this.world = world;
        view.replaceAll(world.store().all(), world.alive(), world.store().revision());
        for (ModelNode node : world.nodes()) {
            expectedPorts.put(node, new HashSet<>());
            expectedWires.put(node, new HashSet<>());
            expectedTunnels.put(node, new HashSet<>());
        }
    }

    /** Fails unless all is right. */
    static void run(ModelWorld world, Iterable<PodName> pods) {
        ModelCheck check = new ModelCheck(world);
        pods.forEach(check::findPorts);
        pods.forEach(check::requireLinks);
        check.requireNothingElse();
    }

    private Optional<Place> place(PodName pod) {
        Optional<Placement> placement = view.find(pod).flatMap(PodRecord::placement);
        return placement.map(found -> {
            ModelNode node = world.nodes().stream()
                    .filter(each -> each.identity().hosts(found))
                    .findFirst()
                    .orElseThrow();
            return new Place(node, node.namespace(found.containerId()));
        });
    }

    private void findPorts(PodName pod) {
        place(pod)
                .ifPresent(place -> DesiredLinks.of(view, place.node().identity(), pod)
                        .orElseThrow()
                        .forEach(desired -> findPort(place, desired)));
    }

    /** An interface that is declared is there, unless the pod has another one of that name. */
    private void findPort(Place place, DesiredLink desired) {
        LinkEnd local = desired.local();
        Optional<ObservedPort> port = place.node().kernel().list().stream()
                .filter(each -> each.group() == place.namespace().number())
                .filter(each -> each.mark()
                        .filter(mark -> mark.ifname().equals(local.ifname()))
                        .isPresent())
                .findFirst();
        if (port.isEmpty()) {
            assertThat(place.namespace().find(local.ifname()))
                    .as("another interface in place of %s", EndId.of(local))
                    .isPresent();
            return;
        }
        int ifindex = port.get().ifindex();
        ModelKernel kernel = place.node().kernel();
        PodLink link = desired.link();
        ports.put(EndId.of(local), ifindex);
        expectedPorts.get(place.node()).add(ifindex);
        assertThat(port.get().mark()).hasValue(PortSpec.mark(place.node().identity(), link, local));
        assertThat(kernel.hasProgram(ifindex))
                .as("program of %s", EndId.of(local))
                .isTrue();
        assertThat(kernel.mtu(ifindex))
                .isEqualTo(PortSpec.patchMtu(port.get().mark().orElseThrow()));
        assertThat(kernel.end(ifindex)
                        .orElseThrow()
                        .defect(place.node().identity().mtu(link), local.address()))
                .as("defect of %s", EndId.of(local))
                .isEmpty();
    }

    private void requireLinks(PodName pod) {
        place(pod)
                .ifPresent(place -> DesiredLinks.of(view, place.node().identity(), pod)
                        .orElseThrow()
                        .forEach(desired -> requireLink(place, desired)));
    }

    private void requireLink(Place place, DesiredLink desired) {
        Optional<Integer> near = Optional.ofNullable(ports.get(EndId.of(desired.local())));
        Optional<Integer> far =
                Optional.ofNullable(ports.get(EndId.of(desired.link().opposite(desired.local()))));
        switch (desired.wire()) {
            case DesiredLink.ToEnd _ -> {
                if (near.isPresent() && far.isPresent()) {
                    expectedWires.get(place.node()).add(near.get());
                    requirePassing(place.node(), near.get(), place.node(), far.get(), desired.link());
                }
            }
            case DesiredLink.ToNode _ -> {
                int vni = desired.link().vni();
                ModelNode other = place(desired.link().opposite(desired.local()).pod())
                        .orElseThrow()
                        .node();
                if (near.isPresent()) {
                    expectedWires.get(place.node()).add(near.get());
                    expectedTunnels.get(place.node()).add(vni);
                }
                if (near.isPresent() && far.isPresent()) {
                    requirePassing(place.node(), near.get(), other, far.get(), desired.link());
                }
            }
            case DesiredLink.Unplugged _ -> {
                // No wire is expected.
            }
            case DesiredLink.Disputed disputed -> throw new AssertionError(disputed.reason());
        }
    }

    /**
     * A frame that the pod at one port sends arrives at the other, as the programs would have it.
     */
    private static void requirePassing(ModelNode from, int port, ModelNode to, int target, PodLink link) {
        PortWire wire = from.kernel().wires().get(port);
        assertThat(wire).as("wire of %s at %s", link, from.identity().name()).isNotNull();
        int arrived = wire.target();
        if (wire.isTunnel()) {
            assertThat(wire.target()).isEqualTo(ModelKernel.TUNNEL);
            assertThat(wire.remote()).hasValue(to.identity().vtep());
            assertThat(wire.isFragmenting()).isEqualTo(from.identity().needsFragments(link));
            TunnelWire tunnel = to.kernel().tunnels().get(wire.vni());
            assertThat(tunnel)
                    .as("tunnel of %s at %s", link, to.identity().name())
                    .isNotNull();
            assertThat(tunnel.remote()).isEqualTo(from.identity().vtep());
            arrived = tunnel.port();
        }
        assertThat(arrived).as("%s from %s", link, from.identity().name()).isEqualTo(target);
        requireUp(from, port, link);
        requireUp(to, target, link);
    }

    private static void requireUp(ModelNode node, int port, PodLink link) {
        assertThat(node.kernel().find(port).orElseThrow().isUp())
                .as("carrier of %s at %s", link, node.identity().name())
                .isTrue();
    }

    private void requireNothingElse() {
        for (ModelNode node : world.nodes()) {
            String name = node.identity().name();
            ModelKernel kernel = node.kernel();
            assertThat(kernel.list())
                    .as("ports of %s", name)
                    .extracting(ObservedPort::ifindex)
                    .containsExactlyInAnyOrderElementsOf(expectedPorts.get(node));
            assertThat(kernel.wires().keySet()).as("wires of %s", name).isEqualTo(expectedWires.get(node));
            assertThat(kernel.tunnels().keySet()).as("tunnels of %s", name).isEqualTo(expectedTunnels.get(node));
            kernel.list()
                    .forEach(port -> assertThat(port.isUp())
                            .as("carrier of port %s of %s", port, name)
                            .isEqualTo(expectedWires.get(node).contains(port.ifindex())));
            for (Namespace namespace : kernel.namespaces()) {
                namespace.interfaces().stream()
                        .filter(ModelInterface::isPort)
                        .forEach(each -> assertThat(kernel.list())
                                .as("port of %s on %s", each, name)
                                .anyMatch(port -> kernel.end(port.ifindex()).orElseThrow() == each));
            }
        }
    }
}
