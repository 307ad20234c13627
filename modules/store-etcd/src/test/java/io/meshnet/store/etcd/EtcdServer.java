package io.meshnet.store.etcd;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A real etcd of one member on loopback, for tests: the binary {@code etcd} of the PATH, on ports that were free, with
 * its data in a directory of the caller. It can be stopped, started again on the same data, and paused. Closing it
 * kills it.
 */
final class EtcdServer implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(30);

    private final Path directory;
    private final int clientPort;
    private final int peerPort;
    private Process process;

    private EtcdServer(Path directory, int clientPort, int peerPort) {
        this.directory = directory;
        this.clientPort = clientPort;
        this.peerPort = peerPort;
    }

    /** Starts a new etcd and waits until it serves. */
    static EtcdServer start(Path directory) throws IOException {
        int[] ports = freePorts();
        var server = new EtcdServer(directory, ports[0], ports[1]);
        server.start();
        return server;
    }

    private static int[] freePorts() throws IOException {
        try (var one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new int[] {one.getLocalPort(), other.getLocalPort()};
        }
    }

    Endpoints endpoints() {
        return Endpoints.parse("http://127.0.0.1:" + clientPort);
    }

    /**
     * The same data served at another port, so that nobody who knows {@link #endpoints} finds it. For a stopped server.
     */
    EtcdServer elsewhere() throws IOException {
        var server = new EtcdServer(directory, freePorts()[0], peerPort);
        server.start();
        return server;
    }

    /** Starts a server that was stopped, with the data it had. */
    void start() throws IOException {
        String clients = "http://127.0.0.1:" + clientPort;
        String peers = "http://127.0.0.1:" + peerPort;
        process = new ProcessBuilder(List.of(
                        "etcd",
                        "--name=test",
                        "--data-dir=" + directory.resolve("data"),
                        "--listen-client-urls=" + clients,
                        "--advertise-client-urls=" + clients,
                        "--listen-peer-urls=" + peers,
                        "--initial-advertise-peer-urls=" + peers,
                        "--initial-cluster=test=" + peers,
                        "--heartbeat-interval=50",
                        "--election-timeout=500",
                        "--logger=zap",
                        "--log-level=error"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("etcd.log").toFile()))
                .start();
        await("etcd serves; its log: " + directory.resolve("etcd.log"))
                .atMost(READY)
                .until(this::isHealthy);
    }

    /** Ends the process without a farewell, as a crash would. */
    void stop() {
        process.destroyForcibly().onExit().join();
    }

    /** Keeps the process from running, its connections open: what a hanging machine looks like from outside. */
    void pause() throws IOException {
        signal("STOP");
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
            throw new IllegalStateException("etcd ended: " + Files.readString(directory.resolve("etcd.log")));
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
