package io.meshnet.cni.front;

import java.nio.charset.StandardCharsets;

/** The error JSON of the CNI specification, written without a library. */
final class ErrorJson {
    private ErrorJson() {}

    /** The error, with what to do about any error of that code. */
    static byte[] of(int code, String message) {
        return of(code, message, advice(code));
    }

    /**
     * The error in UTF-8. Characters outside printable ASCII are escaped.
     *
     * @param advice what to do about it; has nothing to be escaped
     */
    static byte[] of(int code, String message, String advice) {
        StringBuilder json = new StringBuilder("{\"cniVersion\":\"1.1.0\",\"code\":").append(code);
        json.append(",\"msg\":\"");
        for (int i = 0; i < message.length(); i++) {
            char c = message.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                escape(json, c);
            } else {
                json.append(c);
            }
        }
        return json.append("\",\"details\":\"")
                .append(advice)
                .append("\"}")
                .toString()
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** What to do about an error of that code; has nothing to be escaped. */
    static String advice(int code) {
        return switch (code) {
            case FrontException.INVALID_ENVIRONMENT ->
                "see what the runtime gives to the plugin: CNI_ variables of printable ASCII, and MESHNET_TIMEOUT";
            case FrontException.IO_FAILURE ->
                "see what the runtime gives to the plugin as standard input: the network configuration, and its end";
            default ->
                "see that meshnetd runs on this node, and that MESHNET_SOCKET, where it is set, is the same for both";
        };
    }

    private static void escape(StringBuilder json, char c) {
        json.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            json.append(Character.forDigit((c >> shift) & 0xf, 16));
        }
    }
}
