package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens when the pod network fails, and that nothing makes the dispatcher throw. */
class FailureTest {
    private static final String CONFIG =
            "{\"cniVersion\": \"0.4.0\", \"name\": \"net\", \"type\": \"meshnet\", \"delegate\": {\"type\": \"main\"}}";
    private static final String RESULT = "{\"cniVersion\": \"0.4.0\"}";

    @TempDir
    private Path directory;

    private ScriptPlugins plugins;
    private Caller caller;

    @BeforeEach
    void setUp() throws IOException {
        plugins = new ScriptPlugins(directory);
        plugins.answering("main", RESULT);
        caller = new Caller(directory);
    }

    @Test
    void a_wrong_configuration_of_the_pod_network_leaves_the_delegate_alone() throws IOException {
        caller.network.failures.put("validate", new CniException(7, "no such thing"));
        assertThat(caller.error("ADD", CONFIG).path("msg").asText()).isEqualTo("no such thing");
        assertThat(plugins.calls()).isEmpty();
        assertThat(caller.network.calls).containsExactly("validate");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_network_namespace_is_asked_of_the_front_before_the_delegate_runs(boolean delegated) throws IOException {
        caller.network.failures.put("begin", new NetnsNeededException(Path.of("/run/meshnet/../meshnet/netns")));
        String chained = CONFIG.replaceFirst("\"delegate\".*", "\"prevResult\": " + RESULT + "}");
        Reply reply = caller.call("ADD", delegated ? CONFIG : chained);
        assertThat(reply.status()).isEqualTo(428);
        assertThat(reply.netns()).hasValue(Path.of("/run/meshnet/netns"));
        JsonNode error = Caller.error(reply);
        assertThat(error.path("code").intValue()).isEqualTo(CniException.TRY_AGAIN_LATER);
        assertThat(error.path("msg").asText()).contains("/run/meshnet/netns");
        assertThat(error.path("details").asText()).contains("meshnetctl install");
        assertThat(plugins.calls()).isEmpty();
        assertThat(caller.network.calls).containsExactly("validate");
    }

    @Test
    void a_repeated_add_is_served_as_if_it_were_the_first() {
        caller.network.failures.put("begin", new NetnsNeededException(Path.of("netns")));
        assertThat(caller.call("ADD", CONFIG).netns())
                .hasValue(Path.of("netns").toAbsolutePath().normalize());
        caller.network.failures.clear();
        Reply reply = caller.call("ADD", CONFIG);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.netns()).isEmpty();
        assertThat(caller.network.calls).containsExactly("validate", "validate", "add");
    }

    @Test
    void other_errors_ask_the_front_for_nothing() {
        caller.network.failures.put("begin", new CniException(11, "etcd is away"));
        Reply reply = caller.call("ADD", CONFIG);
        assertThat(reply.status()).isEqualTo(500);
        assertThat(reply.netns()).isEmpty();
    }

    @Test
    void a_failed_add_takes_the_delegates_work_back() throws IOException {
        caller.network.failures.put("add", new CniException(101, "no link", "no peer"));
        assertThat(caller.error("ADD", CONFIG))
                .isEqualTo(Caller.json(
                        "{\"cniVersion\": \"0.4.0\", \"code\": 101, \"msg\": \"no link\", \"details\": \"no peer\"}"));
        assertThat(plugins.calls()).containsExactly("ADD", "DEL");
        assertThat(plugins.environment()).containsEntry("CNI_COMMAND", "DEL").containsEntry("CNI_NETNS", Caller.NETNS);
    }

    @Test
    void the_error_of_add_stands_when_taking_back_fails_too() throws IOException {
        plugins.plugin("main", "[ $CNI_COMMAND = ADD ] && echo '" + RESULT + "' && exit 0; echo stuck >&2; exit 1");
        caller.network.failures.put("add", new CniException(101, "no link"));
        JsonNode error = caller.error("ADD", CONFIG);
        assertThat(error.path("code").intValue()).isEqualTo(101);
        assertThat(error.path("msg").asText()).isEqualTo("no link");
        assertThat(error.path("details").asText()).contains("DEL of the delegate", "exit status 1", "stuck");
    }

    @ParameterizedTest
    @ValueSource(strings = {"add", "validate", "delete", "check"})
    void a_fault_of_the_pod_network_is_an_internal_error(String method) throws IOException {
        caller.network.faults.put(method, new IllegalStateException("a bug"));
        String command = Map.of("delete", "DEL", "check", "CHECK").getOrDefault(method, "ADD");
        JsonNode error = caller.error(command, CONFIG);
        assertThat(error.path("code").intValue()).isEqualTo(CniException.INTERNAL);
        assertThat(error.path("details").asText()).contains("a bug");
        if (method.equals("add")) {
            assertThat(plugins.calls()).containsExactly("ADD", "DEL");
        }
        if (method.equals("delete")) {
            assertThat(plugins.calls()).containsExactly("DEL");
        }
    }

    @Test
    void del_of_the_delegate_runs_although_ours_failed() throws IOException {
        caller.network.failures.put("delete", new CniException(11, "etcd is away"));
        assertThat(caller.error("DEL", CONFIG))
                .isEqualTo(Caller.json("{\"cniVersion\": \"0.4.0\", \"code\": 11, \"msg\": \"etcd is away\"}"));
        assertThat(plugins.calls()).containsExactly("DEL");
    }

    @Test
    void a_failed_del_of_the_delegate_is_passed_on() throws IOException {
        plugins.plugin("main", "echo '{\"code\": 5, \"msg\": \"stuck\"}'; exit 1");
        assertThat(caller.error("DEL", CONFIG))
                .isEqualTo(Caller.json("{\"cniVersion\": \"0.4.0\", \"code\": 5, \"msg\": \"stuck\"}"));
        assertThat(caller.network.calls).containsExactly("delete");
    }

