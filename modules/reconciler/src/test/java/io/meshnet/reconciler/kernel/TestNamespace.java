package io.meshnet.reconciler.kernel;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.Netns;
import io.meshnet.netlink.RouteSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network namespace for one test, with a handle and a socket in it, used by the thread that made
 * it; closing it deletes it.
 */
record TestNamespace(String name, Netns netns, RouteSocket socket) implements AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();

    static TestNamespace create(String role) {
        String name = "meshnet-wires-%d-%d-%s".formatted(ProcessHandle.current().pid(), COUNT.incrementAndGet(), role);
        Command.output("ip netns add " + name);
        Netns netns = Netns.open(Path.of("/run/netns", name));
        netns.sysctl("net/ipv6/conf/default/accept_dad", "0");
        Command.output("ip -n " + name + " link set lo up");
        return new TestNamespace(name, netns, RouteSocket.open(netns));
    }

    /** What {@code ip -n NAME ...} prints. */
    String ip(String arguments) {
        return Command.output("ip -n " + name + " " + arguments);
    }

    /** Runs a command in the namespace, to its end. */
    Command run(String command) {
        return Command.run("ip netns exec " + name + " " + command);
    }

    Link link(String ifname) {
        return socket.links().find(ifname).orElseThrow(() -> new AssertionError("no link " + ifname + " in " + name));
    }

    /** How many frames an interface has taken. */
    long received(String ifname) {
        String devices = inside(() -> Files.readString(Path.of("/proc/thread-self/net/dev")));
        String line = devices.lines()
                .map(String::strip)
                .filter(each -> each.startsWith(ifname + ":"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + ifname + " in " + name));
        // name, bytes, frames
        return Long.parseLong(line.split("[: ]+", -1)[2]);
    }

    /**
     * Makes a call on a thread in the namespace, which dies afterwards. What the call opens stays
     * in the namespace.
     */
    <T> T inside(Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(() -> {
            try (Posix.File file = Posix.open("/run/netns/" + name)) {
                Posix.enter(file);
            }
            return call.call();
        });
        Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }

    @Override
    public void close() {
        socket.close();
        netns.close();
        Command.output("ip netns delete " + name);
    }
}
