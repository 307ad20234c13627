package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** A real etcd of one member in the underlay's namespace. Its data outlives a stop or a kill. */
final class Etcd {

    /** Where clients find it. */
    static final String ENDPOINT = "http://" + Underlay.ADDRESS + ":2379";

    private static final String PEER_URL = "http://127.0.0.1:2380";

    private final String netns;
    private final String name = "etcd-" + UUID.randomUUID();
    private final Path data;
    private final Path log;
    private Daemon daemon;

    Etcd(Underlay underlay) {
        netns = underlay.fabric();
        Path directory = underlay.directory("etcd");
        data = directory.resolve("data");
        log = directory.resolve("log");
        underlay.undo().add(this::kill);
    }

    void start() {
        daemon = Daemon.start("etcd", command(), log);
        eventually(() -> {
            assertThat(daemon.running()).as("etcd runs; its log:%n%s", log()).isTrue();
            assertThat(etcdctl("endpoint", "health").run().status()).isZero();
        });
    }

    private Command command() {
        return Command.of(
                        "etcd",
                        "--name=" + name,
                        "--data-dir=" + data,
                        "--listen-client-urls=" + ENDPOINT,
                        "--advertise-client-urls=" + ENDPOINT,
                        "--listen-peer-urls=" + PEER_URL,
                        "--initial-advertise-peer-urls=" + PEER_URL,
                        "--initial-cluster=" + name + "=" + PEER_URL,
                        "--heartbeat-interval=20",
                        "--election-timeout=200")
                .inside(netns);
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

    void put(String key, String value) {
        etcdctl("put", "--", key).fed(value).output();
    }

    void delete(String key) {
        etcdctl("del", key).output();
    }

    /** The value of a key; the empty string when it has none. */
    String get(String key) {
        return all().getOrDefault(key, "");
    }

    /** Every key with its value. */
    Map<String, String> all() {
        JsonNode answer =
                Json.parse(etcdctl("get", "", "--from-key", "--write-out=json").output());
        var pairs = new TreeMap<String, String>();
        answer.path("kvs").forEach(pair -> pairs.put(decoded(pair.path("key")), decoded(pair.path("value"))));
        return pairs;
    }

    /** Removes every key. */
    void clear() {
        etcdctl("del", "", "--from-key").output();
    }

    String log() {
        return Daemon.text(log);
    }

    private Command etcdctl(String... arguments) {
        return Command.of("etcdctl", "--endpoints=" + ENDPOINT, "--dial-timeout=5s")
                .and(arguments)
                .inside(netns)
                .with(Map.of("ETCDCTL_API", "3"));
    }

    private static String decoded(JsonNode base64) {
        return new String(Base64.getDecoder().decode(base64.asText()), StandardCharsets.UTF_8);
    }
}