    @Test
    void when_both_dels_fail_both_are_told() throws IOException {
        plugins.plugin("main", "echo '{\"code\": 5, \"msg\": \"stuck\", \"details\": \"in the mud\"}'; exit 1");
        caller.network.failures.put("delete", new CniException(11, "etcd is away", "since noon"));
        JsonNode error = caller.error("DEL", CONFIG);
        assertThat(error.path("code").intValue()).isEqualTo(11);
        assertThat(error.path("msg").asText())
                .isEqualTo("etcd is away (since noon); and DEL of the delegate: stuck (in the mud)");
    }

    @Test
    void check_asks_the_delegate_first() throws IOException {
        assertThat(caller.call("CHECK", CONFIG)).isEqualTo(new Reply(true, ""));
        assertThat(caller.network.calls).containsExactly("check");
        plugins.plugin("main", "echo '{\"code\": 100, \"msg\": \"gone\"}'; exit 1");
        assertThat(caller.error("CHECK", CONFIG).path("msg").asText()).isEqualTo("gone");
        assertThat(caller.network.calls).containsExactly("check");
    }

    @Test
    void status_is_what_the_pod_network_says() {
        caller.network.failures.put("status", new CniException(CniException.NOT_AVAILABLE, "not yet"));
        String config = "{\"cniVersion\": \"1.1.0\", \"name\": \"net\"}";
        assertThat(caller.error("STATUS", config).path("code").intValue()).isEqualTo(50);
    }

    @Test
    void status_passes_on_what_the_delegate_says_and_misses_one_that_is_not_there() throws IOException {
        String config = CONFIG.replace("0.4.0", "1.1.0");
        plugins.plugin("main", "echo '{\"code\": 51, \"msg\": \"no route\"}'; exit 1");
        assertThat(caller.error("STATUS", config))
                .isEqualTo(Caller.json("{\"cniVersion\": \"1.1.0\", \"code\": 51, \"msg\": \"no route\"}"));
        assertThat(caller.network.calls).isEmpty();
        for (String delegate : List.of("absent", "absent\", \"cniVersion\": \"1.0.0")) {
            JsonNode error = caller.error("STATUS", config.replace("main", delegate));
            assertThat(error.path("code").intValue()).isEqualTo(CniException.NOT_AVAILABLE);
            assertThat(error.path("msg").asText()).contains("absent", directory.toString());
            assertThat(error.path("details").asText()).contains("install");
        }
    }

    @Test
    void what_is_wrong_with_a_call_comes_with_what_to_do() {
        assertThat(caller.error("ADD", "{}").path("details").asText()).contains("/etc/cni/net.d");
        assertThat(caller.error("MULTIPLY", CONFIG).path("details").asText()).contains("section 2");
        caller.with("CNI_ARGS", "COLOUR=red");
        assertThat(caller.error("ADD", CONFIG).path("details").asText()).contains("IgnoreUnknown=1");
    }

    @Test
    void nothing_at_all_is_answered_with_an_error() {
        Caller.error(caller.send(Map.of(), null));
        Caller.error(caller.send(null, new byte[0]));
        Caller.error(caller.send(Map.of("CNI_COMMAND", "STATUS", "CNI_PATH", "/"), null));
    }

    @Test
    void no_input_makes_the_dispatcher_throw() {
        Random random = new Random(20260101);
        List<String> seeds = List.of(
                CONFIG.replace("main", "absent"),
                "{\"cniVersion\": \"1.1.0\", \"name\": \"n\", \"cni.dev/valid-attachments\": [{\"containerID\": \"a\"}]}",
                "{\"name\": \"n\", \"prevResult\": {\"ip4\": {\"ip\": \"1.2.3.4/8\", \"routes\": [{\"dst\": \"::/0\"}]}}}",
                "{\"cniVersion\": \"0.4.0\", \"name\": \"n\", \"prevResult\": {\"cniVersion\": \"0.1.0\", \"ip6\": null}}",
                "[".repeat(5000),
                "{\"a\":".repeat(2000));
        List<String> commands = List.of("ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION", "", "x\0");
        for (int round = 0; round < 20_000; round++) {
            byte[] stdin = mutated(pick(seeds, random).getBytes(StandardCharsets.UTF_8), random);
            Map<String, String> environment = new TreeMap<>(caller.environment);
            environment.put("CNI_COMMAND", pick(commands, random));
            String victim = pick(new ArrayList<>(environment.keySet()), random);
            if (random.nextInt(4) == 0) {
                byte[] value = mutated(environment.get(victim).getBytes(StandardCharsets.UTF_8), random);
                environment.put(victim, new String(value, StandardCharsets.ISO_8859_1));
            }
            Reply reply = caller.send(environment, stdin);
            if (!reply.succeeded()) {
                assertThat(Caller.error(reply).path("code").intValue())
                        .as(reply.body())
                        .isNotEqualTo(CniException.INTERNAL);
            }
        }
    }

    private static byte[] mutated(byte[] bytes, Random random) {
        byte[] copy = bytes.clone();
        for (int i = random.nextInt(4); i > 0 && copy.length > 0; i--) {
            byte[] tokens = "{}[]\",:0-e\0\u007f".getBytes(StandardCharsets.UTF_8);
            boolean token = random.nextBoolean();
            copy[random.nextInt(copy.length)] =
                    token ? tokens[random.nextInt(tokens.length)] : (byte) random.nextInt(256);
        }
        return random.nextInt(8) == 0 ? Arrays.copyOf(copy, random.nextInt(copy.length + 1)) : copy;
    }

    private static String pick(List<String> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }
}
