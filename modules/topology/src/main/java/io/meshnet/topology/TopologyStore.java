package io.meshnet.topology;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Where topology, placements and the nodes that are alive are kept. Every call is bounded by a deadline. Safe for use by any thread. */
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
     * Tells the listener the state of all pods and nodes and from then on every change of it, until closed. Survives disconnection and
     * compaction: whenever changes may have been missed, the whole state is told again. Calls come in order, one at a time.
     */
    Subscription subscribe(Listener listener);

    /**
     * Says that a node is alive, until closed and a little longer: the node counts as gone once nothing was heard of it for the time to
     * live, and as alive all along if its next announcement, by whatever process, begins before. At least two thirds of that time are
     * left when this one ends, however it does.
     *
     * <p>Returns at once; what it takes happens in the background, and is done again whenever it is found undone: after an outage, a loss
     * of data, or somebody's deletion, which is noticed within a third of the time to live.
     *
     * @param node its name, the one in {@link Placement#node()}
     * @param vtep its tunnel address, for people to see
     * @param timeToLive a second or more; the store may have a longest and a shortest of its own
     * @throws IllegalArgumentException if the name cannot be announced, or the time to live is less than a second
     */
    Announcement announce(String node, InetAddress vtep, Duration timeToLive);

    @Override
    void close();

    /** A running announcement of a node. */
    interface Announcement extends AutoCloseable {
        /** Ends it, without a farewell: only the time to live takes the node away. */
        @Override
        void close();
    }

    /** A running subscription. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }

    /** Who is told. Must not block for long. */
    interface Listener {
        /**
         * The state of all pods and nodes at a revision; what is not in it does not exist.
         *
         * @param nodes that are alive
         * @param revision of the store; what is told later is of later revisions
         */
        void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision);

        /** One pod as it is now. */
        void changed(PodRecord pod);

        /**
         * The nodes that are alive now. Told only when they are not those that were told last, revision by revision: a node that came
         * before the pods that changed with it, one that went after them.
         */
        void nodes(Set<String> alive);

        /** The store cannot be followed at present; a snapshot will come when it can. Told once per interruption. */
        void interrupted(StoreException why);
    }
}
