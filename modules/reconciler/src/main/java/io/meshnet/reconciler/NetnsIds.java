package io.meshnet.reconciler;

import io.meshnet.topology.PodName;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * By which ids this node's namespace knows those of its pods (RTM_GETNSID). An id keeps no namespace alive, so that it may be kept
 * where an open handle may not; the kernel takes it back when the namespace dies, and may then give it to another one. Whoever goes by
 * an id has to bear that it leads elsewhere by now. Safe for use by any thread.
 */
public final class NetnsIds {

    private final Map<PodName, Integer> ids = new HashMap<>();
    private final Map<Integer, PodName> pods = new HashMap<>();

    /** Knows of none yet. */
    public NetnsIds() {}

    synchronized void put(PodName pod, int id) {
        Integer old = ids.put(pod, id);
        if (old != null && old != id) {
            pods.remove(old, pod);
        }
        PodName before = pods.put(id, pod);
        if (before != null && !before.equals(pod)) {
            ids.remove(before, id);
        }
    }

    synchronized void forget(PodName pod) {
        Integer old = ids.remove(pod);
        if (old != null) {
            pods.remove(old, pod);
        }
    }

    /** The id of a pod's namespace. */
    synchronized OptionalInt of(PodName pod) {
        Integer id = ids.get(pod);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** The pod whose namespace has that id. */
    synchronized Optional<PodName> pod(int id) {
        return Optional.ofNullable(pods.get(id));
    }
}
