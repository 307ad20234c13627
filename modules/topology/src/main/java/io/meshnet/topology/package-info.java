/**
 * Pods, links and placements: immutable records whose constructors hold their invariants; the seed's JSON; and the
 * boundary to wherever topologies are kept. Everything here is pure and safe for use by any thread,
 * {@link io.meshnet.topology.TopologyStore} excepted, which says so itself.
 */
package io.meshnet.topology;
