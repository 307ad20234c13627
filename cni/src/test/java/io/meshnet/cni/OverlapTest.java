package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls that overlap, as they do when a runtime has killed the plugin in the middle of an ADD. */
class OverlapTest {
    private static final String CONFIG =
            "{\"cniVersion\": \"0.4.0\", \"name\": \"net\", \"type\": \"meshnet\", \"delegate\": {\"type\": \"main\"}}";

    @TempDir
    private Path directory;

    private ScriptPlugins plugins;
    private Caller caller;
    private Dispatcher dispatcher;

    /** A delegate whose ADD ends when it is let go. */
    @BeforeEach
    void makeSlowDelegate() throws IOException {
        plugins = new ScriptPlugins(directory);
        plugins.plugin(
                "main",
                "if [ $CNI_COMMAND = ADD ] && [ $CNI_CONTAINERID = slow ]; then\n"
                        + "  while [ ! -e '" + directory + "/go' ]; do sleep 0.01; done\nfi\n"
                        + "[ $CNI_COMMAND != ADD ] || echo '{\"cniVersion\": \"0.4.0\"}'");
        caller = new Caller(directory);
        dispatcher = new Dispatcher(caller.network, new Delegates(Duration.ofSeconds(60), System.getenv("PATH")));
    }

    @Test
    void a_del_waits_for_the_add_of_the_same_container_and_then_takes_it_back() throws Exception {
        CompletableFuture<Reply> add = calling("ADD", "slow");
        awaitCall();
        CompletableFuture<Reply> delete = calling("DEL", "slow");
        assertThat(calling("DEL", "other").join().succeeded()).isTrue();
        assertThat(delete).isNotDone();
        assertThat(plugins.calls()).containsExactly("ADD", "DEL");

        Files.createFile(directory.resolve("go"));

        assertThat(add.join().succeeded()).isTrue();
        assertThat(delete.join()).isEqualTo(new Reply(true, ""));
        assertThat(caller.network.calls).containsExactly("validate", "delete", "add", "delete");
        assertThat(plugins.calls()).containsExactly("ADD", "DEL", "DEL");
    }

    private void awaitCall() throws Exception {
        while (plugins.calls().isEmpty()) {
            Thread.sleep(10);
        }
    }

    private CompletableFuture<Reply> calling(String command, String containerId) {
        Map<String, String> environment = new TreeMap<>(caller.environment);
        environment.put("CNI_COMMAND", command);
        environment.put("CNI_CONTAINERID", containerId);
        return CompletableFuture.supplyAsync(
                () -> dispatcher.dispatch(environment, CONFIG.getBytes(StandardCharsets.UTF_8)),
                Thread::startVirtualThread);
    }
}
