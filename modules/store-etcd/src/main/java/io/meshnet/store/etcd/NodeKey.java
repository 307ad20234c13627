package io.meshnet.store.etcd;

import io.meshnet.topology.PodName;
import java.util.Optional;

/**
 * The key that is there while a node is alive: {@code /meshnet/nodes/<node>}.
 *
 * @param node its name, which like a pod's is not empty and without slash, white space or control characters
 */
record NodeKey(String node) {
    private static final String PREFIX = "/meshnet/nodes/";

    /**
     * The key of a node.
     *
     * @throws IllegalArgumentException naming what is wrong with the name
     */
    static NodeKey of(String node) {
        try {
            return new NodeKey(PodName.of(node).name());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the name of a node is one segment of a key like a pod's: " + e.getMessage(), e);
        }
    }

    /** The key of these bytes; empty if it is no node's. */
    static Optional<NodeKey> parse(byte[] key) {
        return PodKey.text(key)
                .filter(text -> text.startsWith(PREFIX))
                .map(text -> text.substring(PREFIX.length()))
                .flatMap(NodeKey::tried);
    }

    private static Optional<NodeKey> tried(String node) {
        try {
            return Optional.of(of(node));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /** The key as etcd has it. */
    @Override
    public String toString() {
        return PREFIX + node;
    }
}
