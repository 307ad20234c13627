package io.meshnet.reconciler;

import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What the model's nodes take etcd for: records with revisions, and placements that are compared
 * before they are emptied.
 */
final class ModelStore {

    private final Map<PodName, PodRecord> records = new TreeMap<>();
    private long revision = 1;

    PodRecord read(PodName pod) {
        return records.getOrDefault(pod, PodRecord.unknown(pod));
    }

    Map<PodName, PodRecord> all() {
        return Map.copyOf(records);
    }

    long revision() {
        return revision;
    }

    long declare(PodName pod, List<DeclaredLink> links) {
        return put(pod, new Declaration.Links(links), read(pod).placement());
    }

    long register(PodName pod, Placement placement) {
        return put(pod, read(pod).declaration(), Optional.of(placement));
    }

    OptionalLong unregister(PodName pod, String containerId) {
        boolean theirs = read(pod)
                .placement()
                .filter(placement -> placement.containerId().equals(containerId))
                .isPresent();
        return theirs ? OptionalLong.of(put(pod, read(pod).declaration(), Optional.empty())) : OptionalLong.empty();
    }

    private long put(PodName pod, Declaration declaration, Optional<Placement> placement) {
        records.put(pod, new PodRecord(pod, declaration, placement, ++revision));
        return revision;
    }
}
