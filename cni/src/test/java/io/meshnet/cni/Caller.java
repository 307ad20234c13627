package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** Calls a dispatcher as a runtime calls a plugin. */
final class Caller {
    static final String ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=pod1;"
            + "K8S_POD_INFRA_CONTAINER_ID=c0ffee;K8S_POD_UID=5d2b";
    static final String NETNS = "/var/run/netns/cni-1";

    final RecordingNetwork network = new RecordingNetwork();
    final Map<String, String> environment = new TreeMap<>();
    private final Duration deadline;

    Caller(Path plugins) {
        this(plugins.toString(), Delegates.DEADLINE);
    }

    Caller(String path, Duration deadline) {
        this.deadline = deadline;
        environment.put("CNI_CONTAINERID", "c0ffee");
        environment.put("CNI_NETNS", NETNS);
        environment.put("CNI_IFNAME", "eth0");
        environment.put("CNI_ARGS", ARGS);
        environment.put("CNI_PATH", path);
        environment.put("HOME", "/root");
    }

    Caller with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Caller without(String variable) {
        environment.remove(variable);
        return this;
    }

    Reply call(String command, String stdin) {
        environment.put("CNI_COMMAND", command);
        return send(environment, stdin.getBytes(StandardCharsets.UTF_8));
    }

    Reply send(Map<String, String> given, byte[] stdin) {
        return new Dispatcher(network, new Delegates(deadline, System.getenv("PATH"))).dispatch(given, stdin);
    }

    /** The result of a call that must succeed. */
    JsonNode result(String command, String stdin) {
        Reply reply = call(command, stdin);
        assertThat(reply.succeeded()).as(reply.body()).isTrue();
        return json(reply.body());
    }

    /** The error of a call that must fail. */
    JsonNode error(String command, String stdin) {
        return error(call(command, stdin));
    }

    static JsonNode error(Reply reply) {
        assertThat(reply.succeeded()).as(reply.body()).isFalse();
        assertThat(reply.exitStatus()).isOne();
        JsonNode error = json(reply.body());
        assertThat(error.path("code").isInt()).isTrue();
        assertThat(error.path("msg").isTextual()).isTrue();
        assertThat(SpecVersion.texts()).contains(error.path("cniVersion").asText());
        return error;
    }

    static JsonNode json(String text) {
        try {
            return new JsonMapper().readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }
}
