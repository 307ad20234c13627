package io.meshnet.reconciler;

import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.topology.PodName;

/** A container that the runtime attached, until the daemon is done with its deletion. */
final class ModelContainer {

    private final String id;
    private final PodName pod;
    private final Namespace namespace;
    private boolean isDetached;

    ModelContainer(String id, PodName pod, Namespace namespace) {
        this.id = id;
        this.pod = pod;
        this.namespace = namespace;
    }

    String id() {
        return id;
    }

    PodName pod() {
        return pod;
    }

    Namespace namespace() {
        return namespace;
    }

    boolean isDetached() {
        return isDetached;
    }

    /** The runtime has deleted it. */
    void detach() {
        isDetached = true;
    }
}
