package io.meshnet.reconciler.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.bpf.BpfProgram;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.LinkBatch;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.NewLink;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.netlink.TrafficControl;
import io.meshnet.netlink.Vxlan;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/**
 * A node: its own namespace, its patch namespace with the vxlan device, and the programs and maps.
 * Closing it deletes all of that.
 */
final class TestNode implements AutoCloseable {

    static final int MTU = 1450;
    static final int VXLAN_PORT = 4790;
    private static final int VXLAN = 7;
    private static final int LOOPBACK = 1;

    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final TestNamespace node;
    private final TestNamespace patch;
    private final WireMaps maps;
    private final BpfProgram portProgram;
    private final InetAddress local;

    /**
     * @param local the source address of outer packets; the caller joins the node to an underlay
     */
    TestNode(String role, String local) {
        this.local = address(local);
        node = namespace(role);
        patch = namespace(role + "-patch");
        patch.netns().sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        patch.netns().sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        maps = WireMaps.create();
        undo.push(maps::close);
        node.socket()
                .links()
                .createVxlan(
                        new NewLink(patch.netns(), "vx0", VXLAN, MTU, MacAddress.NONE, 0, ""),
                        Vxlan.external(VXLAN_PORT));
        portProgram = loadPort();
        undo.push(portProgram::close);
        try (BpfProgram tunnel = loadTunnel()) {
            TrafficControl control = patch.socket().trafficControl();
            control.attachClsact(VXLAN);
            control.attachBpf(VXLAN, tunnel.fd(), tunnel.name());
            control.attachClsact(LOOPBACK, Wiring.PORTS, Wiring.FROM_PORTS);
            control.attachBpfToBlock(Wiring.PORTS, portProgram.fd(), portProgram.name());
        }
        patch.socket().links().up(VXLAN, true);
    }

    private TestNamespace namespace(String role) {
        TestNamespace namespace = TestNamespace.create(role);
        undo.push(namespace::close);
        return namespace;
    }

    static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    BpfProgram loadPort() {
        return BpfProgram.load(
                "meshnet_port",
                WirePrograms.port(
                        maps.ports(), maps.tunnels(), maps.numbers(), VXLAN, local instanceof Inet6Address, local));
    }

    private BpfProgram loadTunnel() {
        return BpfProgram.load(
                "meshnet_tunnel",
                WirePrograms.tunnel(maps.ports(), maps.tunnels(), maps.numbers(), local instanceof Inet6Address));
    }

    WireMaps maps() {
        return maps;
    }

    TestNamespace node() {
        return node;
    }

    TestNamespace patch() {
        return patch;
    }

    /** Closes its descriptors of programs and maps, as the end of a process does. */
    void forget() {
        portProgram.close();
        maps.close();
    }

    /** Makes a pod whose interface has an address of 10.1.0.0/24. */
    TestPod addPod(String name, int number, int mtu) {
        TestNamespace pod = namespace(name);
        pod.netns().sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        pod.netns().sysctl("net/ipv6/conf/default/disable_ipv6", "1");
        int port = addPort(pod, "eth1", mtu);
        String address = "10.1.0." + number;
        pod.socket().links().raise(pod.link("eth1").ifindex(), List.of(new InterfaceAddress(address(address), 24)));
        return new TestPod(pod, address, port);
    }

    /**
     * Makes a port whose interface in the pod is down and without an address.
     *
     * @return its ifindex
     */
    int addPort(TestNamespace pod, String ifname, int mtu) {
        int port = maps.takeIfindexes(1);
        NewLink inside = new NewLink(pod.netns(), ifname, 0, mtu, MacAddress.NONE, 0, "");
        NewLink outside = new NewLink(patch.netns(), "p" + port, port, 65_535, MacAddress.NONE, 77, "");
        node.socket().links().createVeth(inside, outside);
        equip(patch.socket(), port, pod.name());
        return port;
    }

    private void equip(RouteSocket socket, int port, String alias) {
        try (LinkBatch batch = new LinkBatch(socket, 2)) {
            batch.equip(port, Wiring.PORTS, Wiring.FROM_PORTS, alias);
            batch.up(port, true);
            assertThat(batch.send()).isEqualTo(new BitSet());
        }
    }

    /** Joins a pod to a pod of another node. */
    void wire(int vni, TestPod pod, TestNode other, boolean fragment) {
        wire(vni, pod.port(), other, fragment);
    }

    /** Joins a port to a pod of another node. */
    void wire(int vni, int port, TestNode other, boolean fragment) {
        maps.toNode(port, VXLAN, vni, other.local, fragment);
        maps.fromNode(vni, port, other.local);
    }

    /** The MAC of the vxlan device. */
    MacAddress vxlanMac() {
        return patch.link("vx0").mac();
    }

    @Override
    public void close() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
    }
}
