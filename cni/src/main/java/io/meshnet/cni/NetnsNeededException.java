package io.meshnet.cni;

import java.nio.file.Path;

/**
 * The daemon needs a network namespace that it cannot make itself, since the mounts of a container do not outlive the container.
 *
 * <p>{@link PodNetwork#begin} throws it before the delegate runs. The front then makes the namespace, mounts it at {@link #path} and
 * repeats the call. A front that knows nothing of this prints the error.
 */
public final class NetnsNeededException extends CniException {
    private static final long serialVersionUID = 1L;

    private final String path;

    /** @param path where the front is to mount the namespace; the same file for the daemon and for the front */
    public NetnsNeededException(Path path) {
        super(
                TRY_AGAIN_LATER,
                "meshnetd needs a network namespace at " + absolute(path) + ", and the front has not made it",
                "see that the meshnet in the runtime's directory of plugins has the version of meshnetd: meshnetctl install"
                        + " puts it there");
        this.path = absolute(path).toString();
    }

    /** Where the namespace is to be mounted; an absolute path without "..". */
    public Path path() {
        return Path.of(path);
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
