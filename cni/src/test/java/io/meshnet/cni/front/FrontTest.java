package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.cni.Delegates;
import io.meshnet.cni.Dispatcher;
import io.meshnet.cni.front.FrontCall.Ended;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every form of the front as a process, against daemons of the test's own and against none. */
@ParameterizedClass
@EnumSource(FrontForm.class)
class FrontTest {
    private static final String ERROR = "{\"cniVersion\":\"1.1.0\",\"code\":7,\"msg\":\"no \u00e9\"}";
    private static final int LARGEST_INPUT = 16 << 20;

    @Parameter
    private FrontForm form;

    @TempDir
    private Path directory;

    @Test
    void a_result_comes_out_as_the_daemon_gave_it_and_the_exit_status_is_0() throws Exception {
        String result = "{\"cniVersion\": \"0.1.0\",\n \"x\": \"\u00e9\"}\n";
        String stdin = "{\"name\": \"\u00e9\"}";
        try (ScriptedDaemon daemon = daemon(answer("200 OK", result))) {
            assertThat(call().with("CNI_ARGS", "A=b;C=d e").run(stdin)).isEqualTo(Ended.result(result));
            assertThat(daemon.request())
                    .startsWith("POST /cni HTTP/1.1\r\n")
                    .contains("\r\nConnection: close\r\n", "\r\nContent-Length: 14\r\n")
                    .contains("\r\nCNI_COMMAND: ADD\r\n", "\r\nCNI_NETNS: \r\n", "\r\nCNI_ARGS: A=b;C=d e\r\n")
                    .doesNotContain("MESHNET_SOCKET", "PATH")
                    .endsWith("\r\n\r\n" + stdin);
        }
    }

    @Test
    void an_error_comes_out_and_the_exit_status_is_1() throws Exception {
        try (ScriptedDaemon daemon = daemon(answer("500 Internal Server Error", ERROR))) {
            assertThat(call().run("{}")).isEqualTo(Ended.with(1, ERROR.getBytes(StandardCharsets.UTF_8)));
            assertThat(daemon.request()).contains("CNI_COMMAND");
        }
    }

    @Test
    void del_prints_nothing() throws Exception {
        try (ScriptedDaemon daemon = daemon(answer("200 OK", ""))) {
            assertThat(call().with("CNI_COMMAND", "DEL").run("{}")).isEqualTo(Ended.result(""));
            assertThat(daemon.request()).contains("CNI_COMMAND: DEL");
        }
    }

    @Test
    void a_large_input_reaches_a_slow_daemon_and_a_large_result_comes_back() throws Exception {
        String stdin = "{\"x\":\"" + "y".repeat(4_000_000) + "\"}";
        String result = "{\"x\":\"" + "z".repeat(4_000_000) + "\"}";
        try (ScriptedDaemon daemon = daemon(answer("200 OK", result))) {
            assertThat(call().run(stdin)).isEqualTo(Ended.result(result));
            assertThat(daemon.request()).endsWith(stdin);
        }
    }

