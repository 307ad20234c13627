package io.meshnet.daemon;

import io.meshnet.cni.CniException;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** What the store knows of a pod, asked for before it is needed. Safe for use by any thread. */
final class PodReading {

    private final PodName pod;
    private final FutureTask<PodRecord> task;

    private PodReading(TopologyStore store, PodName pod) {
        this.pod = pod;
        this.task = new FutureTask<>(() -> store.read(pod));
    }

    /** Begins to ask, on a virtual thread. */
    static PodReading begin(TopologyStore store, PodName pod) {
        PodReading reading = new PodReading(store, pod);
        Thread.startVirtualThread(reading.task);
        return reading;
    }

    /** The answer; waits for it, no longer than the store does. */
    PodRecord get() throws StoreException, CniException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException refused) {
                throw refused;
            }
            throw new IllegalStateException("pod " + pod + " cannot be read", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CniException(CniException.TRY_AGAIN_LATER, "pod " + pod + ": interrupted", "", e);
        }
    }
}
