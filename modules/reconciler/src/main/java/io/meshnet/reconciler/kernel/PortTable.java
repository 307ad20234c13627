package io.meshnet.reconciler.kernel;

import io.meshnet.reconciler.plan.ObservedPort;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The ports of the patch namespace as the daemon saw them last, so that an ADD does not list the ports of the whole node. The kernel
 * stays the truth: notifications and the periodic inspection correct the table. For the kernel thread only.
 */
final class PortTable {

    private final Map<Integer, ObservedPort> byIfindex = new HashMap<>();
    private final Map<Integer, Pod> byGroup = new HashMap<>();

    /** The ports of one pod. */
    private static final class Pod {
        private final SortedMap<Integer, ObservedPort> byIfindex = new TreeMap<>();

        /** If two ports claim one interface, the table keeps the first. */
        private final Map<String, SortedMap<Integer, ObservedPort>> byIfname = new HashMap<>();

        void put(ObservedPort port) {
            byIfindex.put(port.ifindex(), port);
            port.mark()
                    .ifPresent(mark -> byIfname.computeIfAbsent(mark.ifname(), _ -> new TreeMap<>())
                            .put(port.ifindex(), port));
        }

        void remove(ObservedPort port) {
            byIfindex.remove(port.ifindex());
            port.mark()
                    .ifPresent(mark -> byIfname.computeIfPresent(mark.ifname(), (_, same) -> {
                        same.remove(port.ifindex());
                        return same.isEmpty() ? null : same;
                    }));
        }

        Optional<ObservedPort> find(String ifname) {
            return Optional.ofNullable(byIfname.get(ifname)).map(same -> same.get(same.firstKey()));
        }
    }

    /** The known ports that are missing in a list. */
    List<ObservedPort> missing(Collection<ObservedPort> found) {
        Map<Integer, ObservedPort> missing = new HashMap<>(byIfindex);
        found.forEach(port -> missing.remove(port.ifindex()));
        return List.copyOf(missing.values());
    }

    void put(ObservedPort port) {
        remove(port.ifindex());
        byIfindex.put(port.ifindex(), port);
        byGroup.computeIfAbsent(port.group(), _ -> new Pod()).put(port);
    }

    /** Forgets a port, and returns what was known of it. */
    Optional<ObservedPort> remove(int ifindex) {
        ObservedPort old = byIfindex.remove(ifindex);
        if (old != null) {
            Pod pod = byGroup.get(old.group());
            pod.remove(old);
            if (pod.byIfindex.isEmpty()) {
                byGroup.remove(old.group());
            }
        }
        return Optional.ofNullable(old);
    }

    Optional<ObservedPort> find(int ifindex) {
        return Optional.ofNullable(byIfindex.get(ifindex));
    }

    /** All ports of a pod, by the number of its namespace, in the order of their indexes. */
    List<ObservedPort> of(int group) {
        Pod pod = byGroup.get(group);
        return pod == null ? List.of() : List.copyOf(pod.byIfindex.values());
    }

    /** The port of an interface of a pod, by the number of the pod's namespace. */
    Optional<ObservedPort> find(int group, String ifname) {
        Pod pod = byGroup.get(group);
        return pod == null ? Optional.empty() : pod.find(ifname);
    }

    List<ObservedPort> all() {
        return new ArrayList<>(byIfindex.values());
    }
}
