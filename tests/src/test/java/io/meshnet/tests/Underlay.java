package io.meshnet.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The network that joins the nodes: a bridge in a network namespace of its own, one veth to each node. Nothing of it is in the
 * namespace of the caller. Every name carries the process id, so that several can stand side by side.
 */
final class Underlay implements AutoCloseable {

    /** Address of the bridge, and the nodes' default gateway. */
    static final String ADDRESS = "10.99.0.1";

    /** The nodes' end of the underlay. */
    static final String UPLINK = "uplink";

    /** To have a namespace made that has the inode of the last. */
    private static final int ATTEMPTS = 50;

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Undo undo = new Undo();
    private final String prefix =
            "meshnet-%d-%d".formatted(ProcessHandle.current().pid(), COUNT.incrementAndGet());
    private final AtomicInteger namespaces = new AtomicInteger();
    private final Path directory;
    private final String fabric;

    Underlay() {
        try {
            directory = Files.createTempDirectory(prefix + "-");
            undo.add(() -> removeTree(directory));
            fabric = addNamespace("fabric");
            ip("-n", fabric, "link", "add", "fabric0", "type", "bridge");
            ip("-n", fabric, "address", "add", ADDRESS + "/24", "dev", "fabric0");
            ip("-n", fabric, "link", "set", "fabric0", "up");
        } catch (IOException e) {
            undo.close();
            throw new UncheckedIOException(e);
        } catch (AssertionError e) {
            undo.close();
            throw e;
        }
    }

    /** The namespace of the bridge. */
    String fabric() {
        return fabric;
    }

    /** What has to be undone when the underlay goes, before the namespaces and directories made so far. */
    Undo undo() {
        return undo;
    }

    /** A directory of its own, gone with the underlay. */
    Path directory(String name) {
        try {
            return Files.createDirectory(directory.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A new namespace with its loopback up.
     *
     * @return its name, which contains {@code role}
     */
    String addNamespace(String role) {
        String netns = "%s-%d-%s".formatted(prefix, namespaces.incrementAndGet(), role);
        addNamespaceNamed(netns);
        undo.add(() -> removeNamespace(netns));
        return netns;
    }

    /** Removes a namespace, if it is still there. */
    void removeNamespace(String netns) {
        if (Files.exists(Path.of("/run/netns", netns))) {
            ip("netns", "delete", netns);
        }
    }

    /**
     * Puts an empty namespace in the place of one that is there, under the same name and with the same inode, which is what the kernel
     * does by itself when no other is made meanwhile. Where tests beside this one were quicker, and keep it, it has another inode.
     */
    void renewNamespace(String netns) {
        Path place = Path.of("/run/netns", netns);
        Object inode = inode(place);
        for (int attempt = 0;
                attempt < ATTEMPTS && (attempt == 0 || !inode(place).equals(inode));
                attempt++) {
            removeNamespace(netns);
            addNamespaceNamed(netns);
        }
    }

    private static Object inode(Path file) {
        try {
            return Files.getAttribute(file, "unix:ino");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void addNamespaceNamed(String netns) {
        ip("netns", "add", netns);
        ip("-n", netns, "link", "set", "lo", "up");
    }

    /**
     * A namespace that is joined to the bridge.
     *
     * @param number 1 to 99, the last part of its address is that plus ten
     */
    String addNode(String role, int number) {
        String netns = addNamespace(role);
        String port = "port" + number;
        ip("-n", fabric, "link", "add", port, "type", "veth", "peer", "name", UPLINK, "netns", netns);
        ip("-n", fabric, "link", "set", port, "master", "fabric0", "up");
        ip("-n", netns, "address", "add", addressOf(number) + "/24", "dev", UPLINK);
        ip("-n", netns, "link", "set", UPLINK, "up");
        ip("-n", netns, "route", "add", "default", "via", ADDRESS);
        return netns;
    }

    /** The underlay address of a node. */
    static String addressOf(int number) {
        return "10.99.0." + (10 + number);
    }

    @Override
    public void close() {
        undo.close();
    }

    private static void ip(String... arguments) {
        Command.ip(arguments).output();
    }

    private static void removeTree(Path root) {
        Mounts.unmountAll(root);
        try (var paths = Files.walk(root)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
