package io.meshnet.store.etcd;

import io.etcd.jetcd.ByteSequence;
import io.meshnet.store.etcd.PodKey.Item;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/**
 * The values under a pod's keys, as they lie in etcd, and what they mean. For one thread.
 *
 * <p>The original overwrites {@code src_ip} and {@code net_ns} and leaves {@code container_id}, {@code node}
 * and {@code net_ns_id} as it finds them, so these count only if they were written in the same transaction as {@code src_ip}, that is, at the
 * same revision.
 */
final class PodValues {
    private final PodName pod;
    private final Map<Item, Value> values = new EnumMap<>(Item.class);

    PodValues(PodName pod) {
        this.pod = pod;
    }

    private record Value(ByteSequence content, long revision) {
        byte[] bytes() {
            return content.getBytes();
        }

        boolean isEmpty() {
            return content.isEmpty();
        }
    }

    void put(Item item, ByteSequence content, long revision) {
        values.put(item, new Value(content, revision));
    }

    void delete(Item item) {
        values.remove(item);
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    /**
     * What the values say.
     *
     * @param revision that they were read at
     * @param interpreter also told when a placement cannot be used
     */
    PodRecord record(long revision, Interpreter interpreter) {
        Optional<ByteSequence> links =
                Optional.ofNullable(values.get(Item.LINKS)).map(Value::content);
        return new PodRecord(pod, interpreter.declaration(pod, links), placement(interpreter::complain), revision);
    }

    /** The revision of the placement if it is that of the container. */
    OptionalLong revisionOf(String containerId) {
        return companion(Item.CONTAINER_ID).equals(containerId)
                ? OptionalLong.of(values.get(Item.SRC_IP).revision())
                : OptionalLong.empty();
    }

    private Optional<Placement> placement(BiConsumer<PodKey, String> complaint) {
        Value srcIp = values.get(Item.SRC_IP);
        Value netNs = values.get(Item.NET_NS);
        if (srcIp == null || srcIp.isEmpty()) {
            return Optional.empty();
        }
        if (netNs == null) {
            complaint.accept(new PodKey(pod, Item.NET_NS), "is missing although src_ip is there");
            return Optional.empty();
        }
        if (netNs.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> netns = PodKey.text(netNs.bytes());
        if (netns.isEmpty()) {
            complaint.accept(new PodKey(pod, Item.NET_NS), "is not UTF-8");
            return Optional.empty();
        }
        return vtep(srcIp, complaint)
                .map(vtep -> new Placement(
                        vtep,
                        netns.get(),
                        companion(Item.CONTAINER_ID),
                        companion(Item.NODE),
                        companion(Item.NET_NS_ID)));
    }

    private Optional<InetAddress> vtep(Value srcIp, BiConsumer<PodKey, String> complaint) {
        var key = new PodKey(pod, Item.SRC_IP);
        try {
            InetAddress vtep = NumericAddress.parse(
                    PodKey.text(srcIp.bytes()).orElseThrow(() -> new IllegalArgumentException("it is not UTF-8")));
            if (vtep.isAnyLocalAddress() || vtep.isMulticastAddress()) {
                complaint.accept(key, "is not the address of a node: " + NumericAddress.format(vtep));
                return Optional.empty();
            }
            return Optional.of(vtep);
        } catch (IllegalArgumentException e) {
            complaint.accept(key, "is not an address: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** The text of a value that was written together with {@code src_ip}; otherwise empty. */
    private String companion(Item item) {
        Value srcIp = values.get(Item.SRC_IP);
        Value value = values.get(item);
        if (srcIp == null || value == null || srcIp.revision() != value.revision()) {
            return "";
        }
        return PodKey.text(value.bytes()).orElse("");
    }
}
