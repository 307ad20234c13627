package io.meshnet.tests;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has to be undone, last done first: at the latest when the JVM ends, however it ends short of a kill. Safe for use by any
 * thread.
 */
final class Undo implements AutoCloseable {
    private final Deque<Runnable> steps = new ArrayDeque<>();
    private final Thread hook = new Thread(this::run, "undo");

    Undo() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    synchronized void add(Runnable step) {
        steps.push(step);
    }

    /** Undoes everything; a step that fails does not keep the others from being taken. */
    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(hook);
        run();
    }

    private synchronized void run() {
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (RuntimeException | AssertionError e) {
                System.err.println("left behind: " + e);
            }
        }
    }
}
