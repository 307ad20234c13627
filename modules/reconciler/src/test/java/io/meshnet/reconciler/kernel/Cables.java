package io.meshnet.reconciler.kernel;

import static io.meshnet.reconciler.kernel.Eventually.eventually;

import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.NewLink;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pods, and cables between their interfaces. The same test runs over each kind of cable. The pods
 * have no IPv6, so that they send nothing by themselves. Closing it deletes everything.
 */
final class Cables implements AutoCloseable {

    /** What a cable is. */
    enum Placement {
        /** A veth from pod to pod, without meshnet: what a wire is compared with. */
        DIRECT_VETH(0),
        /** A wire between two pods of a node. */
        ONE_NODE(1),
        /** A wire between two nodes: each pod is on the other node than the pod added before it. */
        TWO_NODES(2);

        private final int nodes;

        Placement(int nodes) {
            this.nodes = nodes;
        }
    }

    /** A cable; the ports are 0 when it is a direct veth. */
    record Cable(
            int vni,
            TestNamespace left,
            String leftName,
            int leftPort,
            TestNamespace right,
            String rightName,
            int rightPort) {}

    private static final int FIRST_VNI = 5021;

    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final List<TestNode> nodes;
    private final Map<String, TestNode> nodeOf = new HashMap<>();
    private int pods;
    private int cables;

    Cables(Placement placement) {
        boolean isMade = false;
        try {
            nodes = switch (placement) {
                case DIRECT_VETH -> List.of();
                case ONE_NODE -> List.of(node("node", "10.0.0.1"));
                case TWO_NODES -> List.of(node("near", "10.0.0.1"), node("far", "10.0.0.2"));
            };
            if (placement.nodes == 2) {
                TestUnderlay underlay = new TestUnderlay();
                undo.push(underlay::close);
                underlay.join(nodes.getFirst().node(), List.of("10.0.0.1/24"));
                underlay.join(nodes.getLast().node(), List.of("10.0.0.2/24"));
                eventually(
                        "the nodes reach each other",
                        () -> nodes.getFirst()
                                        .node()
                                        .run("ping -q -c 1 -W 1 10.0.0.2")
                                        .status()
                                == 0);
            }
            isMade = true;
        } finally {
            if (!isMade) {
                close();
            }
        }
    }

    private TestNode node(String role, String local) {
        TestNode node = new TestNode(role, local);
        undo.push(node::close);
        return node;
    }

    /** The nodes: none, one or two. */
    List<TestNode> nodes() {
        return nodes;
    }

    /** Makes a pod without an interface. */
    TestNamespace addPod(String name) {
        TestNamespace pod = TestNamespace.create(name);
        undo.push(pod::close);
        pod.netns().sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        pod.netns().sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        if (!nodes.isEmpty()) {
            nodeOf.put(pod.name(), nodes.get(pods++ % nodes.size()));
        }
        return pod;
    }

    /** Makes an interface in each of two pods, up and without an address, and joins them. */
    Cable join(TestNamespace left, String leftName, TestNamespace right, String rightName) {
        int leftPort = 0;
        int rightPort = 0;
        if (nodes.isEmpty()) {
            left.socket().links().createVeth(end(left, leftName), end(right, rightName));
        } else {
            leftPort = nodeOf.get(left.name()).addPort(left, leftName, TestNode.MTU);
            rightPort = nodeOf.get(right.name()).addPort(right, rightName, TestNode.MTU);
        }
        Cable cable = new Cable(FIRST_VNI + cables++, left, leftName, leftPort, right, rightName, rightPort);
        connect(cable);
        left.socket().links().up(left.link(leftName).ifindex(), true);
        right.socket().links().up(right.link(rightName).ifindex(), true);
        return cable;
    }

    private static NewLink end(TestNamespace pod, String ifname) {
        return new NewLink(pod.netns(), ifname, 0, TestNode.MTU, MacAddress.NONE, 0, "");
    }

    private void connect(Cable cable) {
        TestNode near = nodeOf.get(cable.left().name());
        TestNode far = nodeOf.get(cable.right().name());
        if (near == far && near != null) {
            near.maps().connectPorts(cable.leftPort(), cable.rightPort());
        } else if (near != null) {
            near.wire(cable.vni(), cable.leftPort(), far, false);
            far.wire(cable.vni(), cable.rightPort(), near, false);
        }
    }

    /** Makes two pods that are joined by their interfaces {@code eth1}, which have addresses. */
    List<TestPod> pair(String left, String right, int number) {
        TestNamespace one = addPod(left);
        TestNamespace other = addPod(right);
        join(one, "eth1", other, "eth1");
        return List.of(withAddress(one, number), withAddress(other, number + 1));
    }

    /** Gives {@code eth1} of a pod an address of 10.1.0.0/24. */
    TestPod withAddress(TestNamespace pod, int number) {
        String address = "10.1.0." + number;
        pod.ip("address add " + address + "/24 dev eth1");
        return new TestPod(pod, address, 0);
    }

    /** Joins interfaces of a pod by a bridge in it, which forwards everything. */
    static void bridge(TestNamespace pod, String... ifnames) {
        pod.ip("link add br0 type bridge");
        for (String ifname : ifnames) {
            pod.ip("link set " + ifname + " master br0");
        }
        pod.ip("link set br0 up");
    }

    /** A packet socket on an interface of a pod. */
    FrameSocket socket(TestNamespace pod, String ifname) {
        FrameSocket socket = FrameSocket.open(pod, ifname);
        undo.push(socket::close);
        return socket;
    }

    /** Takes a cable out. */
    void cut(Cable cable) {
        if (nodes.isEmpty()) {
            cable.left().ip("link set " + cable.leftName() + " down");
            cable.right().ip("link set " + cable.rightName() + " down");
            return;
        }
        nodeOf.get(cable.left().name()).maps().cutPort(cable.leftPort());
        nodeOf.get(cable.right().name()).maps().cutPort(cable.rightPort());
        if (nodes.size() > 1) {
            nodes.forEach(node -> node.maps().cutTunnel(cable.vni()));
        }
    }

    /** Deletes everything, also when the deletion of something fails. */
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
