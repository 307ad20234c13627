package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A node on the underlay that plays the original: its daemon is an {@link OriginalDaemon}, and its plugin writes the seed's keys and
 * calls its peers' daemons. It writes neither a node's name nor a container id, follows no store and announces itself nowhere. Its ADD
 * fails when a peer's call has made an interface before it.
 */
final class OriginalNode {
    private final Underlay underlay;
    private final Etcd etcd;
    private final String netns;
    private final String address;
    private final Path lock;
    private final Path log;
    private final List<OriginalPod> pods = new ArrayList<>();
    private Daemon daemon;

    OriginalNode(Underlay underlay, Etcd etcd, int number) {
        this.underlay = underlay;
        this.etcd = etcd;
        String name = "original" + number;
        netns = underlay.addNode(name, number);
        address = Underlay.addressOf(number);
        Path directory = underlay.directory(name);
        lock = directory.resolve("lock");
        log = directory.resolve("log");
        underlay.undo().add(this::kill);
    }

    /** Starts the daemon and waits until it serves. */
    void start() {
        Command command = Command.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString())
                .and("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath())
                .and(OriginalDaemon.class.getName(), netns, lock.toString())
                .inside(netns);
        daemon = Daemon.start("the original's daemon", command, log);
        eventually(() -> {
            assertThat(daemon.running()).as("it runs; its log:%n%s", log()).isTrue();
            assertThat(http("GET", address, "")).as("status of a GET").isEqualTo(405);
        });
    }

    /** What the daemon needs of the class path, wherever the tests were started from. */
    private static String classPath() {
        return Stream.of(OriginalDaemon.class, ObjectMapper.class, JsonFactory.class, JsonProperty.class)
                .map(OriginalNode::placeOf)
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String placeOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** A pod's first or next incarnation on this node, in a namespace of its own; ADD has not been called. */
    OriginalPod pod(String name) {
        OriginalPod pod = new OriginalPod(name, this, underlay.addNamespace(name));
        pods.add(pod);
        return pod;
    }

    /** Removes the namespaces of all pods so far. */
    void clear() {
        pods.forEach(this::removeNamespace);
        pods.clear();
    }

    void removeNamespace(OriginalPod pod) {
        underlay.removeNamespace(pod.netns());
    }

    private void kill() {
        if (daemon != null) {
            daemon.close();
        }
    }

    Etcd etcd() {
        return etcd;
    }

    String address() {
        return address;
    }

    /** What its daemon was asked for, one line a call. */
    String log() {
        return Daemon.text(log);
    }

    /** Makes an end of a link on this node, where nobody may have made it before. */
    void make(OriginalTunnel tunnel) {
        assertThat(tunnel.exists()).as("EEXIST: somebody made %s", tunnel).isFalse();
        tunnel.make(netns, lock);
    }

    /** Asks the daemon of a node for its end of a link, which has to succeed. */
    void ask(String node, OriginalTunnel tunnel) {
        assertThat(http("PUT", node, tunnel.body())).as("PUT of %s", tunnel).isEqualTo(200);
    }

    private int http(String method, String node, String body) {
        Outcome outcome = Command.of("curl", "--silent", "--max-time", "60", "--request", method)
                .and("--header", "Content-Type:", "--data-binary", "@-")
                .and("--output", "/dev/null", "--write-out", "%{http_code}", "http://" + node + ":8181/vtep")
                .inside(netns)
                .fed(body)
                .run();
        return Integer.parseInt(outcome.out());
    }
}
