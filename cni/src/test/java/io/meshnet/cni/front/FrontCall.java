package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A call of the front as a process. Immutable: every step gives a new one.
 *
 * @param form which front
 * @param directory where its standard error goes
 * @param environment all that it sees, but for what its form needs
 * @param through the beginning of the command line: what executes the front
 */
record FrontCall(FrontForm form, Path directory, Map<String, String> environment, List<String> through) {

    /** An ADD against the socket of {@code directory}. */
    static FrontCall add(FrontForm form, Path directory) {
        Map<String, String> environment = Map.of(
                "CNI_COMMAND",
                "ADD",
                "CNI_NETNS",
                "",
                "MESHNET_SOCKET",
                socket(directory).toString());
        return new FrontCall(form, directory, environment, List.of());
    }

    static Path socket(Path directory) {
        return directory.resolve("daemon.sock");
    }

    FrontCall with(String name, String value) {
        Map<String, String> changed = new TreeMap<>(environment);
        changed.put(name, value);
        return new FrontCall(form, directory, changed, through);
    }

    /** The same, executed by a shell that replaces itself: {@code script} ends with {@code exec "$@"} or the like. */
    FrontCall throughShell(String script) {
        return new FrontCall(form, directory, environment, List.of("sh", "-c", script, "sh"));
    }

    Process start() throws IOException {
        List<String> command = new ArrayList<>(through);
        command.addAll(form.command());
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().put("LC_ALL", "C.UTF-8"); // as the launcher of the Java front sets it
        builder.environment().put("ASAN_OPTIONS", FrontForm.SANITIZER_OPTIONS);
        builder.environment().putAll(environment);
        return builder.redirectError(stderr().toFile()).start();
    }

    /** Makes the call with that standard input. */
    Ended run(String stdin) throws IOException, InterruptedException {
        Process process = start();
        try (OutputStream pipe = process.getOutputStream()) {
            pipe.write(stdin.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // a front that fails before it has read its input shows that by how it ends
            assertThat(e.getMessage()).containsAnyOf("pipe", "closed");
        }
        return ended(process);
    }

    Ended ended(Process process) throws IOException, InterruptedException {
        byte[] stdout = process.getInputStream().readAllBytes();
        Ended ended = new Ended(process.waitFor(), new String(stdout, StandardCharsets.ISO_8859_1));
        assertThat(ended.status()).as("%s: %s", ended, said()).isIn(0, 1);
        return ended;
    }

    /** What the front said on its standard error. */
    String said() throws IOException {
        return Files.readString(stderr());
    }

    private Path stderr() {
        return directory.resolve("stderr");
    }

    /**
     * How the front ended.
     *
     * @param stdout one character for every byte
     */
    record Ended(int status, String stdout) {

        static Ended with(int status, byte[] stdout) {
            return new Ended(status, new String(stdout, StandardCharsets.ISO_8859_1));
        }

        static Ended result(String stdout) {
            return with(0, stdout.getBytes(StandardCharsets.UTF_8));
        }

        static Ended error(int code, String message) {
            return with(1, ErrorJson.of(code, message));
        }

        /** The error that the daemon at the socket of {@code directory} does not answer, and why. */
        static Ended unanswered(Path directory, String why) {
            return error(FrontException.TRY_AGAIN_LATER, "meshnetd at " + socket(directory) + ": " + why);
        }
    }
}
