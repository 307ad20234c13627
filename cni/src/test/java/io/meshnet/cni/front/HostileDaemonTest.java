package io.meshnet.cni.front;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.cni.front.FrontCall.Ended;
import io.meshnet.cni.front.ScriptedDaemon.Script;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a daemon may do wrong, by accident or on purpose: every form of the front ends in the same way, whatever it is. */
@Execution(ExecutionMode.CONCURRENT)
class HostileDaemonTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n";
    private static final String CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n";
    private static final String EARLY = "it closed the connection before its answer was complete";
    private static final String NO_HTTP = "its answer is no HTTP";
    private static final String TOO_LARGE = "its answer has more than 64 MiB";
    private static final String GAVE_UP = "gave up after 2 s of waiting for its answer";
    private static final int LARGEST_BODY = 64 << 20;

    @TempDir
    private Path directory;

    /**
     * One daemon.
     *
     * @param name what it does
     * @param script how it answers a request that it has read
     * @param result the result that comes out; null when none does
     * @param why why none does
     */
    record Hostile(String name, Script script, String result, String why) {

        static Hostile refused(String name, String why, String answer) {
            return new Hostile(name, channel -> send(channel, answer), null, why);
        }

        static Hostile accepted(String name, String result, String answer) {
            return new Hostile(name, channel -> send(channel, answer), result, null);
        }

        static Hostile endless(String name, String why, String start, String piece) {
            Script script = channel -> {
                send(channel, start);
                forever(channel, piece);
            };
            return new Hostile(name, script, null, why);
        }

        static Hostile open(String name, String result, String answer) {
            Script script = channel -> {
                send(channel, answer);
                hold(channel);
            };
            return new Hostile(name, script, result, result == null ? GAVE_UP : null);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static List<Hostile> daemons() {
        List<Hostile> daemons = new ArrayList<>(heads());
        daemons.addAll(lengths());
        daemons.addAll(chunks());
        daemons.addAll(bodies());
        daemons.addAll(tempos());
        daemons.addAll(askingForNamespaces());
        return daemons;
    }

    private static List<Hostile> heads() {
        return List.of(
                Hostile.refused("a head cut in its first line", EARLY, "HTTP/1.1 2"),
                Hostile.refused("a head cut in a header", EARLY, OK + "Content-Le"),
                Hostile.refused("a head without its end", EARLY, OK + "Content-Length: 2\r\n"),
                Hostile.refused("no line but blank ones", NO_HTTP, "\r\n\r\n"),
                Hostile.refused("another protocol", NO_HTTP, "220 mail.example.com ESMTP\r\n"),
                Hostile.refused("HTTP/2", NO_HTTP, "HTTP/2.0 200 OK\r\n\r\n{}"),
                Hostile.refused("no space behind the status", NO_HTTP, "HTTP/1.1 2000 OK\r\n\r\n{}"),
                Hostile.refused("a status of letters", NO_HTTP + ": status", "HTTP/1.1 2x0 OK\r\n\r\n{}"),
                Hostile.refused("a negative status", NO_HTTP + ": status", "HTTP/1.1 -20 OK\r\n\r\n{}"),
                Hostile.refused("a status below 100", NO_HTTP, "HTTP/1.1 099 OK\r\n\r\n{}"),
                Hostile.refused(
                        "a NUL in a line", NO_HTTP + ": a line with a NUL", OK + "Content-Length: 2\0\r\n\r\n{}"),
                Hostile.refused("a header without a colon", NO_HTTP + ": a header without a colon", OK + "x\r\n\r\n{}"),
                Hostile.refused(
                        "a header without a name", NO_HTTP + ": a header without a colon", OK + ": x\r\n\r\n{}"),
                Hostile.refused("a line too long", NO_HTTP + ": a line is too long", OK + "x".repeat(65_537)),
                Hostile.accepted("a line as long as may be", "{}", OK + "x:" + "y".repeat(65_533) + "\r\n\r\n{}"),
                Hostile.accepted("a flood of headers", "{}", OK + "X-Flood: y\r\n".repeat(100_000) + "\r\n{}"),
                Hostile.accepted(
                        "a flood of promises", "{}", "HTTP/1.1 100 Continue\r\n\r\n".repeat(50_000) + OK + "\r\n{}"),
                Hostile.accepted("lines without carriage returns", "{}", "HTTP/1.0 200\nContent-Length: 2\n\n{}"),
                Hostile.accepted("bytes that are no ASCII in a header", "{}", OK + "X-\u00ff: \u0080\r\n\r\n{}"));
    }

    private static List<Hostile> lengths() {
        String wrong = NO_HTTP + ": Content-Length";
        return List.of(
                Hostile.refused("a negative length", wrong, OK + "Content-Length: -1\r\n\r\n{}"),
                Hostile.refused("a length with a sign", wrong, OK + "Content-Length: +2\r\n\r\n{}"),
                Hostile.refused("no length", wrong, OK + "Content-Length:\r\n\r\n{}"),
                Hostile.refused("two lengths in one", wrong, OK + "Content-Length: 2, 2\r\n\r\n{}"),
                Hostile.refused("a hexadecimal length", wrong, OK + "Content-Length: 0x2\r\n\r\n{}"),
                Hostile.refused(
                        "a length beyond 64 bits", wrong, OK + "Content-Length: 18446744073709551618\r\n\r\n{}"),
                Hostile.refused("a huge length", EARLY, OK + "Content-Length: 999999999999999\r\n\r\n{}"),
                Hostile.refused("a length beyond what follows", EARLY, OK + "Content-Length: 3\r\n\r\n{}"),
                Hostile.accepted(
                        "the last of two lengths", "{}", OK + "Content-Length: 9\r\ncontent-length:\t2 \r\n\r\n{}9"),
                Hostile.accepted(
                        "a length and chunks",
                        "{}",
                        OK + "Content-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
                Hostile.accepted("another encoding", "{}", OK + "Transfer-Encoding: gzip, chunked\r\n\r\n{}"));
    }

    private static List<Hostile> chunks() {
        String wrong = NO_HTTP + ": chunk size";
        return List.of(
                Hostile.refused("no size", wrong, CHUNKED + "\r\n{}\r\n0\r\n\r\n"),
                Hostile.refused("a size that is none", wrong, CHUNKED + "zz\r\n{}"),
                Hostile.refused("a negative size", wrong, CHUNKED + "-2\r\n{}\r\n0\r\n\r\n"),
                Hostile.refused("a size with a prefix", wrong, CHUNKED + "0x2\r\n{}\r\n0\r\n\r\n"),
                Hostile.refused("a size of 64 bits", wrong, CHUNKED + "ffffffffffffffff\r\n{}"),
                Hostile.refused("a huge size", EARLY, CHUNKED + "fffffffffffffff\r\n{}"),
                Hostile.refused("a chunk cut off", EARLY, CHUNKED + "4\r\n{}"),
                Hostile.refused("no last chunk", EARLY, CHUNKED + "2\r\n{}\r\n"),
                Hostile.refused("no end of the trailer", EARLY, CHUNKED + "2\r\n{}\r\n0\r\nx: y\r\n"),
                Hostile.refused(
                        "a chunk longer than its size",
                        NO_HTTP + ": a chunk longer than its size",
                        CHUNKED + "1\r\n{}\r\n0\r\n\r\n"),
                Hostile.accepted(
                        "sizes in any form", "{ }", CHUNKED + "01;x=\"y\"\r\n{\r\n 1 \r\n \r\n00001\n}\n000\r\n\r\n"),
                Hostile.accepted(
                        "a thousand chunks",
                        "{" + " ".repeat(998) + "}",
                        CHUNKED + "1\r\n{\r\n" + "1\r\n \r\n".repeat(998) + "1\r\n}\r\n0\r\n\r\n"));
    }

    private static List<Hostile> bodies() {
        String none = "it answered 200 with no JSON object: ";
        String largest = "{\"x\":\"" + "y".repeat(LARGEST_BODY - 8) + "\"}";
        return List.of(
                Hostile.refused("no content", "it answered 204 with no JSON object: ", "HTTP/1.1 204 No\r\n\r\n{}"),
                Hostile.refused("not modified", "it answered 304 with no JSON object: ", "HTTP/1.1 304 No\r\n\r\n{}"),
                Hostile.refused("no body", none, OK + "Content-Length: 0\r\n\r\n"),
                Hostile.refused("blanks", none, OK + "\r\n \t\r\n "),
                Hostile.refused("an array", none + "[]", OK + "\r\n[]"),
                Hostile.refused("two objects", none + "{}{}", OK + "\r\n{}{}"),
                Hostile.refused("brackets that do not match", none + "{[}]", OK + "\r\n{[}]"),
                Hostile.refused("a string cut off", none + "{\"a\\\"}", OK + "\r\n{\"a\\\"}"),
                Hostile.refused("an escape cut off", none + "{\"a\\", OK + "\r\n{\"a\\"),
                Hostile.refused(
                        "a page",
                        "it answered 502 with no JSON object: <p>\"\\\u0001\u007f",
                        "HTTP/1.1 502 x\r\n\r\n<p>\"\\\u0001\u007f"),
                Hostile.refused("a NUL", none + "ab", OK + "\r\nab\0cd"),
                Hostile.refused("long text", none + "z".repeat(200), OK + "\r\n" + "z".repeat(10_000)),
                Hostile.refused(
                        "a long text cut in a character",
                        none + "z".repeat(199) + '\ufffd',
                        OK + "\r\n" + "z".repeat(199) + "\u00c3\u00a9"),
                Hostile.refused("too deep", none + "{".repeat(200), OK + "\r\n" + "{".repeat(1001) + "}".repeat(1001)),
                Hostile.accepted(
                        "just not too deep",
                        "{".repeat(1000) + "}".repeat(1000),
                        OK + "\r\n" + "{".repeat(1000) + "}".repeat(1000)),
                Hostile.accepted("bytes that are no UTF-8", "{\"\u00ff\u0000\"}", OK + "\r\n{\"\u00ff\u0000\"}"),
                Hostile.accepted("as much as may be", largest, OK + "\r\n" + largest),
                Hostile.refused("a byte more", TOO_LARGE, OK + "\r\n " + largest),
                Hostile.refused(
                        "a byte more, and a length", TOO_LARGE, OK + "Content-Length: 67108865\r\n\r\n " + largest),
                Hostile.refused(
                        "a byte more, in chunks", TOO_LARGE, CHUNKED + "4000000\r\n" + largest + "\r\n1\r\n \r\n"));
    }

    private static List<Hostile> tempos() {
        return List.of(
                new Hostile(
                        "a byte at a time",
                        channel -> drip(channel, OK + "Content-Length: 2\r\n\r\n{}", 0),
                        "{}",
                        null),
                new Hostile(
                        "drop by drop", channel -> drip(channel, OK + "\r\n" + " ".repeat(1000), 50), null, GAVE_UP),
                Hostile.open("no answer", null, ""),
                Hostile.open("an answer and no end of the connection", "{}", OK + "Content-Length: 2\r\n\r\n{}"),
                Hostile.open("an answer without length and no end of the connection", null, OK + "\r\n{}"),
                Hostile.endless("headers without end", GAVE_UP, OK, "X-Flood: y\r\n"),
                Hostile.endless("promises without end", GAVE_UP, "", "HTTP/1.1 100 Continue\r\n\r\n"),
                Hostile.endless("a line without end", NO_HTTP + ": a line is too long", OK, "x"),
                Hostile.endless("a trailer without end", GAVE_UP, CHUNKED + "0\r\n", "x: y\r\n"));
    }

    /** None of these paths is one that a front makes anything at. */
    private static List<Hostile> askingForNamespaces() {
        String asks = "it asks for a network namespace at a path that ";
        String longest = "/" + "x".repeat(4095);
        return List.of(
                Hostile.refused("an empty path", asks + "is not absolute: ", needed("")),
                Hostile.refused("a relative path", asks + "is not absolute: run/netns", needed("run/netns")),
                Hostile.refused("a path upwards", asks + "contains \"..\": /no/../netns", needed(" /no/../netns ")),
                Hostile.refused(
                        "a path that ends with a slash", asks + "ends with a slash: /no/netns/", needed("/no/netns/")),
                Hostile.refused("the root directory", asks + "ends with a slash: /", needed("/")),
                Hostile.refused("a path too long", asks + "is longer than 4095 bytes: " + longest, needed(longest)),
                Hostile.refused(
                        "a path that is no ASCII",
                        asks + "has a character that is not printable ASCII: /no/\u00e9\ufffd",
                        needed("/no/\u00c3\u00a9\u00ff")),
                Hostile.refused(
                        "a path with a tab",
                        asks + "has a character that is not printable ASCII: /no/a\tb",
                        needed("/no/a\tb")),
                Hostile.refused(
                        "the last of two paths",
                        asks + "is not absolute: b",
                        "HTTP/1.1 428 x\r\nMeshnet-Netns: /no/a\r\nmeshnet-netns:b\r\n\r\n{}"),
                Hostile.refused(
                        "a path and an answer cut off",
                        EARLY,
                        needed("/no/netns").replace("{}", "{")),
                Hostile.accepted("a path beside a result", "{}", OK + "Meshnet-Netns: /no/netns\r\n\r\n{}"),
                Hostile.accepted(
                        "a path before the answer proper",
                        "{}",
                        "HTTP/1.1 100 Continue\r\nMeshnet-Netns: /no/netns\r\n\r\n" + OK + "\r\n{}"),
                Hostile.refused("no path", "it answered 428 with no JSON object: none", "HTTP/1.1 428 x\r\n\r\nnone"));
    }

    private static String needed(String path) {
        return "HTTP/1.1 428 x\r\nMeshnet-Netns: " + path + "\r\nContent-Length: 2\r\n\r\n{}";
    }

    @ParameterizedTest
    @MethodSource("daemons")
    void every_front_ends_alike(Hostile hostile) throws Exception {
        Ended expected = hostile.why() == null
                ? Ended.with(0, hostile.result().getBytes(ISO_8859_1))
                : Ended.unanswered(directory, hostile.why());
        for (FrontForm form : FrontForm.values()) {
            FrontCall call = FrontCall.add(form, directory);
            String timeout = GAVE_UP.equals(hostile.why()) ? "2" : "120";
            try (ScriptedDaemon daemon = new ScriptedDaemon(socket(), Integer.MAX_VALUE, hostile.script())) {
                Ended ended = call.with("MESHNET_TIMEOUT", timeout).run("{}");
                assertThat(ended.equals(expected))
                        .as("%s: %s, and said %s", form, abridged(ended), call.said())
                        .isTrue();
                assertThat(daemon).isNotNull();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FrontForm.class)
    void a_daemon_that_closes_before_it_has_read_the_request_is_met_alike(FrontForm form) throws Exception {
        Map<String, Ended> answers = Map.of(
                "",
                Ended.unanswered(directory, EARLY),
                OK + "Content-Length: 9\r\n\r\n{}",
                Ended.unanswered(directory, EARLY),
                OK + "\r\n{}",
                Ended.result("{}"));
        for (int length : List.of(2, 4_000_000)) {
            for (Map.Entry<String, Ended> answer : answers.entrySet()) {
                byte[] bytes = answer.getKey().getBytes(ISO_8859_1);
                try (ScriptedDaemon daemon = ScriptedDaemon.answering(socket(), bytes, 1)) {
                    assertThat(FrontCall.add(form, directory).run("x".repeat(length)))
                            .as("%d bytes, %s", length, answer)
                            .isEqualTo(answer.getValue());
                    assertThat(daemon.request()).hasSize(1);
                }
            }
        }
    }

    /** Against the Java front within this process, since a process for each of so many answers would take too long. */
    @Test
    void answers_cut_off_and_spoilt_anywhere_are_read_alike() throws Exception {
        List<byte[]> answers = new ArrayList<>();
        for (String good : List.of(
                OK + "Content-Length: 13\r\n\r\n{\"a\":[\"\u00c3\u00a9\"]}",
                CHUNKED + "4;x=y\r\n{\"a\"\r\n06\r\n: \"b\"}\r\n0\r\nX: y\r\n\r\n")) {
            byte[] bytes = good.getBytes(ISO_8859_1);
            IntStream.range(0, bytes.length).forEach(length -> answers.add(Arrays.copyOf(bytes, length)));
            IntStream.range(0, 50).forEach(seed -> answers.add(spoilt(bytes, new Random(seed))));
        }
        for (byte[] answer : answers) {
            Ended expected;
            try (ScriptedDaemon daemon = ScriptedDaemon.answering(socket(), answer)) {
                expected = withinThisProcess();
                assertThat(daemon.request()).isNotEmpty();
            }
            try (ScriptedDaemon daemon = ScriptedDaemon.answering(socket(), answer)) {
                FrontCall call = FrontCall.add(FrontForm.SANITIZED, directory);
                assertThat(call.run("{}"))
                        .as("%s", new String(answer, ISO_8859_1))
                        .isEqualTo(expected);
                assertThat(daemon.request()).isNotEmpty();
            }
        }
    }

    private Ended withinThisProcess() throws FrontException {
        byte[] request = Request.encode(FrontCall.add(FrontForm.JAVA, directory).environment(), new byte[0]);
        try {
            Answer answer = Exchange.with(socket().toString(), request);
            return Ended.with(answer.succeeded() ? 0 : 1, answer.body("ADD"));
        } catch (FrontException e) {
            return Ended.unanswered(directory, e.getMessage());
        }
    }

    /** Changes, doubles or drops a few bytes; likely to those that mean something. */
    private static byte[] spoilt(byte[] good, Random random) {
        byte[] likely = "\r\n:; \0{}[]\"\\0129afHT\u00ff\u00e0\u00f0\u00a0".getBytes(ISO_8859_1);
        ByteBuffer bytes = ByteBuffer.allocate(2 * good.length);
        for (byte b : good) {
            int chance = random.nextInt(60);
            if (chance == 0) {
                bytes.put(likely[random.nextInt(likely.length)]);
            } else if (chance == 1) {
                bytes.put(b).put(b);
            } else if (chance > 2) {
                bytes.put(b);
            }
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private Path socket() {
        return FrontCall.socket(directory);
    }

    private static String abridged(Ended ended) {
        String stdout = ended.stdout();
        return ended.status() + " " + stdout.substring(0, Math.min(stdout.length(), 1000));
    }

    private static void send(SocketChannel channel, String answer) throws IOException {
        ScriptedDaemon.write(channel, answer.getBytes(ISO_8859_1));
    }

    /** Sends the piece again and again, until the other side closes and the write fails. */
    private static void forever(SocketChannel channel, String piece) throws IOException {
        byte[] many = piece.repeat(1000).getBytes(ISO_8859_1);
        while (channel.isOpen()) {
            ScriptedDaemon.write(channel, many);
        }
    }

    private static void drip(SocketChannel channel, String answer, long milliseconds) throws IOException {
        for (byte b : answer.getBytes(ISO_8859_1)) {
            ScriptedDaemon.write(channel, new byte[] {b});
            try {
                Thread.sleep(milliseconds);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    /** Until the other side closes. */
    private static void hold(SocketChannel channel) throws IOException {
        assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
}
