package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a delegate is called, and what becomes of its failures. */
class DelegateTest {
    private static final String RESULT =
            "{\"cniVersion\": \"0.4.0\", \"ips\": [{\"version\": \"4\", \"address\": \"10.0.0.2/24\"}], \"vendor\": 1.50}";
    private static final String CONFIG =
            "{\"cniVersion\": \"0.4.0\", \"name\": \"net\", \"type\": \"meshnet\", \"delegate\": {\"type\": \"main\"}}";

    @TempDir
    private Path directory;

    private ScriptPlugins plugins;
    private Caller caller;

    @BeforeEach
    void setUp() {
        plugins = new ScriptPlugins(directory);
        caller = new Caller(directory);
    }

    @Test
    void add_runs_the_delegate_between_validation_and_the_pod_network() throws IOException {
        plugins.answering("main", RESULT);
        assertThat(caller.call("ADD", CONFIG).body()).isEqualTo(RESULT.replace(" ", ""));
        assertThat(caller.network.calls).containsExactly("validate", "add");
        assertThat(plugins.calls()).containsExactly("ADD");
        Attachment attachment = caller.network.attachments.getLast();
        assertThat(attachment.containerId()).isEqualTo("c0ffee");
        assertThat(attachment.netns()).isEqualTo(Caller.NETNS);
        assertThat(attachment.ifname()).isEqualTo("eth0");
        assertThat(attachment.args()).isEqualTo(new PodArguments("pod1", "default", "c0ffee"));
        assertThat(attachment.config().name()).isEqualTo("net");
    }

    @Test
    void the_pod_network_begins_before_the_delegate_runs() throws IOException {
        plugins.answering("main", RESULT);
        List<Boolean> ran = new CopyOnWriteArrayList<>();
        caller.network.begun = () -> ran.add(Files.exists(directory.resolve("calls")));
        assertThat(caller.call("ADD", CONFIG).succeeded()).isTrue();
        assertThat(ran).containsExactly(false);
        assertThat(plugins.calls()).containsExactly("ADD");
    }

    @Test
    void del_runs_the_delegate_beside_the_pod_network() throws IOException {
        plugins.answering("main", RESULT);
        caller.network.deleting = this::awaitCall;
        assertThat(caller.call("DEL", CONFIG)).isEqualTo(new Reply(true, ""));
        assertThat(caller.network.calls).containsExactly("delete");
    }

