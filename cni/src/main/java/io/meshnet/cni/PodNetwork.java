package io.meshnet.cni;

import java.util.List;

/**
 * What the plugin itself does for an attachment, beside its delegate.
 *
 * <p>Calls come from any thread, virtual ones included, several at once, but for one container one after the other.
 */
public interface PodNetwork {

    /**
     * Checks what is the plugin's own in configuration and arguments of an ADD. Comes before the delegate runs, so that a wrong
     * configuration leaves nothing behind; must have no effect.
     *
     * @throws CniException with code 7 for a wrong configuration, 4 for wrong arguments
     */
    void validate(Attachment attachment) throws CniException;

    /** An ADD that was begun. */
    @FunctionalInterface
    interface Joining {

        /**
         * Connects the pod. Comes after the delegate has made its interface; if it fails, the delegate's DEL runs, and what this
         * method made must be gone when it throws.
         */
        void finish() throws CniException;
    }

    /**
     * Begins an ADD before its delegate runs, so that what can be learned meanwhile takes no time of its own. Must have no effect on the
     * pod: if the delegate fails, the ADD is never finished.
     *
     * @throws NetnsNeededException when the front is to make a network namespace first; it then repeats the ADD
     */
    Joining begin(Attachment attachment) throws CniException;

    /**
     * Whether the container is attached already. An ADD with a delegate is then refused: a delegate fails it too, and in taking back
     * what it had begun takes the living attachment apart.
     */
    boolean isAttached(Attachment attachment);

    /**
     * Whether {@code CNI_NETNS} of a DEL leads to another namespace than the one that the container was attached with. The delegate is
     * then told of none, so that it leaves the one that lives there now alone.
     */
    boolean isStale(Attachment attachment) throws CniException;

    /** Disconnects the pod. Goes on beside the delegate's DEL. That something is gone already, or never was, is no failure. */
    void delete(Attachment attachment) throws CniException;

    /** Fails if the pod is not connected as it should be. Comes after the delegate's CHECK. */
    void check(Attachment attachment) throws CniException;

    /**
     * Fails if an ADD could not be served at present.
     *
     * @throws CniException with code 50, or 51 when pods that are there may have lost connectivity as well
     */
    void status(NetworkConfig config) throws CniException;

    /**
     * What is held for the network of {@code config}: an attachment for each ADD that no DEL has followed yet, as that ADD named it. A
     * GC deletes those that are no longer valid.
     */
    default List<Attachment> attached(NetworkConfig config) throws CniException {
        return List.of();
    }
}
