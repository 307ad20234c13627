package io.meshnet.topology;

import java.util.List;
import java.util.Objects;

/** What the topology says of a pod's links. */
public sealed interface Declaration {

    /** The pod is in no topology. */
    record Absent() implements Declaration {}

    /** The pod's links; may be empty. */
    record Links(List<DeclaredLink> links) implements Declaration {
        public Links {
            links = List.copyOf(links);
        }
    }

    /** The pod's key does not hold a list of links. The reason is in words, for a log and for an answer. */
    record Broken(String reason) implements Declaration {
        public Broken {
            Objects.requireNonNull(reason, "reason");
        }
    }
}
