package io.meshnet.daemon;

import io.meshnet.cni.CniException;
import io.meshnet.topology.PodName;
import io.meshnet.topology.StoreException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A call of the store that goes on while something else is done. Safe for use by any thread. */
final class StoreCall<T> {

    private final PodName pod;
    private final FutureTask<T> task;

    private StoreCall(PodName pod, Callable<T> call) {
        this.pod = pod;
        this.task = new FutureTask<>(call);
    }

    /**
     * Begins it, on a virtual thread.
     *
     * @param pod that it is about
     */
    static <T> StoreCall<T> begin(PodName pod, Callable<T> call) {
        StoreCall<T> begun = new StoreCall<>(pod, call);
        Thread.startVirtualThread(begun.task);
        return begun;
    }

    /** The store's answer; waits for it, no longer than the store does. */
    T get() throws StoreException, CniException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException refused) {
                throw refused;
            }
            throw new IllegalStateException("pod " + pod + ": a call of the store failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CniException(CniException.TRY_AGAIN_LATER, "pod " + pod + ": interrupted", "", e);
        }
    }
}
