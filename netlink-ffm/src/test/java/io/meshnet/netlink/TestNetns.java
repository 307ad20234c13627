package io.meshnet.netlink;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace for one test, with a handle and a socket in it; closing it deletes it. */
record TestNetns(String name, Netns netns, RouteSocket socket) implements AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();

    static TestNetns create() {
        String name = "meshnet-nl-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        Commands.run("ip", "netns", "add", name);
        Netns netns = Netns.open(Path.of("/run/netns", name));
        return new TestNetns(name, netns, RouteSocket.open(netns));
    }

    Links links() {
        return socket.links();
    }

    Link link(String ifname) {
        return links().find(ifname).orElseThrow(() -> new AssertionError("no link " + ifname + " in " + name));
    }

    /** What {@code ip -n NAME ...} prints. */
    String ip(String... arguments) {
        String[] command = new String[arguments.length + 3];
        command[0] = "ip";
        command[1] = "-n";
        command[2] = name;
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        return Commands.run(command);
    }

    @Override
    public void close() {
        socket.close();
        netns.close();
        Commands.run("ip", "netns", "delete", name);
    }
}
