package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.meshnet.cni.Delegates;
import io.meshnet.cni.Dispatcher;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The front as a process, against daemons of the test's own and against none. */
class FrontTest {
    private static final String ERROR = "{\"cniVersion\":\"1.1.0\",\"code\":7,\"msg\":\"no \u00e9\"}";

    @TempDir
    private Path directory;

    private final Map<String, String> environment = new TreeMap<>(Map.of("CNI_COMMAND", "ADD", "CNI_NETNS", ""));

    @Test
    void a_result_comes_out_as_the_daemon_gave_it_and_the_exit_status_is_0() throws Exception {
        String result = "{\"cniVersion\": \"0.1.0\",\n \"x\": \"\u00e9\"}\n";
        String stdin = "{\"name\": \"\u00e9\"}";
        environment.put("CNI_ARGS", "A=b;C=d e");
        try (Daemon daemon = new Daemon(answer("200 OK", result))) {
            assertThat(run(stdin)).isEqualTo(new Ended(0, result));
            assertThat(daemon.request())
                    .startsWith("POST /cni HTTP/1.1\r\n")
                    .contains("\r\nCNI_COMMAND: ADD\r\n", "\r\nCNI_NETNS: \r\n", "\r\nCNI_ARGS: A=b;C=d e\r\n")
                    .contains("\r\nConnection: close\r\n")
                    .doesNotContain("MESHNET_SOCKET", "PATH")
                    .endsWith("\r\n\r\n" + stdin);
        }
    }

    @Test
    void an_error_comes_out_and_the_exit_status_is_1() throws Exception {
        try (Daemon daemon = new Daemon(answer("500 Internal Server Error", ERROR))) {
            assertThat(run("{}")).isEqualTo(new Ended(1, ERROR));
            assertThat(daemon.request()).contains("CNI_COMMAND");
        }
    }

    @Test
    void del_prints_nothing() throws Exception {
        environment.put("CNI_COMMAND", "DEL");
        try (Daemon daemon = new Daemon(answer("200 OK", ""))) {
            assertThat(run("{}")).isEqualTo(new Ended(0, ""));
            assertThat(daemon.request()).contains("CNI_COMMAND: DEL");
        }
    }

    @Test
    void a_large_input_reaches_a_slow_daemon_and_a_large_result_comes_back() throws Exception {
        String stdin = "{\"x\":\"" + "y".repeat(4_000_000) + "\"}";
        String result = "{\"x\":\"" + "z".repeat(4_000_000) + "\"}";
        try (Daemon daemon = new Daemon(answer("200 OK", result))) {
            assertThat(run(stdin)).isEqualTo(new Ended(0, result));
            assertThat(daemon.request()).endsWith(stdin);
        }
    }

