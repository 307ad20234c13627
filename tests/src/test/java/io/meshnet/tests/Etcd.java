package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A real etcd in the underlay's namespace, of one member or more. Its data outlives a stop or a kill. */
final class Etcd {

    /** Where clients find the first member. */
    static final String ENDPOINT = EtcdMember.url(0);

    /** Bounds of all keys: a zero byte for an end means no end. */
    private static final String FIRST = "\u0001";

    private static final String LAST = "\0";

    private final String netns;
    private final List<EtcdMember> members;

    /** In milliseconds. One member needs no patience with others. */
    private final int heartbeat;

    Etcd(Underlay underlay, int size) {
        netns = underlay.fabric();
        heartbeat = size == 1 ? 20 : 100;
        Path directory = underlay.directory("etcd");
        members = IntStream.range(0, size)
                .mapToObj(index -> new EtcdMember(underlay, directory, index))
                .toList();
        underlay.undo().add(this::kill);
    }

    /** Where clients find the members of an etcd of that size. */
    static String endpoints(int size) {
        return IntStream.range(0, size).mapToObj(EtcdMember::url).collect(Collectors.joining(","));
    }

    /** Starts every member that does not run, and waits until all of them are well. */
    void start() {
        String cluster = members.stream().map(EtcdMember::initial).collect(Collectors.joining(","));
        members.forEach(member -> member.start(cluster, heartbeat));
        eventually(() -> {
            assertThat(running()).as("etcd runs; its log:%n%s", log()).isTrue();
            assertThat(etcdctl("endpoint", "health").run().status()).isZero();
        });
    }

    /** Whether every member runs. */
    boolean running() {
        return members.stream().allMatch(EtcdMember::running);
    }

    void stop() {
        members.forEach(EtcdMember::stop);
    }

    void kill() {
        members.forEach(EtcdMember::kill);
    }

    /** The member that leads at present. */
    EtcdMember leader() {
        for (JsonNode each : statuses()) {
            JsonNode status = each.path("Status");
            if (status.path("header").path("member_id").equals(status.path("leader"))) {
                return member(each.path("Endpoint").asText());
            }
        }
        throw new AssertionError("no member leads; the log:%n%s".formatted(log()));
    }

    /** Has another member lead. */
    void moveLeader() {
        EtcdMember before = leader();
        for (JsonNode each : statuses()) {
            if (!each.path("Endpoint").asText().equals(before.client())) {
                String id = each.path("Status")
                        .path("header")
                        .path("member_id")
                        .bigIntegerValue()
                        .toString(16);
                etcdctlOf(before.client(), "move-leader", id).output();
                return;
            }
        }
        throw new AssertionError("there is no other member");
    }

    private JsonNode statuses() {
        return Json.parse(etcdctl("endpoint", "status", "--write-out=json").output());
    }

    private EtcdMember member(String client) {
        return members.stream()
                .filter(member -> member.client().equals(client))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no member at " + client));
    }

    void put(String key, String value) {
        ask("put", pair("key", key).put("value", encoded(value)));
    }

    /** Writes several keys in one transaction. */
    void putTogether(String... keysAndValues) {
        var puts = new StringBuilder("\n");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            puts.append("put ")
                    .append(keysAndValues[i])
                    .append(' ')
                    .append(keysAndValues[i + 1])
                    .append('\n');
        }
        etcdctl("txn").fed(puts + "\n\n").output();
    }

    void delete(String key) {
        ask("deleterange", pair("key", key));
    }

    /** The value of a key; the empty string when it has none. */
    String get(String key) {
        return all().getOrDefault(key, "");
    }

    /** Every key with its value. */
    Map<String, String> all() {
        var pairs = new TreeMap<String, String>();
        everything().path("kvs").forEach(pair -> pairs.put(decoded(pair.path("key")), decoded(pair.path("value"))));
        return pairs;
    }

    /** Forgets all that was before now. */
    void compact() {
        String now = everything().path("header").path("revision").asText();
        etcdctl("compact", now).output();
    }

    private JsonNode everything() {
        return ask("range", pair("key", FIRST).put("range_end", encoded(LAST)));
    }

    /** Removes every key but those by which nodes say that they are alive. */
    void clear() {
        ask("deleterange", pair("key", FIRST).put("range_end", encoded("/meshnet/nodes/")));
        ask("deleterange", pair("key", "/meshnet/nodes0").put("range_end", encoded(LAST)));
    }

    /** Has the first member that can do it do something with keys, over the JSON form of etcd's gRPC interface. */
    private JsonNode ask(String what, ObjectNode request) {
        List<String> failures = new ArrayList<>();
        for (EtcdMember member : members) {
            try {
                UnixHttp.Answer answer = UnixHttp.post(member.socket(), "/v3/kv/" + what, Map.of(), request.toString());
                if (answer.status() == 200) {
                    return Json.parse(answer.body());
                }
                failures.add(answer.toString());
            } catch (RuntimeException e) {
                failures.add(e.toString());
            }
        }
        throw new AssertionError("etcd: %s of %s: %s".formatted(what, request, failures));
    }

    private static ObjectNode pair(String name, String text) {
        return Json.object().put(name, encoded(text));
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    String log() {
        return members.stream().map(EtcdMember::log).collect(Collectors.joining());
    }

    private Command etcdctl(String... arguments) {
        return etcdctlOf(members.stream().map(EtcdMember::client).collect(Collectors.joining(",")), arguments);
    }

    private Command etcdctlOf(String endpoints, String... arguments) {
        return Command.of("etcdctl", "--endpoints=" + endpoints, "--dial-timeout=5s")
                .and(arguments)
                .inside(netns)
                .with(Map.of("ETCDCTL_API", "3"));
    }

    private static String decoded(JsonNode base64) {
        return new String(Base64.getDecoder().decode(base64.asText()), StandardCharsets.UTF_8);
    }
}
