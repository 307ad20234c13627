package io.meshnet.store.etcd;

import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import java.util.Map;
import java.util.TreeMap;

/** Records without their revision, which differs from run to run. */
final class Timeless {

    private Timeless() {}

    static PodRecord of(PodRecord pod) {
        return new PodRecord(pod.pod(), pod.declaration(), pod.placement(), 0);
    }

    static Map<PodName, PodRecord> of(Map<PodName, PodRecord> pods) {
        var timeless = new TreeMap<PodName, PodRecord>();
        pods.forEach((name, pod) -> timeless.put(name, of(pod)));
        return timeless;
    }
}
