package io.meshnet.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** One member of an etcd in the underlay's namespace. Its data outlives a stop or a kill. */
final class EtcdMember {
    private final String netns;
    private final String name = "etcd-" + UUID.randomUUID();
    private final String client;
    private final String peer;
    private final Path directory;
    private final Path data;
    private final Path log;
    private final String socket;
    private Daemon daemon;

    /** @param index from 0; decides the ports */
    EtcdMember(Underlay underlay, Path directory, int index) {
        netns = underlay.fabric();
        client = url(index);
        peer = "http://127.0.0.1:" + (2380 + 100 * index);
        this.directory = directory;
        data = directory.resolve("data" + index);
        socket = "localhost:" + index;
        log = directory.resolve("log" + index);
    }

    /** Where clients find the member of an index. */
    static String url(int index) {
        return "http://" + Underlay.ADDRESS + ":" + (2379 + 100 * index);
    }

    /** Where clients find it. */
    String client() {
        return client;
    }

    /** Where it listens besides, for whoever is in no namespace of the underlay's. */
    Path socket() {
        return directory.resolve(socket);
    }

    /** Itself as etcd wants its first members listed. */
    String initial() {
        return name + "=" + peer;
    }

    /**
     * Starts it, unless it runs.
     *
     * @param cluster all first members
     * @param heartbeat in milliseconds; an election begins after ten of them were missed
     */
    void start(String cluster, int heartbeat) {
        if (running()) {
            return;
        }
        try {
            Files.deleteIfExists(socket()); // one that was killed leaves it
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // etcd makes its Unix socket where it is started, and names it as if it were an address.
        Command command = Command.of(
                        "env",
                        "--chdir=" + directory,
                        "etcd",
                        "--name=" + name,
                        "--data-dir=" + data,
                        "--listen-client-urls=" + client + ",unix://" + socket,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=" + cluster,
                        "--heartbeat-interval=" + heartbeat,
                        "--election-timeout=" + 10 * heartbeat)
                .inside(netns);
        daemon = Daemon.start("etcd", command, log);
    }

    boolean running() {
        return daemon != null && daemon.running();
    }

    void stop() {
        daemon.terminate();
    }

    void kill() {
        if (daemon != null) {
            daemon.close();
        }
    }

    String log() {
        return Daemon.text(log);
    }
}
