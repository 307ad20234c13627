package io.meshnet.bench;

import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A node with 16 pods, whose ports are taken away after each iteration. */
@State(Scope.Thread)
public class NodeState {
    private static final int PODS = 16;

    private Namespaces namespaces;
    private Netns netns;
    private RouteSocket node;
    private Ports ports;
    private int next;

    /** Makes the namespaces. */
    @Setup(Level.Trial)
    public void open() {
        namespaces = new Namespaces(PODS);
        netns = Netns.open(Path.of("/run/netns", namespaces.node()));
        node = RouteSocket.open(netns);
        ports = new Ports(node, namespaces.prefix(), PODS);
    }

    /** Takes away the ports that were made. */
    @TearDown(Level.Iteration)
    public void clear() {
        ports.clear();
        ports.removeAddresses();
        next = 0;
    }

    /** Removes the namespaces. */
    @TearDown(Level.Trial)
    public void close() {
        ports.close();
        node.close();
        netns.close();
        namespaces.close();
    }

    Ports ports() {
        return ports;
    }

    /** The number of the next port. */
    int next() {
        return next++;
    }
}