    private void awaitCall() {
        Instant end = Instant.now().plusSeconds(30);
        while (!Files.exists(directory.resolve("calls"))) {
            assertThat(Instant.now())
                    .as("when the delegate has still not been called")
                    .isBefore(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void the_delegate_has_the_environment_of_the_call_and_nothing_of_this_process() throws IOException {
        plugins.answering("main", RESULT);
        caller.with("CNI_NETNS_OVERRIDE", "1").call("ADD", CONFIG);
        assertThat(plugins.environment())
                .isEqualTo(Map.of(
                        "CNI_COMMAND",
                        "ADD",
                        "CNI_CONTAINERID",
                        "c0ffee",
                        "CNI_NETNS",
                        Caller.NETNS,
                        "CNI_IFNAME",
                        "eth0",
                        "CNI_ARGS",
                        Caller.ARGS,
                        "CNI_PATH",
                        directory.toString(),
                        "CNI_NETNS_OVERRIDE",
                        "1",
                        "PATH",
                        System.getenv("PATH")));
    }

    @Test
    void del_without_a_namespace_reaches_the_delegate() throws IOException {
        plugins.answering("main", RESULT);
        assertThat(caller.without("CNI_NETNS").call("DEL", CONFIG)).isEqualTo(new Reply(true, ""));
        assertThat(plugins.environment()).containsEntry("CNI_NETNS", "").containsEntry("CNI_COMMAND", "DEL");
    }

    @Test
    void the_delegate_takes_from_the_outer_configuration_what_it_has_not() throws IOException {
        plugins.answering("main", RESULT);
        String outer =
                "{\"cniVersion\": \"0.4.0\", \"name\": \"net\", \"runtimeConfig\": {\"mac\": \"m\"}, \"delegate\": %s}";
        caller.call("ADD", outer.formatted("{\"type\": \"main\", \"x\": 1.50}"));
        assertThat(plugins.stdin("ADD"))
                .isEqualTo(Caller.json("{\"type\": \"main\", \"x\": 1.50, \"cniVersion\": \"0.4.0\", \"name\": \"net\","
                        + " \"runtimeConfig\": {\"mac\": \"m\"}}"));
        String own = "{\"type\": \"main\", \"cniVersion\": \"0.3.1\", \"name\": \"own\", \"runtimeConfig\": {}}";
        caller.call("ADD", outer.formatted(own));
        assertThat(plugins.stdin("ADD")).isEqualTo(Caller.json(own));
    }

    @Test
    void a_result_of_another_version_is_converted() throws IOException {
        plugins.answering("main", "{\"ip4\": {\"ip\": \"10.0.0.2/24\"}}");
        String config = "{\"cniVersion\": \"1.1.0\", \"name\": \"net\","
                + " \"delegate\": {\"type\": \"main\", \"cniVersion\": \"0.2.0\"}}";
        assertThat(caller.result("ADD", config))
                .isEqualTo(Caller.json("{\"ips\": [{\"address\": \"10.0.0.2/24\"}], \"cniVersion\": \"1.1.0\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"DEL", "CHECK"})
    void the_result_of_add_is_handed_to_the_delegate_in_its_version(String command) throws IOException {
        plugins.answering("main", RESULT);
        String config = "{\"cniVersion\": \"1.0.0\", \"name\": \"net\","
                + " \"prevResult\": {\"ips\": [{\"address\": \"10.0.0.2/24\"}], \"cniVersion\": \"1.0.0\"},"
                + " \"delegate\": {\"type\": \"main\", \"cniVersion\": \"0.4.0\"}}";
        assertThat(caller.call(command, config).succeeded()).isTrue();
        assertThat(plugins.stdin(command).path("prevResult"))
                .isEqualTo(Caller.json("{\"ips\": [{\"address\": \"10.0.0.2/24\", \"version\": \"4\"}],"
                        + " \"cniVersion\": \"0.4.0\"}"));
        plugins.answering("main", RESULT);
        caller.call("DEL", config.replace("0.4.0", "0.3.1"));
        assertThat(plugins.stdin("DEL").has("prevResult")).isFalse();
    }

    @Test
    void a_previous_result_that_is_no_use_does_not_stop_a_del() throws IOException {
        plugins.answering("main", RESULT);
        String config = CONFIG.replace("\"type\": \"meshnet\"", "\"prevResult\": {\"cniVersion\": \"7\"}");
        assertThat(caller.call("DEL", config).succeeded()).isTrue();
        assertThat(plugins.stdin("DEL").has("prevResult")).isFalse();
        assertThat(caller.error("CHECK", config).path("msg").asText()).contains("prevResult");
    }

    @Test
    void a_chain_passes_its_result_on_and_delegates_nothing() throws IOException {
        String config = "{\"cniVersion\": \"0.3.1\", \"name\": \"net\", \"prevResult\": " + RESULT + "}";
        assertThat(caller.result("ADD", config)).isEqualTo(Caller.json(RESULT.replace("0.4.0", "0.3.1")));
        assertThat(caller.network.calls).containsExactly("validate", "add");
        assertThat(plugins.calls()).isEmpty();
    }

    @Test
    void an_error_of_the_delegate_is_passed_on_as_it_is_and_what_it_had_begun_is_taken_back() throws IOException {
        plugins.plugin(
                "main", "echo '{\"code\": 1234, \"msg\": \"no \\\"luck\\\"\", \"details\": \"at all\"}'; exit 3");
        assertThat(caller.error("ADD", CONFIG))
                .isEqualTo(Caller.json("{\"cniVersion\": \"0.4.0\", \"code\": 1234,"
                        + " \"msg\": \"no \\\"luck\\\"\", \"details\": \"at all\"}"));
        assertThat(caller.network.calls).containsExactly("validate");
        assertThat(plugins.calls()).containsExactly("ADD", "DEL");
    }

    @Test
    void a_second_add_is_refused_before_the_delegate_can_harm_the_living_attachment() throws IOException {
        plugins.answering("main", RESULT);
        caller.network.attached = true;
        JsonNode error = caller.error("ADD", CONFIG);
        assertThat(error.path("code").intValue()).isEqualTo(CniException.INVALID_ENVIRONMENT);
        assertThat(error.path("msg").asText()).contains("already");
        assertThat(plugins.calls()).isEmpty();
    }

    @Test
    void a_delegate_is_not_told_of_a_namespace_that_is_anothers_by_now() throws IOException {
        plugins.answering("main", RESULT);
        caller.network.stale = true;
        assertThat(caller.call("DEL", CONFIG).succeeded()).isTrue();
        assertThat(plugins.environment()).containsEntry("CNI_NETNS", "").containsEntry("CNI_COMMAND", "DEL");
    }

    @Test
    void a_failure_without_an_error_tells_status_and_outputs() throws IOException {
        plugins.plugin("main", "echo some garbage; echo the reason >&2; exit 7");
        JsonNode error = caller.error("ADD", CONFIG);
        assertThat(error.path("code").intValue()).isEqualTo(CniException.DELEGATE_FAILED);
        assertThat(error.path("msg").asText()).contains("ADD", "\"main\"", "exit status 7");
        assertThat(error.path("details").asText()).contains("the reason", "some garbage");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "[]", "{\"ips\": ", "{\"cniVersion\": \"9.9.9\"}"})
    void an_add_without_a_result_is_undone(String printed) throws IOException {
        plugins.answering("main", printed);
        assertThat(caller.error("ADD", CONFIG).path("msg").asText()).contains("ADD of the delegate \"main\"");
        assertThat(plugins.calls()).containsExactly("ADD", "DEL");
        assertThat(caller.network.calls).containsExactly("validate");
    }

    @Test
    void a_plugin_that_cannot_be_found_is_named_with_the_path() {
        JsonNode error = caller.with("CNI_PATH", "/nowhere:" + directory).error("ADD", CONFIG);
        assertThat(error.path("msg").asText())
                .isEqualTo("failed to find plugin \"main\" in path [/nowhere:" + directory + "]");
    }

    @Test
    void a_plugin_that_cannot_be_executed_is_an_io_failure() throws IOException {
        Files.writeString(directory.resolve("main"), "no program");
        JsonNode error = caller.error("ADD", CONFIG);
        assertThat(error.path("code").intValue()).isEqualTo(CniException.IO_FAILURE);
        assertThat(error.path("details").asText()).contains("Permission denied");
    }

    @Test
    void a_plugin_that_hangs_is_killed_with_its_children() throws IOException {
        plugins.plugin(
                "main", "sleep 1000 & echo $! > '" + directory + "/child'; echo $$ > '" + directory + "/self'; wait");
        Caller impatient = new Caller(directory.toString(), Duration.ofSeconds(1));
        JsonNode error = impatient.error("ADD", CONFIG);
        assertThat(error.path("code").intValue()).isEqualTo(CniException.TRY_AGAIN_LATER);
        assertThat(error.path("msg").asText()).contains("ADD of the delegate \"main\" was killed", "1000 ms");
        assertThat(impatient.network.calls).containsExactly("validate");
        for (String name : new String[] {"child", "self"}) {
            long pid = Long.parseLong(Files.readString(directory.resolve(name)).strip());
            ProcessHandle.of(pid).ifPresent(handle -> handle.onExit().join());
        }
    }

    @Test
    void a_call_that_is_interrupted_kills_the_plugin_and_keeps_the_interrupt() throws Exception {
        plugins.plugin("main", "echo $$ > '" + directory + "/self'; exec sleep 1000");
        List<Reply> replies = new CopyOnWriteArrayList<>();
        AtomicBoolean kept = new AtomicBoolean();
        Thread thread = Thread.ofVirtual().start(() -> {
            replies.add(caller.call("ADD", CONFIG));
            kept.set(Thread.currentThread().isInterrupted());
        });
        Path self = directory.resolve("self");
        while (!Files.exists(self) || Files.size(self) == 0) {
            Thread.sleep(10);
        }
        thread.interrupt();
        thread.join();
        assertThat(Caller.error(replies.getFirst()).path("code").intValue()).isEqualTo(CniException.TRY_AGAIN_LATER);
        assertThat(kept).isTrue();
        long pid = Long.parseLong(Files.readString(self).strip());
        ProcessHandle.of(pid).ifPresent(handle -> handle.onExit().join());
    }

    @Test
    void a_process_that_a_plugin_leaves_behind_does_not_hold_the_call() throws IOException {
        plugins.answering("main", RESULT);
        Path script = directory.resolve("main");
        plugins.raw("main", Files.readString(script) + "sleep 1000 &\necho $! > '" + directory + "/child'\n");
        assertThat(caller.call("ADD", CONFIG).body()).isEqualTo(RESULT.replace(" ", ""));
        long pid = Long.parseLong(Files.readString(directory.resolve("child")).strip());
        assertThat(ProcessHandle.of(pid))
                .hasValueSatisfying(
                        handle -> assertThat(handle.destroyForcibly()).isTrue());
    }

    @Test
    void megabytes_go_in_and_come_out() throws IOException {
        String text = "x".repeat(3_000_000);
        plugins.answering("main", "{\"cniVersion\": \"0.4.0\", \"much\": \"" + text + "\"}");
        plugins.raw("main", Files.readString(directory.resolve("main")) + "head -c 3000000 /dev/zero >&2\n");
        String config = CONFIG.replace("\"type\": \"main\"", "\"type\": \"main\", \"much\": \"" + text + "\"");
        assertThat(caller.result("ADD", config).path("much").asText()).isEqualTo(text);
        assertThat(plugins.stdin("ADD").path("much").asText()).isEqualTo(text);
    }

    @Test
    void a_plugin_need_not_read_its_input() throws IOException {
        plugins.raw("main", "#!/bin/sh\nexec 0<&-\necho '" + RESULT + "'\n");
        String config =
                CONFIG.replace("\"type\": \"main\"", "\"type\": \"main\", \"much\": \"" + "x".repeat(1_000_000) + "\"");
        assertThat(caller.call("ADD", config).succeeded()).isTrue();
    }

    @Test
    void status_and_gc_reach_a_delegate_that_knows_them() throws IOException {
        plugins.answering("main", RESULT);
        String config = "{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"cni.dev/valid-attachments\":"
                + " [{\"containerID\": \"a\", \"ifname\": \"eth0\"}], \"delegate\": {\"type\": \"main\"}}";
        assertThat(caller.call("STATUS", config)).isEqualTo(new Reply(true, ""));
        assertThat(caller.call("GC", config)).isEqualTo(new Reply(true, ""));
        assertThat(plugins.calls()).containsExactly("STATUS", "GC");
        assertThat(plugins.stdin("GC").path("cni.dev/valid-attachments"))
                .isEqualTo(Caller.json("[{\"containerID\": \"a\", \"ifname\": \"eth0\"}]"));
        String older = config.replace("\"main\"", "\"main\", \"cniVersion\": \"1.0.0\"");
        assertThat(caller.call("STATUS", older).succeeded()).isTrue();
        assertThat(plugins.calls()).containsExactly("STATUS", "GC");
    }
}
