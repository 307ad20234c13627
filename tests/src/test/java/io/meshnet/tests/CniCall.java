package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.awaitility.core.ThrowingRunnable;

/**
 * A call of the {@code meshnet} binary as a runtime makes it. Immutable: every step gives a new one.
 *
 * @param node where the runtime runs
 * @param environment the {@code CNI_*} variables
 * @param input the configuration
 */
record CniCall(Node node, Map<String, String> environment, String input) {

    CniCall config(JsonNode config) {
        return new CniCall(node, environment, config.toString());
    }

    CniCall input(String text) {
        return new CniCall(node, environment, text);
    }

    CniCall with(String variable, String value) {
        var changed = new HashMap<>(environment);
        changed.put(variable, value);
        return new CniCall(node, Map.copyOf(changed), input);
    }

    CniCall without(String variable) {
        var changed = new HashMap<>(environment);
        changed.remove(variable);
        return new CniCall(node, Map.copyOf(changed), input);
    }

    /** Makes the call over the daemon's socket, as the front does it and without its cost. */
    CniAnswer direct() {
        String what = "POST " + environment;
        try {
            UnixHttp.Answer answer = UnixHttp.post(node.socket(), "/cni", environment, input);
            return new CniAnswer(new Outcome(what, answer.status() == 200 ? 0 : 1, answer.body(), ""));
        } catch (RuntimeException e) { // no daemon listens, or it was killed meanwhile
            return new CniAnswer(new Outcome(what, 1, "", e.toString()));
        }
    }

    /** Makes the call. */
    CniAnswer answer() {
        return new CniAnswer(command().run());
    }

    /** Makes the call, and kills the plugin, as a runtime does at its deadline, once a condition holds. */
    void killedWhen(Path answers, ThrowingRunnable condition) {
        Daemon plugin = Daemon.start("meshnet", command(), answers);
        try {
            eventually(condition);
        } finally {
            plugin.kill();
        }
    }

    private Command command() {
        return Image.command("meshnet")
                .inside(node.netns())
                .with(environment)
                .with(Map.of("MESHNET_SOCKET", node.socket().toString()))
                .fed(input);
    }
}