    @Test
    void a_daemon_that_answers_before_it_has_read_everything_is_heard() throws Exception {
        byte[] answer = answer("413 Too Large", ERROR).getBytes(StandardCharsets.UTF_8);
        try (ScriptedDaemon daemon = ScriptedDaemon.answering(socket(), answer, 0)) {
            assertThat(call().run("{\"x\":\"" + "y".repeat(4_000_000) + "\"}"))
                    .isEqualTo(Ended.with(1, ERROR.getBytes(StandardCharsets.UTF_8)));
            assertThat(daemon.request()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("noAnswers")
    void an_answer_that_is_none_is_try_again_later(String text, String reason) throws Exception {
        try (ScriptedDaemon daemon = daemon(text)) {
            assertThat(call().run("{}")).isEqualTo(Ended.unanswered(directory, reason));
            assertThat(daemon.request()).contains("CNI_COMMAND");
        }
    }

    private static List<Arguments> noAnswers() {
        String ok = "HTTP/1.1 200 OK\r\n";
        String early = "it closed the connection before its answer was complete";
        return List.of(
                Arguments.of("", early),
                Arguments.of(ok + "Content-Length: 100\r\n\r\n{\"cut\":", early),
                Arguments.of(ok + "\r\n{\"cut\":", "it answered 200 with no JSON object: {\"cut\":"),
                Arguments.of(ok + "\r\n<html>", "it answered 200 with no JSON object: <html>"),
                Arguments.of(
                        "HTTP/1.1 503 Unavailable\r\n\r\nstarting", "it answered 503 with no JSON object: starting"),
                Arguments.of("SSH-2.0-OpenSSH\r\n", "its answer is no HTTP"));
    }

    @Test
    void no_socket_is_try_again_later() throws Exception {
        assertThat(call().run("{}"))
                .isEqualTo(Ended.unanswered(directory, "cannot connect: No such file or directory"));
    }

    @Test
    void an_error_is_one_of_cni_that_says_what_to_do() throws Exception {
        assertThat(call().run("{}").stdout())
                .isEqualTo("{\"cniVersion\":\"1.1.0\",\"code\":11,\"msg\":\"meshnetd at " + socket()
                        + ": cannot connect: No such file or directory\",\"details\":\"see that meshnetd runs on this node,"
                        + " and that MESHNET_SOCKET, where it is set, is the same for both\"}");
        assertThat(call().with("CNI_ARGS", " ").run("{}").stdout())
                .contains("\"details\":\"see what the runtime gives");
        assertThat(call().throughShell("exec \"$@\" </").run("").stdout()).contains("as standard input");
    }

    @Test
    void a_socket_nobody_listens_on_is_try_again_later() throws Exception {
        daemon("").close();
        assertThat(socket()).exists();
        assertThat(call().run("{}")).isEqualTo(Ended.unanswered(directory, "cannot connect: Connection refused"));
    }

    @Test
    void no_daemon_is_not_available_to_a_status() throws Exception {
        String why = "meshnetd at " + socket() + ": cannot connect: No such file or directory";
        assertThat(call().with("CNI_COMMAND", "STATUS").run("{}")).isEqualTo(Ended.error(50, why));
    }

    @ParameterizedTest
    @CsvSource({"106, No such file or directory", "107, Unix domain path too long", "5000, Unix domain path too long"})
    void a_path_that_is_too_long_for_a_socket_is_told(int length, String why) throws Exception {
        String path = "/run/" + "x".repeat(length - 5);
        assertThat(call().with("MESHNET_SOCKET", path).run("{}"))
                .isEqualTo(Ended.error(11, "meshnetd at " + path + ": cannot connect: " + why));
    }

    @Test
    void a_daemon_that_never_answers_is_given_up() throws Exception {
        try (ScriptedDaemon daemon = ScriptedDaemon.silent(socket())) {
            assertThat(call().with("MESHNET_TIMEOUT", "2").run("{}"))
                    .isEqualTo(Ended.unanswered(directory, "gave up after 2 s of waiting for its answer"));
            assertThat(daemon.request()).contains("CNI_COMMAND");
        }
    }

    @Test
    void a_daemon_that_does_not_accept_connections_is_given_up() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket());
        try (ServerSocketChannel server =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address, 1)) {
            try (SocketChannel first = SocketChannel.open(address);
                    SocketChannel second = SocketChannel.open(address)) {
                assertThat(List.of(server.isOpen(), first.isConnected(), second.isConnected()))
                        .doesNotContain(false);
                assertThat(call().with("MESHNET_TIMEOUT", "2").run("{}"))
                        .isEqualTo(Ended.unanswered(directory, "gave up after 2 s of waiting for its answer"));
            }
        }
    }

    @Test
    void an_input_that_never_ends_is_given_up() throws Exception {
        FrontCall call = call().with("MESHNET_TIMEOUT", "2");
        Process process = call.start();
        try (OutputStream held = process.getOutputStream()) {
            held.flush();
            assertThat(call.ended(process))
                    .isEqualTo(Ended.unanswered(directory, "gave up after 2 s of reading the standard input"));
        }
    }

