package io.meshnet.netlink;

/**
 * The thread entered another network namespace and could not go back to its own. It must die: whatever it opened from here on
 * would be in the wrong namespace, so it never goes back to a pool, and nobody catches this to go on.
 */
public final class NetnsReturnError extends Error {
    private static final long serialVersionUID = 1L;

    NetnsReturnError(String netns, int errno) {
        super("thread " + Thread.currentThread().getName() + " is stuck in netns " + netns + ": "
                + Errno.describe(errno));
    }
}
