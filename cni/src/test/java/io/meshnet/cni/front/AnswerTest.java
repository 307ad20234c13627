package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pieces of the front: request, answer, the look at JSON, the error. */
class AnswerTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 100_000})
    void an_answer_may_arrive_in_any_pieces_and_be_delimited_in_any_way(int piece) throws Exception {
        String body = "{\"a\": \"b\"}";
        assertBody(body, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + body + "what follows is not read", piece);
        assertBody(body, "HTTP/1.1 200\r\ncontent-length:10\r\n\r\n" + body, piece);
        assertBody(body, "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n" + body, piece);
        assertBody(body, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + body, piece);
        String chunks = "4;x=y\r\n{\"a\"\r\n06\r\n: \"b\"}\r\n0\r\nTrailer: x\r\n\r\nrest";
        assertBody(body, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, piece);
        assertBody("", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", piece);
        assertBody("", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", piece);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r\n\r\n",
                "{}",
                "SSH-2.0-OpenSSH\r\n\r\n",
                "HTTP/1.1 abc OK\r\n\r\n",
                "HTTP/1.1 099 OK\r\n\r\n",
                "HTTP/1.1 2000 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
                "HTTP/1.1 100 Continue\r\n\r\n",
            })
    void what_is_no_complete_http_is_a_reason_to_try_again(String text) {
        assertThat(refusal(() -> read(text, 100))).isNotBlank();
    }

    @Test
    void a_line_without_end_is_given_up() {
        assertThat(refusal(() -> read("HTTP/1.1 200 OK\r\n" + "x".repeat(100_000), 8192)))
                .contains("too long");
    }

    @Test
    void a_failure_needs_json_and_so_does_the_success_of_a_command_with_a_result() throws Exception {
        Answer error = read("HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nbroken", 100);
        assertThat(refusal(() -> error.body("DEL"))).contains("500", "broken");
        Answer empty = read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 100);
        assertThat(empty.body("DEL")).isEmpty();
        assertThat(refusal(() -> empty.body("ADD"))).contains("200 with no JSON object");
        assertThat(refusal(() -> empty.body("VERSION"))).contains("200");
        assertThat(read("HTTP/1.1 204 No\r\n\r\n", 100).succeeded()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", " {\"a\": [1, {\"b\": \"}]\\\"\"}]}\n", "{\"\\\\\": \"[\"}"})
    void an_object_is_known_by_its_brackets(String text) {
        assertThat(JsonShape.isObject(text.getBytes(StandardCharsets.UTF_8))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "[]", "7", "\"{}\"", "{", "{}}", "{} {}", "{[}]", "{\"a}", "{\"a\\\"}", "}", "{]", "x{}"
            })
    void what_is_cut_off_or_nested_wrongly_is_no_object(String text) {
        assertThat(JsonShape.isObject(text.getBytes(StandardCharsets.UTF_8))).isFalse();
    }

    @Test
    void nesting_without_end_is_no_object() {
        assertThat(JsonShape.isObject("{\"a\":".repeat(2000).getBytes(StandardCharsets.UTF_8)))
                .isFalse();
    }

    @Test
    void a_request_carries_the_variables_of_the_protocol_and_the_input() throws FrontException {
        Map<String, String> environment =
                new TreeMap<>(Map.of("CNI_COMMAND", "DEL", "CNI_NETNS", "", "PATH", "/bin", "XCNI_A", "x"));
        byte[] body = "{\"\u00e9\"}".getBytes(StandardCharsets.UTF_8);
        assertThat(new String(Request.encode(environment, body), StandardCharsets.UTF_8))
                .isEqualTo(String.join(
                        "\r\n",
                        "POST /cni HTTP/1.1",
                        "Host: meshnetd",
                        "Connection: close",
                        "Content-Type: application/json",
                        "Content-Length: 6",
                        "CNI_COMMAND: DEL",
                        "CNI_NETNS: ",
                        "",
                        "{\"\u00e9\"}"));
    }

    @ParameterizedTest
    @CsvSource({
        "CNI_ARGS,'a\r\nX: y'",
        "CNI_NETNS,/run/\u00e9",
        "CNI_ARGS,' a'",
        "CNI_ARGS,'a '",
        "CNI_A:B,x",
        "CNI_\u00c9,x"
    })
    void a_variable_that_no_header_can_carry_is_named(String name, String value) {
        FrontException e =
                catchThrowableOfType(FrontException.class, () -> Request.encode(Map.of(name, value), new byte[0]));
        assertThat(e.code()).isEqualTo(FrontException.INVALID_ENVIRONMENT);
        assertThat(e).hasMessageStartingWith(name + " ");
    }

    @Test
    void an_error_is_ascii_whatever_the_reason_contains() {
        assertThat(ErrorJson.of(11, "a \"b\" \\ \u00e9\n"))
                .asString(StandardCharsets.US_ASCII)
                .startsWith(
                        "{\"cniVersion\":\"1.1.0\",\"code\":11,\"msg\":\"a \\\"b\\\" \\\\ \\u00e9\\u000a\",\"details\":\"see ")
                .endsWith("\"}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "x", "86401", "1.5"})
    void a_timeout_is_a_number_of_seconds(String text) {
        FrontException e = catchThrowableOfType(FrontException.class, () -> Front.seconds(text));
        assertThat(e.code()).isEqualTo(FrontException.INVALID_ENVIRONMENT);
        assertThat(e).hasMessageContainingAll("MESHNET_TIMEOUT", text);
    }

    private static void assertBody(String body, String answer, int piece) throws Exception {
        Answer read = read(answer, piece);
        assertThat(read.succeeded()).isTrue();
        assertThat(read.body("DEL")).asString(StandardCharsets.UTF_8).isEqualTo(body);
    }

    private static Answer read(String text, int piece) throws IOException, FrontException {
        return Answer.read(new AnswerReader(new Pieces(text.getBytes(StandardCharsets.UTF_8), piece)));
    }

    private static String refusal(ThrowingCallable call) {
        FrontException e = catchThrowableOfType(FrontException.class, call);
        assertThat(e.code()).isEqualTo(FrontException.TRY_AGAIN_LATER);
        return e.getMessage();
    }

    /** Bytes that arrive so many at a time. */
    private static final class Pieces implements ReadableByteChannel {
        private final ByteBuffer left;
        private final int piece;

        Pieces(byte[] all, int piece) {
            this.left = ByteBuffer.wrap(all);
            this.piece = piece;
        }

        @Override
        public int read(ByteBuffer into) {
            if (!left.hasRemaining()) {
                return -1;
            }
            int count = Math.min(piece, Math.min(left.remaining(), into.remaining()));
            into.put(left.slice(left.position(), count));
            left.position(left.position() + count);
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
