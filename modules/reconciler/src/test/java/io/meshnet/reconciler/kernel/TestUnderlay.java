package io.meshnet.reconciler.kernel;

import java.util.List;

/** A bridge that joins nodes. Closing it deletes it. */
final class TestUnderlay implements AutoCloseable {

    private final TestNamespace bridge = TestNamespace.create("underlay");
    private int ports;

    TestUnderlay() {
        bridge.ip("link add br0 type bridge");
        bridge.ip("link set br0 up");
    }

    /**
     * Joins a namespace by a device {@code uplink} that has addresses, the first of which the
     * kernel prefers.
     */
    void join(TestNamespace node, List<String> addresses) {
        String port = "port" + ++ports;
        bridge.ip("link add " + port + " type veth peer name uplink netns " + node.name());
        bridge.ip("link set " + port + " master br0 up");
        for (String address : addresses) {
            node.ip("address add " + address + " dev uplink" + (address.contains(":") ? " nodad" : ""));
        }
        node.ip("link set uplink up");
    }

    @Override
    public void close() {
        bridge.close();
    }
}
