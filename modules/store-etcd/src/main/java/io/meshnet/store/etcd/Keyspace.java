package io.meshnet.store.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The keys of all pods and nodes as they were at some revision. For one thread; the interpreter may be shared. */
final class Keyspace {
    private final Map<PodName, PodValues> pods = new TreeMap<>();
    private final Set<String> nodes = new TreeSet<>();
    private final Interpreter interpreter;
    private long revision;

    Keyspace(Interpreter interpreter) {
        this.interpreter = interpreter;
    }

    /** Notes that everything up to a revision is in it. */
    void advance(long revision) {
        this.revision = Math.max(this.revision, revision);
    }

    /** The revision that it is of. */
    long revision() {
        return revision;
    }

    /** Takes a key over; returns the pod that it is of, if it is a pod's. A node's value is never looked at. */
    Optional<PodName> put(KeyValue pair) {
        NodeKey.parse(pair.getKey().getBytes()).map(NodeKey::node).ifPresent(nodes::add);
        return PodKey.parse(pair.getKey().getBytes()).map(known -> {
            pods.computeIfAbsent(known.pod(), PodValues::new).put(known.item(), pair.getValue(), pair.getModRevision());
            return known.pod();
        });
    }

    /** Forgets a key; returns the pod that it was of, if it was a pod's. */
    Optional<PodName> delete(ByteSequence key) {
        NodeKey.parse(key.getBytes()).map(NodeKey::node).ifPresent(nodes::remove);
        return PodKey.parse(key.getBytes()).map(known -> {
            pods.computeIfPresent(known.pod(), (_, values) -> {
                values.delete(known.item());
                return values.isEmpty() ? null : values;
            });
            return known.pod();
        });
    }

    /** A pod's values; none if it has no key. */
    PodValues values(PodName pod) {
        return pods.getOrDefault(pod, new PodValues(pod));
    }

    PodRecord record(PodName pod) {
        return values(pod).record(revision, interpreter);
    }

    /** The nodes that are alive. */
    Set<String> nodes() {
        return Set.copyOf(nodes);
    }

    /** All pods of which anything is known: they have links, or live. */
    Map<PodName, PodRecord> records() {
        var records = new TreeMap<PodName, PodRecord>();
        for (PodName pod : pods.keySet()) {
            PodRecord record = record(pod);
            if (!record.isVoid()) {
                records.put(pod, record);
            }
        }
        return records;
    }
}