    @Test
    void a_daemon_that_answers_before_it_has_read_everything_is_heard() throws Exception {
        try (Daemon daemon = new Daemon(answer("413 Too Large", ERROR), 0)) {
            assertThat(run("{\"x\":\"" + "y".repeat(4_000_000) + "\"}")).isEqualTo(new Ended(1, ERROR));
            assertThat(daemon.request()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("noAnswers")
    void an_answer_that_is_none_is_try_again_later(String text, String reason) throws Exception {
        try (Daemon daemon = new Daemon(text)) {
            assertTryAgain(run("{}"), reason);
            assertThat(daemon.request()).contains("CNI_COMMAND");
        }
    }

    private static List<Arguments> noAnswers() {
        String ok = "HTTP/1.1 200 OK\r\n";
        return List.of(
                Arguments.of("", "it closed the connection before its answer was complete"),
                Arguments.of(ok + "Content-Length: 100\r\n\r\n{\"cut\":", "before its answer was complete"),
                Arguments.of(ok + "\r\n{\"cut\":", "it answered 200 with no JSON object: {\"cut\":"),
                Arguments.of(ok + "\r\n<html>", "it answered 200 with no JSON object: <html>"),
                Arguments.of("HTTP/1.1 503 Unavailable\r\n\r\nstarting", "503 with no JSON object: starting"),
                Arguments.of("SSH-2.0-OpenSSH\r\n", "its answer is no HTTP"));
    }

    @Test
    void no_socket_is_try_again_later() throws Exception {
        assertTryAgain(run("{}"), "No such file or directory");
    }

    @Test
    void a_socket_nobody_listens_on_is_try_again_later() throws Exception {
        new Daemon("").close();
        assertThat(socket()).exists();
        assertTryAgain(run("{}"), "Connection refused");
    }

    @Test
    void a_path_that_is_too_long_for_a_socket_is_told() throws Exception {
        environment.put("MESHNET_SOCKET", "/run/" + "x".repeat(200));
        Ended ended = run("{}");
        assertThat(ended.status()).isOne();
        assertThat(json(ended).path("msg").asText()).contains("x".repeat(200), "too long");
    }

    @Test
    void a_daemon_that_never_answers_is_given_up() throws Exception {
        environment.put("MESHNET_TIMEOUT", "1");
        try (Daemon daemon = new Daemon(null)) {
            assertTryAgain(run("{}"), "gave up after 1 s of waiting for its answer");
            assertThat(daemon.request()).contains("CNI_COMMAND");
        }
    }

    @Test
    void an_input_that_never_ends_is_given_up() throws Exception {
        environment.put("MESHNET_TIMEOUT", "1");
        Process process = start();
        try (OutputStream held = process.getOutputStream()) {
            held.flush();
            assertTryAgain(ended(process), "gave up after 1 s of reading the standard input");
        }
    }

    @Test
    void a_wrong_variable_is_told_without_a_daemon() throws Exception {
        environment.put("CNI_ARGS", "a\nb");
        Ended ended = run("{}");
        assertThat(ended.status()).isOne();
        assertThat(json(ended).path("code").intValue()).isEqualTo(4);
        assertThat(json(ended).path("msg").asText()).startsWith("CNI_ARGS ");
        environment.put("MESHNET_TIMEOUT", "soon");
        assertThat(json(run("{}")).path("msg").asText()).contains("MESHNET_TIMEOUT");
    }

    @Test
    void version_is_answered_as_the_dispatcher_does_when_there_is_no_daemon() throws Exception {
        environment.put("CNI_COMMAND", "VERSION");
        Dispatcher dispatcher = new Dispatcher(null, new Delegates());
        assertThat(run(""))
                .isEqualTo(new Ended(
                        0, dispatcher.dispatch(environment, new byte[0]).body()));
    }

    private void assertTryAgain(Ended ended, String reason) throws IOException {
        assertThat(ended.status()).isOne();
        assertThat(json(ended).path("code").intValue()).isEqualTo(11);
        assertThat(json(ended).path("msg").asText())
                .startsWith("meshnetd at " + socket() + ": ")
                .contains(reason);
    }

    private static JsonNode json(Ended ended) throws IOException {
        return new JsonMapper().readTree(ended.stdout());
    }

    private static String answer(String status, String body) {
        int length = body.getBytes(StandardCharsets.UTF_8).length;
        return "HTTP/1.1 " + status + "\r\nContent-Length: " + length + "\r\n\r\n" + body;
    }

    private Path socket() {
        return directory.resolve("daemon.sock");
    }

    /** How the front ended. */
    private record Ended(int status, String stdout) {}

    private Ended run(String stdin) throws Exception {
        Process process = start();
        try (OutputStream pipe = process.getOutputStream()) {
            pipe.write(stdin.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // a front that fails before it has read its input shows that by how it ends
            assertThat(e).hasMessageContaining("pipe");
        }
        return ended(process);
    }

    private Process start() throws Exception {
        Path classes = Path.of(
                Front.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                classes.toString(),
                Front.class.getName());
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().put("MESHNET_SOCKET", socket().toString());
        builder.environment().putAll(environment);
        return builder.redirectError(directory.resolve("stderr").toFile()).start();
    }

    private static Ended ended(Process process) throws Exception {
        String stdout = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), stdout);
    }

    /** A server for one connection that reads a request and says what it was told to. */
    private final class Daemon implements AutoCloseable {
        private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        private final List<Throwable> failures = new ArrayList<>();
        private final StringBuilder request = new StringBuilder();
        private final Thread thread;

        /** @param answer what to say; null to say nothing and wait until the other side closes */
        Daemon(String answer) throws IOException {
            this(answer, Integer.MAX_VALUE);
        }

        Daemon(String answer, int mostToRead) throws IOException {
            server.bind(UnixDomainSocketAddress.of(socket()));
            thread = Thread.ofPlatform().daemon().start(() -> serve(answer, mostToRead));
        }

        private void serve(String answer, int mostToRead) {
            try (SocketChannel channel = server.accept()) {
                read(channel, mostToRead);
                if (answer == null) {
                    assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
                    return;
                }
                ByteBuffer bytes = ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            } catch (IOException | AssertionError e) {
                failures.add(e);
            }
        }

        private void read(SocketChannel channel, int mostToRead) throws IOException {
            ByteBuffer all = ByteBuffer.allocate(5_000_000);
            int head = -1;
            int length = 0;
            while (all.position() < mostToRead && (head < 0 || all.position() < head + length)) {
                all.limit(Math.min(all.capacity(), all.position() + 1000));
                if (channel.read(all) < 0) {
                    break;
                }
                if (head < 0) {
                    String text = new String(all.array(), 0, all.position(), StandardCharsets.ISO_8859_1);
                    int end = text.indexOf("\r\n\r\n");
                    if (end >= 0) {
                        head = end + 4;
                        int at = text.indexOf("Content-Length: ") + 16;
                        length = Integer.parseInt(text, at, text.indexOf("\r\n", at), 10);
                    }
                }
            }
            request.append(new String(all.array(), 0, all.position(), StandardCharsets.UTF_8));
        }

        /** The request, once it has been served. */
        String request() throws InterruptedException {
            thread.join();
            assertThat(failures).isEmpty();
            return request.toString();
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
