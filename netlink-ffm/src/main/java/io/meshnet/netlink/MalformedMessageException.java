package io.meshnet.netlink;

/** Bytes are not the netlink message that their lengths claim. */
public final class MalformedMessageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what is wrong, and at which offset */
    public MalformedMessageException(String message) {
        super(message);
    }
}
