package io.meshnet.reconciler.kernel;

import static io.meshnet.reconciler.kernel.Eventually.eventually;

/**
 * A namespace with one interface, {@code eth1}, that is the end of a port. It has no IPv6, so that
 * it sends nothing by itself.
 *
 * @param namespace the pod
 * @param address the IPv4 address of its interface
 * @param port the ifindex of the port
 */
record TestPod(TestNamespace namespace, String address, int port) {

    /** Whether one ping is answered within a second. */
    boolean pings(String destination, String options) {
        return namespace.run("ping -q -c 1 -W 1 " + options + destination).status() == 0;
    }

    /** Waits until a ping is answered. */
    void reaches(TestPod other, String options) {
        eventually(namespace.name() + " reaches " + other.address, () -> pings(other.address, options));
    }

    void reaches(TestPod other) {
        reaches(other, "");
    }

    /** How many frames its interface has taken. */
    long received() {
        return namespace.received("eth1");
    }

    /** Sends frames of any form out by its interface, see {@link Frames}. */
    void send(byte[] bytes) {
        int ifindex = namespace.link("eth1").ifindex();
        namespace.inside(() -> {
            try (Posix.File socket = Posix.packetSocket()) {
                Posix.send(socket, ifindex, bytes);
            }
            return null;
        });
    }
}
