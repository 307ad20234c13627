package io.meshnet.reconciler.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.Netns;
import io.meshnet.reconciler.plan.Action;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortMark;
import io.meshnet.reconciler.plan.PortSpec;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.Examples;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.LocalPod;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.PodName;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A node whose ports the real panel makes, connects and deletes. Closing it deletes everything but
 * the pods.
 */
final class TestPanel implements AutoCloseable {

    private static final String ETH1 = "eth1";
    private static final int UID = 21;
    private static final int VNI = 5021;

    /** It tells of each port and wire, which are many here. */
    private static final Logger RUNNER = Logger.getLogger(ActionRunner.class.getName());

    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final NodeIdentity identity;
    private final TestNamespace node;
    private final TestNamespace patch;
    private final Panel panel;
    private final Map<EndId, TestNamespace> pods = new HashMap<>();

    TestPanel(int number) {
        identity = Examples.node(number);
        Level level = RUNNER.getLevel();
        RUNNER.setLevel(Level.WARNING);
        undo.push(() -> RUNNER.setLevel(level));
        boolean isMade = false;
        try {
            node = namespace("node");
            patch = namespace("patch");
            ExecutorService freeing = Executors.newSingleThreadExecutor();
            undo.push(freeing::close);
            panel = new Panel(node.socket(), identity, Netns.open(Path.of("/run/netns", patch.name())), freeing);
            undo.push(panel::close);
            isMade = true;
        } finally {
            if (!isMade) {
                close();
            }
        }
    }

    private TestNamespace namespace(String role) {
        TestNamespace namespace = TestNamespace.create(role);
        undo.push(namespace::close);
        return namespace;
    }

    TestNamespace node() {
        return node;
    }

    /** The interface {@code eth1} of a pod. */
    private static EndId end(TestNamespace pod) {
        return new EndId(PodName.of(pod.name()), ETH1);
    }

    private static LinkId link(TestNamespace pod, TestNamespace peer) {
        return new LinkId(UID, end(pod), end(peer));
    }

    private static int group(TestNamespace pod) {
        return LocalPod.group(pod.netns().id());
    }

    /** Makes the port of a pod of this node. */
    void make(TestNamespace pod, TestNamespace peer) {
        EndId end = end(pod);
        pods.put(end, pod);
        PortMark mark = PortMark.of(end, new PortMark.OfTopology(UID), Optional.empty(), identity.carried(), false);
        run(pod, new Action.MakePort(link(pod, peer), new PortSpec(end, 0, MacAddress.NONE, mark)));
    }

    /** Connects two pods of this node. */
    void connect(TestNamespace pod, TestNamespace peer) {
        run(pod, new Action.Connect(link(pod, peer), end(pod), end(peer)));
    }

    /** Connects a pod of this node with one of another. */
    void connect(TestNamespace pod, TestNamespace peer, TestPanel other) {
        run(pod, new Action.ConnectNode(link(pod, peer), end(pod), VNI, other.identity.vtep(), false));
    }

    /** Deletes the port of a pod, alone. */
    void delete(TestNamespace pod) {
        run(pod, new Action.DeletePort(port(pod), "to be made again"));
    }

    /** Deletes all ports of a pod, as a DEL does. */
    void release(TestNamespace pod) {
        panel.release(group(pod), () -> {});
    }

    private void run(TestNamespace pod, Action action) {
        ActionRunner runner = new ActionRunner(
                panel,
                end(pod).pod(),
                Optional.of(new PodNamespace(pod.netns(), pod.socket())),
                group(pod),
                end -> Optional.ofNullable(pods.get(end)).flatMap(found -> panel.port(group(found), ETH1)));
        assertThat(runner.run(List.of(action))).isEmpty();
    }

    private ObservedPort port(TestNamespace pod) {
        return panel.port(group(pod), ETH1).orElseThrow();
    }

    /** Asserts that ports and wires are those of these pods, and that there is nothing else. */
    void hasOnly(List<String> otherDevices, TestNamespace... expected) {
        Map<Integer, String> ports = new HashMap<>();
        for (TestNamespace pod : expected) {
            ports.put(port(pod).ifindex(), port(pod).name());
        }
        List<String> devices = devices();
        assertThat(devices).containsAll(ports.values());
        devices.removeAll(ports.values());
        assertThat(devices).isEqualTo(otherDevices);
        assertThat(panel.wires().allPorts().keySet()).isEqualTo(ports.keySet());
        panel.wires().allTunnels().values().forEach(wire -> assertThat(ports).containsKey(wire.port()));
    }

    /** The VNIs of wires that come from other nodes. */
    int tunnels() {
        return panel.wires().allTunnels().size();
    }

    /** The names of all devices of the patch namespace. */
    List<String> devices() {
        return new ArrayList<>(
                patch.socket().links().list().stream().map(Link::name).toList());
    }

    @Override
    public void close() {
        if (!undo.isEmpty()) {
            try {
                undo.pop().run();
            } finally {
                close();
            }
        }
    }
}
