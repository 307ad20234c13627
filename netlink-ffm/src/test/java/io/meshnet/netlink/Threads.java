package io.meshnet.netlink;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs a piece of a test on a thread of its own, which dies with it. */
final class Threads {

    private Threads() {}

    static <T> T onPlatformThread(Callable<T> action) throws Exception {
        return on(Thread.ofPlatform(), action);
    }

    static <T> T onVirtualThread(Callable<T> action) throws Exception {
        return on(Thread.ofVirtual(), action);
    }

    private static <T> T on(Thread.Builder builder, Callable<T> action) throws Exception {
        FutureTask<T> task = new FutureTask<>(action);
        builder.start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case Exception cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw e;
            }
        }
    }
}
