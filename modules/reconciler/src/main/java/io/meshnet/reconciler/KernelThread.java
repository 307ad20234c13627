package io.meshnet.reconciler;

import io.meshnet.netlink.RouteSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The one thread that changes the kernel. The kernel's rtnl lock is global, so a second creating thread would gain nothing; with one,
 * changes have an order and nothing else needs a lock. It is a platform thread: a virtual one in a downcall pins its carrier, and one
 * that changes its network namespace takes the carrier along.
 */
public final class KernelThread implements AutoCloseable {

    /** Longest that {@link #close} waits for work already handed over. */
    private static final int CLOSE_SECONDS = 10;

    /** Deletions whose memory the kernel frees at a time; the one beyond is waited for by the kernel thread itself. */
    private static final int MOST_FREEING = 32;

    private static final int IDLE_SECONDS = 5;

    private final ExecutorService executor;
    private final ExecutorService freeing;
    private final Consumer<Error> fatal;
    private RouteSocket socket;

    /**
     * Starts the thread in the network namespace of the process.
     *
     * @param fatal told of an error after which the thread cannot be trusted, such as a namespace it could not leave; ought to end
     *     the process
     */
    public KernelThread(Consumer<Error> fatal) {
        this.fatal = fatal;
        this.executor = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("kernel").daemon().factory());
        this.freeing = new ThreadPoolExecutor(
                1,
                MOST_FREEING,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().name("freeing").daemon().factory(),
                new ThreadPoolExecutor.CallerRunsPolicy());
    }

    /**
     * Where the kernel thread leaves calls that return long after what they were for has come about. There are a few threads for
     * them; while all are taken, the kernel thread does such a call itself.
     */
    ExecutorService freeing() {
        return freeing;
    }

    /**
     * Hands work over; it runs after everything handed over before.
     *
     * @param work is given a socket in the node's namespace, which it must not keep
     * @return completes with the work's result or its exception
     */
    public <T> CompletableFuture<T> submit(Function<RouteSocket, T> work) {
        try {
            return CompletableFuture.supplyAsync(() -> run(work), executor);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private <T> T run(Function<RouteSocket, T> work) {
        try {
            if (socket == null) {
                socket = RouteSocket.open();
            }
            return work.apply(socket);
        } catch (Error e) {
            fatal.accept(e);
            throw e;
        }
    }

    /** Lets what was handed over finish, then ends the thread. */
    @Override
    public void close() {
        var _ = submit(node -> {
            node.close();
            return null;
        });
        executor.shutdown();
        try {
            if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                executor.shutdownNow();
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
        freeing.shutdown();
    }
}
