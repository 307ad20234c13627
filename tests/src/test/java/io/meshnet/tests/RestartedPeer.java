package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

/** A pod of which one incarnation follows another, on one node or on several. */
final class RestartedPeer {

    private final Lab lab;
    private final String name;
    private Pod pod;

    RestartedPeer(Lab lab, String name) {
        this.lab = lab;
        this.name = name;
    }

    /** The incarnation that runs, or that ran last. */
    Pod pod() {
        return pod;
    }

    /** Starts the next incarnation, in a namespace of its own. */
    void start(Node node) {
        Pod next = lab.pod(name, node);
        if (pod != null) {
            assertThat(next.netns()).isNotEqualTo(pod.netns());
        }
        next.add().succeeded();
        pod = next;
    }

    /** Deletes the incarnation that runs, and its namespace, as a runtime does. */
    void stop() {
        pod.del().succeeded();
        lab.removeNamespace(pod);
    }
}
