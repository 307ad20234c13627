package io.meshnet.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Network namespaces of a benchmark's own: {@code meshnet-bench-PID-node}, {@code …-patch}, and {@code …-0} and so on for pods. They are
 * removed when the JVM ends, if not before.
 */
final class Namespaces implements AutoCloseable {

    private final String prefix = "meshnet-bench-" + ProcessHandle.current().pid() + "-";
    private final int pods;

    private final Thread removal = new Thread(this::remove);

    /** Makes a node's, its patch namespace and some pods'. */
    Namespaces(int pods) {
        this.pods = pods;
        Runtime.getRuntime().addShutdownHook(removal);
        ip("netns", "add", node());
        ip("netns", "add", patch());
        for (int pod = 0; pod < pods; pod++) {
            ip("netns", "add", prefix + pod);
        }
    }

    /** Name of the node's namespace. */
    String node() {
        return prefix + "node";
    }

    private String patch() {
        return prefix + "patch";
    }

    /** What the names of the pods' namespaces begin with, before a number. */
    String prefix() {
        return prefix;
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(removal);
        remove();
    }

    private void remove() {
        List<String> names = new ArrayList<>(List.of(node(), patch()));
        for (int pod = 0; pod < pods; pod++) {
            names.add(prefix + pod);
        }
        names.stream()
                .filter(name -> Files.exists(Path.of("/run/netns", name)))
                .forEach(name -> ip("netns", "delete", name));
    }

    private static void ip(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "ip";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            int status = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (status != 0) {
                throw new IllegalStateException(String.join(" ", command) + " ended with status " + status);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
