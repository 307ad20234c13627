package io.meshnet.store.etcd;

import io.meshnet.topology.PodName;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * A key that means something to us: {@code /<pod>/<item>}.
 *
 * @param pod in the default namespace, the only one that the keys can name
 */
record PodKey(PodName pod, Item item) {

    /** What is kept of a pod. The name in lower case ends the key. */
    enum Item {
        LINKS,
        SRC_IP,
        NET_NS,
        CONTAINER_ID,
        NODE,
        NET_NS_ID;

        private final String text = name().toLowerCase(Locale.ROOT);

        static Optional<Item> of(String text) {
            for (Item item : values()) {
                if (item.text.equals(text)) {
                    return Optional.of(item);
                }
            }
            return Optional.empty();
        }
    }

    /** What all keys of a pod begin with. The slash at the end keeps pod10 out of what is pod1's. */
    static String prefix(PodName pod) {
        return "/" + pod.name() + "/";
    }

    /** The key of these bytes; empty if it is none of ours. */
    static Optional<PodKey> parse(byte[] key) {
        Optional<String> text = text(key);
        if (text.isEmpty() || !text.get().startsWith("/")) {
            return Optional.empty();
        }
        int slash = text.get().indexOf('/', 1);
        return slash < 0
                ? Optional.empty()
                : Item.of(text.get().substring(slash + 1))
                        .flatMap(item -> pod(text.get().substring(1, slash)).map(pod -> new PodKey(pod, item)));
    }

    /** The text of UTF-8 bytes; empty if they are no UTF-8. */
    static Optional<String> text(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
    }

    private static Optional<PodName> pod(String name) {
        try {
            return Optional.of(PodName.of(name));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /** The key as etcd has it. */
    @Override
    public String toString() {
        return prefix(pod) + item.text;
    }
}
