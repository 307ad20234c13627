package io.meshnet.reconciler.peer;

import io.meshnet.reconciler.state.LinkException;

/** An update from another node is about nothing that this node has; nothing was changed. The message says why, for people. */
public final class RefusedUpdateException extends LinkException {
    private static final long serialVersionUID = 1L;

    /** @param message what the update is about, and why it is refused */
    public RefusedUpdateException(String message) {
        super(message);
    }
}