    @Test
    void a_front_that_is_stopped_and_continued_meanwhile_answers() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch continued = new CountDownLatch(1);
        FrontCall call = call();
        try (ScriptedDaemon daemon = new ScriptedDaemon(socket(), Integer.MAX_VALUE, channel -> {
            asked.countDown();
            await(continued);
            ScriptedDaemon.write(channel, answer("200 OK", "{}").getBytes(StandardCharsets.UTF_8));
        })) {
            Process process = call.start();
            process.getOutputStream().close();
            await(asked);
            for (String signal : List.of("-STOP", "-CONT", "-STOP", "-CONT")) {
                assertThat(new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                                .start()
                                .waitFor())
                        .isZero();
            }
            continued.countDown();
            assertThat(call.ended(process)).isEqualTo(Ended.result("{}"));
            assertThat(daemon.request()).contains("CNI_COMMAND");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "CNI_ARGS, has a character that is not printable ASCII, 'a\r\nX: y'",
        "CNI_ARGS, has a character that is not printable ASCII, 'a\nb'",
        "CNI_ARGS, has a character that is not printable ASCII, 'a\tb'",
        "CNI_ARGS, begins or ends with a space, ' a'",
        "CNI_ARGS, begins or ends with a space, 'a '",
        "CNI_ARGS, begins or ends with a space, ' '",
        "CNI_A:B, is no name of a variable that can be passed on, x",
        "CNI_A B, is no name of a variable that can be passed on, x",
    })
    void a_variable_that_no_header_can_carry_is_told_without_a_daemon(String name, String why, String value)
            throws Exception {
        assertThat(call().with(name, value).run("{}")).isEqualTo(Ended.error(4, name + ' ' + why));
    }

    @ParameterizedTest
    @CsvSource({
        "\\303\\211, \u00c9",
        "\\360\\237\\220\\235, \ud83d\udc1d",
        "\\355\\240\\200, \ufffd",
        "\\300\\200, \ufffd\ufffd",
        "\\342\\202, \ufffd"
    })
    void what_is_not_ascii_is_still_readable_in_an_error(String bytes, String characters) throws Exception {
        String script = "exec env \"$(printf 'CNI_" + bytes + "')=x\" \"$@\"";
        assertThat(call().throughShell(script).run("{}"))
                .isEqualTo(Ended.error(4, "CNI_" + characters + " is no name of a variable that can be passed on"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "0", "-1", "86401", "1.5", "1s", " 1", "+", "99999999999999999999"})
    void a_timeout_that_is_no_number_of_seconds_is_told(String text) throws Exception {
        assertThat(call().with("MESHNET_TIMEOUT", text).run("{}"))
                .isEqualTo(Ended.error(
                        4, "MESHNET_TIMEOUT must be a number of seconds from 1 to 86400: \"" + text + "\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "60", "+60", "00086400"})
    void a_timeout_is_a_number_of_seconds_or_nothing(String text) throws Exception {
        try (ScriptedDaemon daemon = daemon(answer("200 OK", "{}"))) {
            assertThat(call().with("MESHNET_TIMEOUT", text).run("{}")).isEqualTo(Ended.result("{}"));
            assertThat(daemon.request()).isNotEmpty();
        }
    }

    @Test
    void an_input_may_have_16_MiB_and_no_more() throws Exception {
        String largest = "x".repeat(LARGEST_INPUT);
        try (ScriptedDaemon daemon = daemon(answer("200 OK", "{}"))) {
            assertThat(call().run(largest)).isEqualTo(Ended.result("{}"));
            assertThat(daemon.request()).endsWith("\r\n\r\n" + largest);
        }
        assertThat(call().run(largest + "x")).isEqualTo(Ended.error(5, "the standard input has more than 16 MiB"));
    }

    @Test
    void an_input_that_cannot_be_read_is_told() throws Exception {
        assertThat(call().throughShell("exec \"$@\" </").run(""))
                .isEqualTo(Ended.error(5, "cannot read the standard input: Is a directory"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"exec \"$@\" >/dev/full", "exec \"$@\" >&-"})
    void a_result_that_cannot_be_written_is_a_failure(String script) throws Exception {
        FrontCall call = call().throughShell(script);
        try (ScriptedDaemon daemon = daemon(answer("200 OK", "{}"))) {
            assertThat(call.run("{}")).isEqualTo(new Ended(1, ""));
            assertThat(daemon.request()).endsWith("\r\n\r\n{}");
            assertThat(call.said()).contains("cannot write the result: ");
        }
    }

    @Test
    void a_runtime_that_has_gone_does_not_kill_the_front() throws Exception {
        FrontCall call = call();
        try (ScriptedDaemon daemon = daemon(answer("200 OK", "{}"))) {
            Process process = call.start();
            process.getInputStream().close();
            process.getOutputStream().close();
            assertThat(process.waitFor()).isOne();
            assertThat(daemon.request()).isNotEmpty();
            assertThat(call.said()).contains("cannot write the result: Broken pipe");
        }
    }

    @Test
    void version_is_answered_as_the_dispatcher_does_when_there_is_no_daemon() throws Exception {
        FrontCall call = call().with("CNI_COMMAND", "VERSION");
        Dispatcher dispatcher = new Dispatcher(null, new Delegates());
        assertThat(call.run(""))
                .isEqualTo(Ended.result(
                        dispatcher.dispatch(call.environment(), new byte[0]).body()));
        assertThat(call.said()).isEqualTo("meshnetd at " + socket() + ": cannot connect: No such file or directory\n");
    }

    @Test
    void version_is_answered_by_a_daemon_that_is_there() throws Exception {
        String result = "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"9.9.9\"]}";
        try (ScriptedDaemon daemon = daemon(answer("200 OK", result))) {
            assertThat(call().with("CNI_COMMAND", "VERSION").run("{}")).isEqualTo(Ended.result(result));
            assertThat(daemon.request()).contains("CNI_COMMAND: VERSION");
        }
    }

    private FrontCall call() {
        return FrontCall.add(form, directory);
    }

    private Path socket() {
        return FrontCall.socket(directory);
    }

    private ScriptedDaemon daemon(String answer) throws IOException {
        return ScriptedDaemon.answering(socket(), answer);
    }

    private static String answer(String status, String body) {
        int length = body.getBytes(StandardCharsets.UTF_8).length;
        return "HTTP/1.1 " + status + "\r\nContent-Length: " + length + "\r\n\r\n" + body;
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
