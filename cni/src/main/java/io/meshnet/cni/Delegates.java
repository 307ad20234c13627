package io.meshnet.cni;

import java.io.File;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Finds delegates in {@code CNI_PATH}.
 *
 * @param deadline how long one call of a delegate may take before it is killed
 * @param executables {@code PATH} of the delegates, which run iptables and the like; empty for none
 * @param mounts where they are looked for and run
 */
public record Delegates(Duration deadline, String executables, PluginMounts mounts) {
    /** The deadline when nothing else is configured. */
    public static final Duration DEADLINE = Duration.ofSeconds(60);

    /** @throws IllegalArgumentException when the deadline is not positive */
    public Delegates {
        if (!deadline.isPositive()) {
            throw new IllegalArgumentException("the deadline of a delegate must be positive: " + deadline);
        }
    }

    /** Delegates in the daemon's own mount namespace. */
    public Delegates(Duration deadline, String executables) {
        this(deadline, executables, PluginMounts.own());
    }

    /** Delegates with the default deadline and the {@code PATH} of this process, in its mount namespace. */
    public Delegates() {
        this(PluginMounts.own());
    }

    /** Delegates with the default deadline and the {@code PATH} of this process, in the given mount namespace. */
    public Delegates(PluginMounts mounts) {
        this(DEADLINE, System.getenv().getOrDefault("PATH", ""), mounts);
    }

    /**
     * The executable of that name in the first directory of the call's path that has one.
     *
     * @throws CniException with code 100 when there is none
     */
    Delegate find(String type, Invocation call) throws CniException {
        for (String directory : call.path().split(File.pathSeparator, -1)) {
            try {
                Path candidate = Path.of(directory, type);
                if (!directory.isEmpty() && mounts.isRegularFile(candidate)) {
                    return new Delegate(type, candidate, this);
                }
            } catch (InvalidPathException e) {
                throw new CniException(
                        CniException.DELEGATE_FAILED, "no path of a plugin: \"" + directory + "\"", e.getMessage(), e);
            }
        }
        throw new CniException(
                CniException.DELEGATE_FAILED,
                "failed to find plugin \"" + type + "\" in path [" + call.path() + "]",
                "install it there, or correct \"type\" in \"delegate\" of the network configuration");
    }
}
