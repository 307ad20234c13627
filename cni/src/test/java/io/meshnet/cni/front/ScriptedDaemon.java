package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A daemon that serves one connection after the other, each with a script of the test. */
final class ScriptedDaemon implements AutoCloseable {
    private static final int LARGEST_REQUEST = 17 << 20;

    private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    private final List<Throwable> failures = new ArrayList<>();
    private final StringBuilder request = new StringBuilder();
    private final Thread thread;

    /** What is done with a connection, which is closed afterwards. */
    @FunctionalInterface
    interface Script {
        void play(SocketChannel channel) throws IOException;
    }

    /** Reads the whole request and answers with these bytes. */
    static ScriptedDaemon answering(Path socket, byte[] answer) throws IOException {
        return answering(socket, answer, Integer.MAX_VALUE);
    }

    /** Reads about {@code most} bytes of the request, answers and closes. */
    static ScriptedDaemon answering(Path socket, byte[] answer, int most) throws IOException {
        return new ScriptedDaemon(socket, most, channel -> write(channel, answer));
    }

    static ScriptedDaemon answering(Path socket, String answer) throws IOException {
        return answering(socket, answer.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads the whole request, then waits until the other side closes. */
    static ScriptedDaemon silent(Path socket) throws IOException {
        return new ScriptedDaemon(
                socket,
                Integer.MAX_VALUE,
                channel -> assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1));
    }

    ScriptedDaemon(Path socket, int mostToRead, Script script) throws IOException {
        this(socket, mostToRead, List.of(script));
    }

    /** Reads the whole request of each connection, in turn, and answers it with the script of that turn. */
    static ScriptedDaemon playing(Path socket, List<Script> scripts) throws IOException {
        return new ScriptedDaemon(socket, Integer.MAX_VALUE, scripts);
    }

    private ScriptedDaemon(Path socket, int mostToRead, List<Script> scripts) throws IOException {
        Files.deleteIfExists(socket);
        server.bind(UnixDomainSocketAddress.of(socket));
        thread = Thread.ofPlatform().daemon().start(() -> scripts.forEach(script -> serve(mostToRead, script)));
    }

    static void write(SocketChannel channel, byte[] bytes) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            channel.write(left);
        }
    }

    private void serve(int mostToRead, Script script) {
        try (SocketChannel channel = server.accept()) {
            read(channel, mostToRead);
            script.play(channel);
        } catch (IOException | AssertionError e) {
            failures.add(e);
        }
    }

    private void read(SocketChannel channel, int mostToRead) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(Math.min(mostToRead, LARGEST_REQUEST));
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

    /** The requests, one behind the other, once all have been served. */
    String request() throws InterruptedException {
        thread.join();
        assertThat(failures).isEmpty();
        return request.toString();
    }

    /** Waits for the script to end, well or not. */
    @Override
    public void close() throws IOException {
        server.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
