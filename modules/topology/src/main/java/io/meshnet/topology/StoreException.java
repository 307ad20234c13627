package io.meshnet.topology;

/** The store could not be reached or did not answer in time. */
public final class StoreException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what was tried, on which endpoint, and why it failed */
    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
