package io.meshnet.reconciler.state;

/** A request about the node's links could not be met; the message says why, for people. */
public class LinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what could not be done, where, and why */
    public LinkException(String message) {
        super(message);
    }
}
