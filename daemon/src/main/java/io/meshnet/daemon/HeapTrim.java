package io.meshnet.daemon;

/**
 * Gives back the memory that a burst of work took. The serial collector shrinks the heap only in a full collection, for which it has no
 * reason before the heap is as large as it may become. For one thread.
 */
final class HeapTrim {

    /** How much larger than it was found to have to be the heap may stay, in bytes. A collection costs some tens of milliseconds. */
    static final long SLACK = 8L << 20;

    private final Runtime runtime = Runtime.getRuntime();
    private long settled = runtime.totalMemory();
    private long last = settled;

    /** To be called every few seconds. Collects where the heap is larger than needed, once it has stopped growing. */
    void tick() {
        long size = runtime.totalMemory();
        if (due(settled, last, size)) {
            System.gc();
            settled = runtime.totalMemory();
            last = settled;
        } else {
            last = size;
        }
    }

    /**
     * Whether the heap is to be collected.
     *
     * @param settled its size after the last collection
     * @param last its size a tick ago
     * @param size its size
     */
    static boolean due(long settled, long last, long size) {
        return size <= last && size - settled > SLACK;
    }
}
