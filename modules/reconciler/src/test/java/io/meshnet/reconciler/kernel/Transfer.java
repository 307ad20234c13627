package io.meshnet.reconciler.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Sends bytes from pod to pod by sockets, and returns what comes. */
final class Transfer {

    /** Only a fault makes a socket wait to the end. */
    private static final int PATIENCE_MILLIS = 60_000;

    /** UDP may lose a datagram, on any cable. */
    private static final int DATAGRAMS = 20;

    private static final int DATAGRAM_PATIENCE_MILLIS = 1000;

    private Transfer() {}

    /** By TCP, to an address of the receiving pod. */
    static byte[] tcp(TestNamespace from, TestNamespace to, InetAddress address, byte[] content) throws IOException {
        try (ServerSocket server = to.inside(() -> new ServerSocket(0, 1, address));
                Socket client = from.inside(Socket::new)) {
            server.setSoTimeout(PATIENCE_MILLIS);
            // The kernel makes a socket, and with it chooses its namespace, when it is bound.
            from.inside(() -> {
                client.connect(new InetSocketAddress(address, server.getLocalPort()), PATIENCE_MILLIS);
                return null;
            });
            try (Socket accepted = server.accept()) {
                accepted.setSoTimeout(PATIENCE_MILLIS);
                CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> write(client, content));
                byte[] received = accepted.getInputStream().readAllBytes();
                sending.join();
                return received;
            }
        }
    }

    private static void write(Socket socket, byte[] content) {
        try {
            socket.getOutputStream().write(content);
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By UDP, in one datagram, to an address of the receiving pod. It is sent again when it is lost. */
    static byte[] udp(TestNamespace from, TestNamespace to, InetAddress address, byte[] content) throws IOException {
        try (DatagramSocket receiver = to.inside(() -> new DatagramSocket(0, address));
                DatagramSocket sender = from.inside(() -> new DatagramSocket())) {
            receiver.setSoTimeout(DATAGRAM_PATIENCE_MILLIS);
            for (int i = 0; i < DATAGRAMS; i++) {
                sender.send(new DatagramPacket(content, content.length, address, receiver.getLocalPort()));
                Optional<byte[]> received = receive(receiver, content.length + 1);
                if (received.isPresent()) {
                    return received.get();
                }
            }
            throw new AssertionError("no datagram has come to " + address);
        }
    }

    private static Optional<byte[]> receive(DatagramSocket receiver, int limit) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[limit], limit);
        try {
            receiver.receive(packet);
            return Optional.of(Arrays.copyOf(packet.getData(), packet.getLength()));
        } catch (SocketTimeoutException e) {
            return Optional.empty();
        }
    }
}
