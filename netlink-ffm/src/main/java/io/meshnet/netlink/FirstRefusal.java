package io.meshnet.netlink;

/** Takes the first refusal whose errno is not tolerated. A socket keeps one, so that a change allocates nothing. */
final class FirstRefusal implements RouteSocket.Refusals {

    private int tolerated;
    private int errno;

    /** Forgets the last refusal; from now on {@code tolerated} is as good as an ack. */
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
