package io.meshnet.reconciler;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Calls on a thread that is in another network namespace. Threads that the call starts are there as
 * well, and stay there.
 */
final class InNamespace {

    private static final int CLONE_NEWNET = 0x40000000;

    private static final MethodHandle OPEN = link("open", ADDRESS, JAVA_INT);
    private static final MethodHandle CLOSE = link("close", JAVA_INT);
    private static final MethodHandle SETNS = link("setns", JAVA_INT, JAVA_INT);

    private InNamespace() {}

    static <T> T call(Path netns, Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(() -> {
            enter(netns);
            return call.call();
        });
        Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }

    private static void enter(Path netns) {
        try (Arena arena = Arena.ofConfined()) {
            int fd = check("open " + netns, OPEN, arena.allocateFrom(netns.toString()), 0);
            check("setns", SETNS, fd, CLONE_NEWNET);
            check("close", CLOSE, fd);
        }
    }

    private static int check(String what, MethodHandle handle, Object... arguments) {
        try {
            int result = (int) handle.invokeWithArguments(arguments);
            if (result < 0) {
                throw new AssertionError(what + " failed");
            }
            return result;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static MethodHandle link(String function, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(function), FunctionDescriptor.of(JAVA_INT, arguments));
    }
}
