package io.meshnet.daemon;

import io.meshnet.topology.PodName;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/** Keeps two calls for one pod apart, whichever threads they come on; calls for different pods seldom wait for each other. */
final class PodLocks {

    private static final int STRIPES = 64;

    private final Lock[] stripes = new Lock[STRIPES];

    PodLocks() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /** The lock of a pod; not to be taken while another one is held. */
    Lock of(PodName pod) {
        return stripes[Math.floorMod(pod.hashCode(), STRIPES)];
    }
}
