package io.meshnet.bench;

import io.meshnet.netlink.EmptyExchange;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.kernel.WireMaps;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The counterpart of the floor in C, on the product's own classes, warm: the same work in the same order, its times printed in
 * nanoseconds, one to a line. Runs in the node's network namespace.
 *
 * <pre>
 *   exchange PREFIX PODS COUNT            a request that means nothing, and its ack
 *   port     PREFIX PODS COUNT PRESENT    a port with a wire to another node, complete, with so many there before
 *   wire     PREFIX PODS COUNT            a wire between two ports that are there
 *   unlist   PREFIX PODS COUNT            COUNT ports of a pod released until no namespace lists them
 *   delete   PREFIX PODS COUNT            until the kernel thread is free again: the kernel has told of all, and the ports that they
 *                                         were wired to are down
 * </pre>
 *
 * With TURNS=N in the environment the first three measure N at a time: before them and after the last they print "turn", and go on
 * with the next line of their input.
 */
public final class Latency {

    /** As many of anything make the JVM compile what it is going to compile. */
    private static final int WARM_UP = 1000;

    private static final int DELETIONS = 10;
    private static final int WARM_UP_DELETIONS = 200;

    private static final Logger LOGGER = Logger.getLogger("io.meshnet");

    private Latency() {}

    /** Does what the arguments say. */
    public static void main(String[] arguments) throws Exception {
        LOGGER.setLevel(Level.WARNING);
        String work = arguments[0];
        String prefix = arguments[1];
        int pods = Integer.parseInt(arguments[2]);
        int count = Integer.parseInt(arguments[3]);
        long[] took = switch (work) {
            case "exchange" -> exchanges(count);
            case "port" -> ports(prefix, pods, count, Integer.parseInt(arguments[4]));
            case "wire" -> wires(prefix, count);
            case "unlist" -> deletions(prefix, count, false);
            case "delete" -> deletions(prefix, count, true);
            default -> throw new IllegalArgumentException(work + " is no work");
        };
        Arrays.stream(took).forEach(System.out::println);
    }

    private static long[] exchanges(int count) throws IOException {
        try (RouteSocket node = RouteSocket.open()) {
            each(WARM_UP * 10, _ -> EmptyExchange.with(node));
            return inTurns(count, _ -> EmptyExchange.with(node));
        }
    }

    private static long[] ports(String prefix, int pods, int count, int present) throws IOException {
        try (RouteSocket node = RouteSocket.open();
                Ports ports = new Ports(node, prefix, pods)) {
            each(WARM_UP, ports::port);
            ports.clear();
            each(present, ports::port);
            long[] took = inTurns(count, i -> ports.port(present + i));
            ports.clear();
            return took;
        }
    }

    private static long[] wires(String prefix, int count) throws IOException {
        try (RouteSocket node = RouteSocket.open();
                Ports ports = new Ports(node, prefix, 0)) {
            int first = WireMaps.FIRST_IFINDEX;
            each(WARM_UP * 10, _ -> ports.wire(first, first + 1));
            return inTurns(count, _ -> ports.wire(first, first + 1));
        }
    }

    private static void each(int count, IntConsumer work) {
        for (int i = 0; i < count; i++) {
            var _ = time(work, i);
        }
    }

    private static long[] inTurns(int count, IntConsumer work) throws IOException {
        String turns = System.getenv("TURNS");
        int turn = turns == null ? 0 : Integer.parseInt(turns);
        long[] took = new long[count];
        for (int i = 0; i < count; i++) {
            if (turn > 0 && i % turn == 0) {
                awaitTurn();
            }
            took[i] = time(work, i);
        }
        if (turn > 0) {
            awaitTurn();
        }
        return took;
    }

    /** Says that it is somebody else's turn, and waits until it is its own again. */
    private static void awaitTurn() throws IOException {
        System.out.println("turn");
        var _ = System.in.read();
    }

    /** A method of its own, since the loop around it is never run often enough to be compiled. */
    private static long time(IntConsumer work, int i) {
        long begin = System.nanoTime();
        work.accept(i);
        return System.nanoTime() - begin;
    }

    /** What the end of a pod waits for: the reconciler's word that all is gone. */
    private static long[] deletions(String prefix, int count, boolean untilTold) throws Exception {
        long[] took = new long[DELETIONS];
        try (Node node = new Node(prefix)) {
            for (int round = -WARM_UP_DELETIONS; round < DELETIONS; round++) {
                node.placePair(round < 0 ? 1 : count);
                node.reconcile(2);
                long begin = System.nanoTime();
                CompletableFuture<Void> unlisted = node.reconciler().release(node.pod(0));
                CompletableFuture<Void> told = node.kernel().submit(_ -> null);
                (untilTold ? told : unlisted).get();
                long end = System.nanoTime();
                if (round >= 0) {
                    took[round] = end - begin;
                }
            }
            node.reconciler().release(node.pod(0)).join();
            node.reconciler().release(node.pod(1)).join();
        }
        return took;
    }
}
