package io.meshnet.topology;

import java.util.Map;
import java.util.OptionalLong;

/** Where topology and placements are kept. Every call is bounded by a deadline. Safe for use by any thread. */
public interface TopologyStore extends AutoCloseable {

    /** What is known of one pod, read from a quorum. */
    PodRecord read(PodName pod) throws StoreException;

    /** What is known of every pod, at one revision. */
    Map<PodName, PodRecord> readAll() throws StoreException;

    /**
     * Writes a pod's placement in one transaction, over whatever incarnation was there.
     *
     * @return the store's revision with it
     */
    long register(PodName pod, Placement placement) throws StoreException;

    /**
     * Empties a pod's placement if it is still that of {@code containerId}.
     *
     * @return the store's revision without it; empty when it was not, and everything is left as it is
     */
    OptionalLong unregister(PodName pod, String containerId) throws StoreException;

    /**
     * Tells the listener the state of all pods and from then on every change of it, until closed. Survives disconnection and
     * compaction: whenever changes may have been missed, the whole state is told again. Calls come in order, one at a time.
     */
    Subscription subscribe(Listener listener);

    @Override
    void close();

    /** A running subscription. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }

    /** Who is told. Must not block for long. */
    interface Listener {
        /**
         * The state of all pods at a revision; what is not in it does not exist.
         *
         * @param revision of the store; what is told later is of later revisions
         */
        void snapshot(Map<PodName, PodRecord> pods, long revision);

        /** One pod as it is now. */
        void changed(PodRecord pod);

        /** The store cannot be followed at present; a snapshot will come when it can. Told once per interruption. */
        void interrupted(StoreException why);
    }
}
