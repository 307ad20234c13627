package io.meshnet.cni.front;

import java.io.ByteArrayOutputStream;

/** The daemon's answer (RFC 9112). */
final class Answer {
    private static final int OK = 200;
    private static final int PRECONDITION_REQUIRED = 428;

    private final int status;
    private final byte[] body;
    private final String netns;

    private Answer(int status, byte[] body, String netns) {
        this.status = status;
        this.body = body;
        this.netns = netns;
    }

    /**
     * Reads one answer and no further than its end.
     *
     * @throws FrontException with code 11 for what is no HTTP, or is not complete
     */
    static Answer read(AnswerReader reader) throws FrontException {
        while (true) {
            int status = status(reader.line());
            long length = -1;
            boolean chunked = false;
            String netns = null;
            for (String line = reader.line(); !line.isEmpty(); line = reader.line()) {
                int colon = line.indexOf(':');
                if (colon <= 0) {
                    throw AnswerReader.refused("its answer is no HTTP: a header without a colon");
                }
                String name = line.substring(0, colon);
                String value = line.substring(colon + 1).trim();
                if (name.equalsIgnoreCase("Content-Length")) {
                    length = number(value, 10, "Content-Length");
                } else if (name.equalsIgnoreCase("Transfer-Encoding")) {
                    chunked = value.equalsIgnoreCase("chunked");
                } else if (status == PRECONDITION_REQUIRED && name.equalsIgnoreCase("Meshnet-Netns")) {
                    netns = AnswerReader.text(value);
                }
            }
            if (status >= OK) {
                return new Answer(status, body(reader, status, length, chunked), netns);
            }
            // 1xx: the answer proper is yet to come
        }
    }

    boolean succeeded() {
        return status == OK;
    }

    /** The path at which the daemon asks for a network namespace before it serves the call; null if it asks for none. */
    String netns() {
        return netns;
    }

    /**
     * What goes to the standard output.
     *
     * @param command the call that is answered; ADD and VERSION must have a result
     * @throws FrontException with code 11 when it is not what a runtime can read
     */
    byte[] body(String command) throws FrontException {
        boolean required = !succeeded() || command.equals("ADD") || command.equals("VERSION");
        if ((required || body.length > 0) && !JsonShape.isObject(body)) {
            throw AnswerReader.refused("it answered " + status + " with no JSON object: " + AnswerReader.excerpt(body));
        }
        return body;
    }

    private static int status(String line) throws FrontException {
        boolean http = line.length() >= 12
                && line.startsWith("HTTP/1.")
                && line.charAt(8) == ' '
                && (line.length() == 12 || line.charAt(12) == ' ');
        long status = http ? number(line.substring(9, 12), 10, "status") : 0;
        if (status < 100) {
            throw AnswerReader.refused("its answer is no HTTP");
        }
        return (int) status;
    }

    private static byte[] body(AnswerReader reader, int status, long length, boolean chunked) throws FrontException {
        ByteArrayOutputStream body = new ByteArrayOutputStream(1024);
        if (status == 204 || status == 304) {
            return body.toByteArray();
        }
        if (chunked) {
            chunks(reader, body);
        } else if (length >= 0) {
            reader.exactly(length, body);
        } else {
            reader.rest(body);
        }
        return body.toByteArray();
    }

    private static void chunks(AnswerReader reader, ByteArrayOutputStream body) throws FrontException {
        while (true) {
            String line = reader.line();
            int extension = line.indexOf(';');
            long size = number((extension < 0 ? line : line.substring(0, extension)).trim(), 16, "chunk size");
            if (size == 0) {
                break;
            }
            reader.exactly(size, body);
            if (!reader.line().isEmpty()) {
                throw AnswerReader.refused("its answer is no HTTP: a chunk longer than its size");
            }
        }
        String trailer = reader.line();
        while (!trailer.isEmpty()) {
            trailer = reader.line();
        }
    }

    private static long number(String text, int radix, String what) throws FrontException {
        boolean digits = !text.isEmpty() && text.length() <= 15;
        for (int i = 0; digits && i < text.length(); i++) {
            digits = Character.digit(text.charAt(i), radix) >= 0;
        }
        if (!digits) {
            throw AnswerReader.refused("its answer is no HTTP: " + what);
        }
        return Long.parseLong(text, radix);
    }
}
