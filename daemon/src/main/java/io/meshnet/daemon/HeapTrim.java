package io.meshnet.daemon;

/**
 * Gives back the memory that a burst of work took. The serial collector shrinks the heap only in a full collection, for which it has no
 * reason before the heap is as large as it may become; and then only with {@code -XX:-ShrinkHeapInSteps} by all that can be spared. For
 * one thread.
 */
final class HeapTrim {

    /** How much the heap may grow beyond what was left of it, in bytes. A collection costs some tens of milliseconds. */
    private static final long SLACK = 8L << 20;

    private final Runtime runtime = Runtime.getRuntime();
    private long settled = runtime.totalMemory();

    /** To be called every few seconds. Collects where the heap has grown. */
    void tick() {
        if (runtime.totalMemory() - settled > SLACK) {
            System.gc();
            settled = runtime.totalMemory();
        }
    }
}
