/** The domain: pods, links, placements; their JSON and its validation. */
module io.meshnet.topology {
    requires com.fasterxml.jackson.core;

    exports io.meshnet.topology;
}
