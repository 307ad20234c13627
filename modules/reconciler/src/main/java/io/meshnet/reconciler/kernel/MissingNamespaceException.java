package io.meshnet.reconciler.kernel;

import java.nio.file.Path;

/** The patch namespace is not mounted, and the CNI front has to make it. */
public final class MissingNamespaceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Path path;

    /** @param path where the front has to mount it */
    public MissingNamespaceException(Path path) {
        super("the patch namespace is not mounted at " + path + " yet; the next CNI call makes it");
        this.path = path;
    }

    /** Where the front has to mount the namespace. */
    public Path path() {
        return path;
    }
}
