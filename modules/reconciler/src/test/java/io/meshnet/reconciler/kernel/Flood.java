package io.meshnet.reconciler.kernel;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends one frame again and again out by an interface of a pod, as fast as it can, also while the
 * interface has no carrier. It ends when it is closed, or after very many frames.
 */
final class Flood implements AutoCloseable {

    private static final long LIMIT = 100_000_000;

    private final FrameSocket socket;
    private final AtomicLong sent = new AtomicLong();
    private final Thread thread;
    private volatile boolean isStopped;

    Flood(TestNamespace pod, String ifname, byte[] frame) {
        socket = FrameSocket.open(pod, ifname);
        thread = Thread.ofPlatform().daemon().start(() -> {
            for (long i = 0; i < LIMIT && !isStopped; i++) {
                if (socket.trySend(frame)) {
                    sent.incrementAndGet();
                }
            }
        });
    }

    /** How many frames the interface has taken. */
    long sent() {
        return sent.get();
    }

    @Override
    public void close() {
        isStopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        socket.close();
    }
}
