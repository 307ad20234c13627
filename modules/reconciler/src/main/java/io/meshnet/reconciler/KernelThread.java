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
 * The one thread that changes the kernel. The kernel's rtnl lock is global, so a second thread
 * would gain nothing. With one thread, changes have an order and need no other lock. It is a
 * platform thread: a virtual thread in a downcall pins its carrier thread, and if it changes its
 * network namespace, the carrier thread changes too.
 */
public final class KernelThread implements AutoCloseable {

    /** How long {@link #close} waits for submitted work. */
    private static final int CLOSE_SECONDS = 10;

    /**
     * How many deletions may wait at a time for the kernel to free memory. The kernel thread itself
     * makes a further one.
     */
    private static final int MOST_FREEING = 32;

    private static final int IDLE_SECONDS = 5;

    private final ExecutorService executor;
    private final ExecutorService freeing;
    private final Consumer<Error> fatal;
    private RouteSocket socket;

    /**
     * Starts the thread in the network namespace of the process.
     *
     * @param fatal gets an error after which the thread cannot be trusted, such as a namespace that
     *     it could not leave; should end the process
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
     * Executor for deletions: the system call returns tens of milliseconds after the device is
     * gone. While all of its threads are busy, the kernel thread makes the call itself.
     */
    ExecutorService freeing() {
        return freeing;
    }

    /**
     * Submits work, which runs after all work submitted before.
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

    /** Waits for submitted work, then ends the thread. */
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
