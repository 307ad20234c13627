package io.meshnet.bench;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Network namespaces of a benchmark's own: {@code meshnet-bench-PID-node}, with an underlay, and {@code …-0} and so on for pods. */
final class Namespaces implements AutoCloseable {

    private final String prefix = "meshnet-bench-" + ProcessHandle.current().pid() + "-";
    private final int pods;

    /** Makes a node's and some pods'. */
    Namespaces(int pods) {
        this.pods = pods;
        ip("netns", "add", node());
        ip("-n", node(), "link", "add", "underlay", "up", "type", "bridge");
        ip("-n", node(), "address", "add", "192.0.2.1/24", "dev", "underlay");
        for (int pod = 0; pod < pods; pod++) {
            ip("netns", "add", prefix + pod);
        }
    }

    /** Name of the node's namespace. */
    String node() {
        return prefix + "node";
    }

    /** What the names of the pods' namespaces begin with, before a number. */
    String prefix() {
        return prefix;
    }

    @Override
    public void close() {
        for (int pod = 0; pod < pods; pod++) {
            ip("netns", "delete", prefix + pod);
        }
        ip("netns", "delete", node());
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
