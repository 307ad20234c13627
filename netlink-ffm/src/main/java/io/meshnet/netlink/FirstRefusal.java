package io.meshnet.netlink;

/**
 * Keeps the first refusal with an errno that the caller does not tolerate. A socket reuses one
 * object, so a change does not allocate.
 */
final class FirstRefusal implements RouteSocket.Refusals {

    private int tolerated;
    private int errno;

    /** Forgets the last refusal, and treats the errno {@code tolerated} as success from now on. */
    FirstRefusal except(int tolerated) {
        this.tolerated = tolerated;
        errno = 0;
        return this;
    }

    /** The errno of the first refusal; 0 for none. */
    int errno() {
        return errno;
    }

    @Override
    public boolean take(int message, int errno) {
        if (this.errno != 0 || errno == tolerated) {
            return false;
        }
        this.errno = errno;
        return true;
    }
}
