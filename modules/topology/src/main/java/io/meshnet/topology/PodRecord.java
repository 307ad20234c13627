package io.meshnet.topology;

import java.util.Objects;
import java.util.Optional;

/**
 * Everything the store knows of a pod.
 *
 * @param pod its name
 * @param declaration what its links shall be
 * @param placement where it runs; empty when it is not alive
 * @param revision of the store that this was read at; of two records of a pod the one with the higher revision is the newer
 */
public record PodRecord(PodName pod, Declaration declaration, Optional<Placement> placement, long revision) {
    public PodRecord {
        Objects.requireNonNull(pod, "pod");
        Objects.requireNonNull(declaration, "declaration");
        Objects.requireNonNull(placement, "placement");
    }

    /** A pod of which nothing was ever read. */
    public static PodRecord unknown(PodName pod) {
        return new PodRecord(pod, new Declaration.Absent(), Optional.empty(), 0);
    }

    /** Whether there is nothing to say of the pod: it is in no topology and not alive. */
    public boolean isVoid() {
        return declaration instanceof Declaration.Absent && placement.isEmpty();
    }

    /** Whether both say the same of the pod, whenever they were read. */
    public boolean saysSameAs(PodRecord other) {
        return declaration.equals(other.declaration) && placement.equals(other.placement);
    }
}
