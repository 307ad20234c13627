package io.meshnet.store.etcd;

import static org.awaitility.Awaitility.await;

import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Listener;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A process that follows a store and perhaps announces a node, as a daemon does, for tests that put it into a network namespace or kill it.
 * What it knows is a line of its output after every
 * call of its listener. Closing it kills it.
 */
final class NodeProcess implements AutoCloseable {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final Duration DEADLINE = Duration.ofSeconds(2);
    /** Of the announcement. */
    static final Duration TTL = Duration.ofSeconds(2);

    static final String INTERRUPTED = "interrupted";

    private final Process process;
    private final Path output;

    private NodeProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts a process.
     *
     * @param prefix the command that runs the rest of its arguments in the right place
     * @param node what it announces; empty if it only follows
     * @param output a new file
     */
    static NodeProcess start(List<String> prefix, Endpoints endpoints, String node, Path output) throws IOException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath(),
                NodeProcess.class.getName(),
                endpoints.toString(),
                node));
        var process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(new File(output + ".err"))
                .start();
        return new NodeProcess(process, output);
    }

    /** What the tests themselves run with, whether the build has put it on the module path or on the class path. */
    private static String classPath() {
        return Stream.of(
                        Path.of(System.getProperty("basedir", ""), "target", "test-classes")
                                .toString(),
                        System.getProperty("jdk.module.path", ""),
                        System.getProperty("java.class.path"))
                .filter(path -> !path.isEmpty())
                .reduce((one, other) -> one + File.pathSeparator + other)
                .orElseThrow();
    }

    /** Follows until killed. */
    public static void main(String[] args) throws InterruptedException {
        try (var store = EtcdStore.connect(Endpoints.parse(args[0]), DEADLINE);
                var _ = store.subscribe(new Printer())) {
            if (!args[1].isEmpty()) {
                store.announce(args[1], NumericAddress.parse("10.0.0.1"), TTL);
            }
            Thread.currentThread().join();
        }
    }

    /** For one thread, as the calls come one at a time. */
    private static final class Printer implements Listener {
        private final Set<PodName> pods = new TreeSet<>();
        private Set<String> nodes = new TreeSet<>();

        @Override
        public void snapshot(Map<PodName, PodRecord> all, Set<String> alive, long revision) {
            pods.clear();
            pods.addAll(all.keySet());
            nodes(alive);
        }

        @Override
        public void changed(PodRecord pod) {
            if (pod.isVoid()) {
                pods.remove(pod.pod());
            } else {
                pods.add(pod.pod());
            }
            printState();
        }

        @Override
        public void nodes(Set<String> alive) {
            nodes = new TreeSet<>(alive);
            printState();
        }

        @Override
        public void interrupted(StoreException why) {
            print(INTERRUPTED);
        }

        private void printState() {
            print(state(nodes, pods.stream().map(PodName::name).toList()));
        }

        @SuppressWarnings("SystemOut") // It is what this process is for.
        private static void print(String line) {
            System.out.println(line);
        }
    }

    private static String state(Collection<String> nodes, Collection<String> pods) {
        return "nodes " + nodes + " pods " + pods;
    }

    /** What it knew and how that changed. */
    List<String> lines() {
        try {
            return Files.readAllLines(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until these are all nodes and pods that it knows, each in order. */
    void awaitState(List<String> nodes, List<String> pods) {
        awaitLast(state(nodes, pods));
    }

    void awaitInterruption() {
        awaitLast(INTERRUPTED);
    }

    private void awaitLast(String line) {
        await("\"" + line + "\" at the end of " + output)
                .atMost(BOUND)
                .until(() -> process.isAlive()
                        && !lines().isEmpty()
                        && lines().getLast().equals(line));
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
