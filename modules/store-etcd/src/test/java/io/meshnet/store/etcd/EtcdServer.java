package io.meshnet.store.etcd;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A real etcd member on loopback, for tests: the binary {@code etcd} of the PATH, on ports that were free, with its data in a directory of
 * the caller. It is a cluster of its own unless made by {@link EtcdCluster}. It can be stopped, started again on the same data, and paused.
 * Closing it kills it.
 */
final class EtcdServer implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(30);

    private final Path directory;
    private final String name;
    private final int clientPort;
    private final int peerPort;
    private final String cluster;
    private Process process;

    private EtcdServer(Path directory, String name, int clientPort, int peerPort, String cluster) {
        this.directory = directory;
        this.name = name;
        this.clientPort = clientPort;
        this.peerPort = peerPort;
        this.cluster = cluster;
    }

    /** Starts a new etcd and waits until it serves. */
    static EtcdServer start(Path directory) throws IOException {
        int[] ports = freePorts(2);
        var server = alone(directory, ports[0], ports[1]);
        server.start();
        return server;
    }

    private static EtcdServer alone(Path directory, int clientPort, int peerPort) {
        return new EtcdServer(directory, "test", clientPort, peerPort, member("test", peerPort));
    }

    /** The members of a new cluster, none of which is started. */
    static List<EtcdServer> members(Path directory, int count) throws IOException {
        int[] ports = freePorts(2 * count);
        String cluster = IntStream.range(0, count)
                .mapToObj(i -> member("test" + i, ports[2 * i]))
                .collect(Collectors.joining(","));
        return IntStream.range(0, count)
                .mapToObj(i -> new EtcdServer(directory, "test" + i, ports[2 * i + 1], ports[2 * i], cluster))
                .toList();
    }

    private static String member(String name, int peerPort) {
        return name + "=http://127.0.0.1:" + peerPort;
    }

    private static int[] freePorts(int count) throws IOException {
        var sockets = new ArrayList<ServerSocket>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return sockets.stream().mapToInt(ServerSocket::getLocalPort).toArray();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    Endpoints endpoints() {
        return Endpoints.parse("http://127.0.0.1:" + clientPort);
    }

    /**
     * The same data served at another port, so that nobody who knows {@link #endpoints} finds it. For a stopped server.
     */
    EtcdServer elsewhere() throws IOException {
        var server = alone(directory, freePorts(1)[0], peerPort);
        server.start();
        return server;
    }

    /** Starts a server that was stopped, with the data it had. */
    void start() throws IOException {
        launch();
        awaitHealthy();
    }

    /** As {@link #start}, without waiting: a member serves only together with most of the others. */
    void launch() throws IOException {
        String clients = "http://127.0.0.1:" + clientPort;
        String peers = "http://127.0.0.1:" + peerPort;
        process = new ProcessBuilder(List.of(
                        "etcd",
                        "--name=" + name,
                        "--data-dir=" + data(),
                        "--listen-client-urls=" + clients,
                        "--advertise-client-urls=" + clients,
                        "--listen-peer-urls=" + peers,
                        "--initial-advertise-peer-urls=" + peers,
                        "--initial-cluster=" + cluster,
                        "--heartbeat-interval=50",
                        "--election-timeout=500",
                        "--logger=zap",
                        "--log-level=error"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .start();
    }

    void awaitHealthy() {
        await("etcd serves; its log: " + log()).atMost(READY).until(this::isHealthy);
    }

    /** Forgets all that was ever written. For a stopped server. */
    void loseData() throws IOException {
        try (var files = Files.walk(data())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    boolean isRunning() {
        return process != null && process.isAlive();
    }

    private Path data() {
        return directory.resolve(name + ".data");
    }

    private Path log() {
        return directory.resolve(name + ".log");
    }

    /** Ends the process without a farewell, as a crash would. */
    void stop() {
        if (!isRunning()) {
            return;
        }
        process.destroyForcibly().onExit().join();
    }

    /** Keeps the process from running, its connections open: what a hanging machine looks like from outside. */
    void pause() throws IOException {
        signal("STOP");
        // Each of its threads stops when it next looks; until then etcd answers.
        await().pollInterval(Duration.ofMillis(1)).until(this::isStopped);
    }

    private boolean isStopped() throws IOException {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            return threads.allMatch(EtcdServer::isStopped);
        }
    }

    /** Whether the state of a thread is T: proc_pid_stat(5). The name before it may contain anything. */
    private static boolean isStopped(Path thread) {
        try {
            String stat = Files.readString(thread.resolve("stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets a paused process run again. */
    void resume() throws IOException {
        signal("CONT");
    }

    @Override
    public void close() {
        stop();
    }

    private void signal(String name) throws IOException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .onExit()
                .join();
    }

    private boolean isHealthy() throws IOException {
        if (!process.isAlive()) {
            throw new IllegalStateException("etcd ended: " + Files.readString(log()));
        }
        var connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + clientPort + "/health").toURL().openConnection();
        try (var body = connection.getInputStream()) {
            return new String(body.readAllBytes(), StandardCharsets.US_ASCII).contains("true");
        } catch (IOException _) {
            return false;
        }
    }
}
