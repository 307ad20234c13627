package io.meshnet.tests;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The daemon of a node that still runs the original: it follows nothing, and does what {@code PUT /vtep} asks for. */
final class OriginalDaemon {
    private static final int PORT = 8181;

    private OriginalDaemon() {}

    /**
     * Serves until it is killed.
     *
     * @param arguments the node's namespace, as {@code ip netns} names it, and the node's lock file
     */
    public static void main(String[] arguments) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(PORT), 0);
        server.createContext("/vtep", exchange -> serve(exchange, arguments[0], Path.of(arguments[1])));
        server.start();
    }

    private static void serve(HttpExchange exchange, String node, Path lock) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (!exchange.getRequestMethod().equals("PUT")) {
            answer(exchange, 405, "only PUT");
            return;
        }
        OriginalTunnel tunnel;
        try {
            tunnel = OriginalTunnel.parse(body);
        } catch (AssertionError e) {
            answer(exchange, 400, e.toString());
            return;
        }
        try {
            boolean made = tunnel.make(node, lock);
            System.out.println((made ? "made " : "found ") + body);
            answer(exchange, 200, "");
        } catch (RuntimeException | AssertionError e) {
            System.out.println("failed " + body + ": " + e);
            answer(exchange, 500, e.toString());
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }
}
