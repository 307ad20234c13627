package io.meshnet.cni.front;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;

/** The bytes of an answer as they arrive, in whatever pieces. */
final class AnswerReader {
    private static final int LONGEST_LINE = 64 << 10;
    private static final int LARGEST_BODY = 64 << 20;
    private static final int LONGEST_EXCERPT = 200;

    private final ReadableByteChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(8192).limit(0);

    AnswerReader(ReadableByteChannel channel) {
        this.channel = channel;
    }

    /** The next line without its end. */
    String line() throws FrontException {
        StringBuilder line = new StringBuilder(80);
        for (int c = next(); c != '\n'; c = next()) {
            if (c < 0) {
                throw closedEarly();
            }
            if (c == 0) {
                throw refused("its answer is no HTTP: a line with a NUL");
            }
            if (line.length() == LONGEST_LINE) {
                throw refused("its answer is no HTTP: a line is too long");
            }
            line.append((char) c);
        }
        int length = line.length();
        return length > 0 && line.charAt(length - 1) == '\r' ? line.substring(0, length - 1) : line.toString();
    }

    /** Appends the next {@code count} bytes. */
    void exactly(long count, ByteArrayOutputStream into) throws FrontException {
        for (long left = count; left > 0; ) {
            if (!fill()) {
                throw closedEarly();
            }
            left -= take((int) Math.min(left, buffer.remaining()), into);
        }
    }

    /** Appends what comes until the connection ends. */
    void rest(ByteArrayOutputStream into) throws FrontException {
        while (fill()) {
            take(buffer.remaining(), into);
        }
    }

    private int take(int count, ByteArrayOutputStream into) throws FrontException {
        if (into.size() + count > LARGEST_BODY) {
            throw refused("its answer has more than 64 MiB");
        }
        into.write(buffer.array(), buffer.position(), count);
        buffer.position(buffer.position() + count);
        return count;
    }

    private int next() {
        return fill() ? buffer.get() & 0xff : -1;
    }

    /** Whether there is another byte. A connection that breaks, as one with a part of the request unread does, has ended. */
    private boolean fill() {
        try {
            while (!buffer.hasRemaining()) {
                buffer.clear();
                int count = channel.read(buffer);
                buffer.flip();
                if (count < 0) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Decodes UTF-8 from a part of a line, in which each character stands for a byte. */
    static String text(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    static FrontException refused(String why) {
        return new FrontException(FrontException.TRY_AGAIN_LATER, why);
    }

    private static FrontException closedEarly() {
        return refused("it closed the connection before its answer was complete");
    }

    /** A quotation from an answer for a message: its first 200 bytes, up to a NUL. */
    static String excerpt(byte[] body) {
        int length = 0;
        while (length < Math.min(body.length, LONGEST_EXCERPT) && body[length] != 0) {
            length++;
        }
        return new String(body, 0, length, StandardCharsets.UTF_8).trim();
    }
}
