package io.meshnet.bench;

import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.Cluster;
import io.meshnet.reconciler.KernelThread;
import io.meshnet.reconciler.LocalPod;
import io.meshnet.reconciler.NetnsIds;
import io.meshnet.reconciler.NodeIdentity;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.topology.PodName;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
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
 *   veth     PREFIX PODS COUNT PRESENT    a veth, complete, with so many there before
 *   vxlan    PREFIX PODS COUNT UNDERLAY   an end of a vxlan, complete
 *   unlist   PREFIX PODS COUNT            COUNT veths released until no namespace lists them
 *   delete   PREFIX PODS COUNT            the same until the kernel has told of all, and the kernel thread is free again
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
        int count = Integer.parseInt(arguments[3]);
        try (RouteSocket node = RouteSocket.open()) {
            int underlay = work.equals("vxlan")
                    ? node.links().find(arguments[4]).orElseThrow().ifindex()
                    : 0;
            try (Pods pods = new Pods(node, prefix, Integer.parseInt(arguments[2]), underlay)) {
                long[] took = switch (work) {
                    case "exchange" -> exchanges(pods, count);
                    case "veth" -> veths(pods, count, Integer.parseInt(arguments[4]));
                    case "vxlan" -> vxlans(pods, count);
                    case "unlist" -> deletions(pods, count, false);
                    case "delete" -> deletions(pods, count, true);
                    default -> throw new IllegalArgumentException(work + " is no work");
                };
                Arrays.stream(took).forEach(System.out::println);
            }
        }
    }

    private static long[] exchanges(Pods pods, int count) throws IOException {
        each(WARM_UP * 10, _ -> pods.exchange());
        return inTurns(count, _ -> pods.exchange());
    }

    private static long[] veths(Pods pods, int count, int present) throws IOException {
        each(WARM_UP, pods::veth);
        pods.clear();
        each(present, pods::veth);
        long[] took = inTurns(count, i -> pods.veth(present + i));
        pods.clear();
        return took;
    }

    private static long[] vxlans(Pods pods, int count) throws IOException {
        each(WARM_UP, pods::vxlan);
        pods.clear();
        long[] took = inTurns(count, pods::vxlan);
        pods.clear();
        return took;
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

    /** What the end of a pod waits for: the reconciler's word that all is gone, which is checked. */
    private static long[] deletions(Pods pods, int count, boolean untilTold) throws Exception {
        long[] took = new long[DELETIONS];
        try (KernelThread kernel = new KernelThread(_ -> Runtime.getRuntime().halt(1))) {
            NodeIdentity identity = new NodeIdentity("bench", InetAddress.getByName("192.0.2.1"), 0, 4789, 1450);
            var reconciler = new Reconciler(identity, new Cluster(), kernel, _ -> Optional.empty(), new NetnsIds());
            var pod = new LocalPod(PodName.of("pod"), pods.path(0), Optional.empty());
            for (int round = -WARM_UP_DELETIONS; round < DELETIONS; round++) {
                int links = round < 0 ? 1 : count;
                for (int i = 0; i < links; i++) {
                    pods.vethOfFirst(i);
                }
                long begin = System.nanoTime();
                CompletableFuture<Void> unlisted = reconciler.release(pod);
                CompletableFuture<Void> told = kernel.submit(_ -> null);
                (untilTold ? told : unlisted).get();
                long end = System.nanoTime();
                // Asking takes the kernel's lock, which the deletion lets go of last.
                boolean left = pods.has(0, Pods.name(links - 1, 0)) || pods.has(1, Pods.name(links - 1, 1));
                if (left) {
                    throw new IllegalStateException("a link is still there");
                }
                if (round >= 0) {
                    took[round] = end - begin;
                }
            }
        }
        return took;
    }
}
