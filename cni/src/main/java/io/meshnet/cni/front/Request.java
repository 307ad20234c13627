package io.meshnet.cni.front;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The request that carries a call to the daemon. */
final class Request {
    private static final String PREFIX = "CNI_";

    private Request() {}

    /**
     * The request as it goes over the socket.
     *
     * @throws FrontException with code 4 for a variable that no header can carry as it is
     */
    static byte[] encode(Map<String, String> environment, byte[] body) throws FrontException {
        StringBuilder head = new StringBuilder("POST /cni HTTP/1.1\r\nHost: meshnetd\r\nConnection: close\r\n");
        head.append("Content-Type: application/json\r\nContent-Length: ")
                .append(body.length)
                .append("\r\n");
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            String name = variable.getKey();
            if (name.startsWith(PREFIX)) {
                requireName(name);
                requireValue(name, variable.getValue());
                head.append(name).append(": ").append(variable.getValue()).append("\r\n");
            }
        }
        byte[] ascii = head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
        byte[] request = new byte[ascii.length + body.length];
        System.arraycopy(ascii, 0, request, 0, ascii.length);
        System.arraycopy(body, 0, request, ascii.length, body.length);
        return request;
    }

    private static void requireName(String name) throws FrontException {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            if (!letter && (c < '0' || c > '9')) {
                throw invalid(name, "is no name of a variable that can be passed on");
            }
        }
    }

    private static void requireValue(String name, String value) throws FrontException {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c > '~') {
                throw invalid(name, "has a character that is not printable ASCII");
            }
        }
        if (value.startsWith(" ") || value.endsWith(" ")) {
            throw invalid(name, "begins or ends with a space");
        }
    }

    private static FrontException invalid(String name, String why) {
        return new FrontException(FrontException.INVALID_ENVIRONMENT, name + ' ' + why);
    }
}
