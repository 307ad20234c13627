package io.meshnet.reconciler;

/** What was asked for could not be done to the node's links; the message says why, for people. */
public final class WiringException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Says it in words.
     *
     * @param message what could not be done, where, and why
     */
    public WiringException(String message) {
        super(message);
    }
}
