package io.meshnet.reconciler.plan;

import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkId;
import io.meshnet.topology.NumericAddress;
import java.net.InetAddress;
import java.util.Optional;

/**
 * One change in the patch namespace. An action is pure data: {@link Planner} makes it, and the
 * action runner carries it out. Its text says what it changes, for the log and for reports on what
 * a link lacks.
 */
public sealed interface Action {

    /** The link that the change is for; empty for a port that serves no link any more. */
    Optional<LinkId> link();

    /** Makes a port for an interface of the pod. */
    record MakePort(LinkId id, PortSpec spec) implements Action {
        @Override
        public Optional<LinkId> link() {
            return Optional.of(id);
        }

        @Override
        public String toString() {
            return "the interface " + spec;
        }
    }

    /** Deletes a port, and with it the interface in the pod. */
    record DeletePort(ObservedPort port, String reason) implements Action {
        @Override
        public Optional<LinkId> link() {
            return Optional.empty();
        }

        @Override
        public String toString() {
            return "the deletion of port " + port.name() + ", " + reason;
        }
    }

    /** Applies a change of the declaration to the interface. */
    record Apply(LinkId id, ObservedPort port, PortMark before, PortMark after) implements Action {
        @Override
        public Optional<LinkId> link() {
            return Optional.of(id);
        }

        @Override
        public String toString() {
            return "the declaration \"" + after.alias() + "\" on port " + port.name();
        }
    }

    /** Connects two interfaces of this node. */
    record Connect(LinkId id, EndId near, EndId far) implements Action {
        @Override
        public Optional<LinkId> link() {
            return Optional.of(id);
        }

        @Override
        public String toString() {
            return "a wire from " + near + " to " + far;
        }
    }

    /** Connects an interface with another node. */
    record ConnectNode(LinkId id, EndId near, int vni, InetAddress remote, boolean isFragmenting) implements Action {
        @Override
        public Optional<LinkId> link() {
            return Optional.of(id);
        }

        @Override
        public String toString() {
            return "a wire from " + near + " to node " + NumericAddress.format(remote) + " with VNI " + vni;
        }
    }

    /** Cuts the wire of an interface, and takes its carrier away. */
    record Cut(LinkId id, ObservedPort port) implements Action {
        @Override
        public Optional<LinkId> link() {
            return Optional.of(id);
        }

        @Override
        public String toString() {
            return "the end of the wire on port " + port.name();
        }
    }
}
