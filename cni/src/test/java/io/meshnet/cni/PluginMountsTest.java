package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Delegates in a mount namespace that is not the caller's: a real one, with a file system that only it has. */
class PluginMountsTest {

    private static final String RESULT = "{\"cniVersion\":\"1.0.0\",\"ips\":[]}";
    private static final String CONFIG =
            "{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"type\": \"meshnet\", \"delegate\": {\"type\": \"main\"}}";

    @TempDir
    private Path directory;

    private Path bin;
    private Process other;

    @BeforeEach
    void makeANamespaceWithAPluginOfItsOwn() throws IOException {
        bin = Files.createDirectory(directory.resolve("bin"));
        ProcessBuilder shell = new ProcessBuilder("unshare", "--mount", "sh", "-ec", """
                mount -t tmpfs tmpfs '%1$s'
                printf '#!/bin/sh\\necho $$ >%1$s/ran; echo "$CNI_COMMAND $PWD" >>%1$s/ran; [ "$CNI_COMMAND" != ADD ] || cat %1$s/result' >'%1$s/main'
                chmod 755 '%1$s/main'
                echo '%2$s' >'%1$s/result'
                ln -s '%1$s' '%1$s/again'
                ln -s again/main '%1$s/indirect'
                echo ready
                exec sleep 600
                """.formatted(bin, RESULT));
        other = shell.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        byte[] ready = other.getInputStream().readNBytes(6);
        assertThat(new String(ready, StandardCharsets.US_ASCII)).isEqualTo("ready\n");
    }

    @AfterEach
    void endIt() throws InterruptedException {
        other.destroyForcibly();
        other.waitFor();
    }

    @Test
    void adelegateIsFoundAndRunThereAndItsResultIsTheAnswer() throws IOException {
        Reply reply = call("ADD", bin.toString(), CONFIG);

        assertThat(reply.body()).isEqualTo(RESULT);
        assertThat(bin).as("the directory outside").isEmptyDirectory();
        assertThat(Files.readString(inside("ran"))).contains("ADD /\n");
        assertThat(call("DEL", bin.toString(), CONFIG).succeeded()).isTrue();
        assertThat(Files.readString(inside("ran"))).contains("DEL /\n");
    }

    @Test
    void linksAreFollowedThereFromTheRoot() throws IOException {
        String config = CONFIG.replace("\"main\"", "\"indirect\"");
        assertThat(call("ADD", bin.resolve("again").toString(), config).succeeded())
                .isTrue();
        Path root = other().resolve("root");
        assertThat(PluginMounts.within(root, bin.resolve("../bin/again/again/indirect")))
                .hasValue(root.resolve(bin.toString().substring(1)).resolve("main"));
        assertThat(PluginMounts.within(root, Path.of("/../../proc/self/../.."))).isPresent();
        assertThat(PluginMounts.within(root, bin.resolve("none/main"))).isEmpty();
    }

    @Test
    void withoutItThePluginIsNotFound() {
        JsonNode error =
                Caller.error(dispatch(new Delegates(Delegates.DEADLINE, path()), "ADD", bin.toString(), CONFIG));
        assertThat(error.path("msg").asText()).contains("failed to find plugin \"main\"");
    }

    @Test
    void aNamespaceThatIsGoneIsAnErrorThatSaysSo() throws Exception {
        PluginMounts mounts = PluginMounts.of(other());
        endIt();
        JsonNode error = Caller.error(
                dispatch(new Delegates(Delegates.DEADLINE, path(), mounts), "ADD", bin.toString(), CONFIG));
        assertThat(error.path("msg").asText()).contains("failed to find plugin \"main\"");
        assertThatThrownBy(() -> PluginMounts.of(other())).isInstanceOf(IOException.class);
    }

    @Test
    void onePastItsDeadlineIsKilledThere() throws IOException {
        Path script = inside("main");
        Files.writeString(script, "#!/bin/sh\necho $$ >" + bin + "/ran\nexec sleep 1000\n");
        JsonNode error = Caller.error(dispatch(
                new Delegates(Duration.ofSeconds(2), path(), PluginMounts.of(other())), "ADD", bin.toString(), CONFIG));
        assertThat(error.path("code").intValue()).isEqualTo(CniException.TRY_AGAIN_LATER);
        long pid = Long.parseLong(Files.readString(inside("ran")).strip());
        Optional<ProcessHandle> plugin = ProcessHandle.of(pid);
        plugin.ifPresent(handle -> handle.onExit().join());
    }

    private Reply call(String command, String path, String config) throws IOException {
        return dispatch(new Delegates(Delegates.DEADLINE, path(), PluginMounts.of(other())), command, path, config);
    }

    private static Reply dispatch(Delegates delegates, String command, String path, String config) {
        Caller caller = new Caller(path, Delegates.DEADLINE).with("CNI_COMMAND", command);
        return new Dispatcher(caller.network, delegates)
                .dispatch(caller.environment, config.getBytes(StandardCharsets.UTF_8));
    }

    private static String path() {
        return System.getenv("PATH");
    }

    private Path other() {
        return Path.of("/proc", Long.toString(other.pid()));
    }

    private Path inside(String name) {
        return other().resolve("root").resolve(bin.resolve(name).toString().substring(1));
    }
}
