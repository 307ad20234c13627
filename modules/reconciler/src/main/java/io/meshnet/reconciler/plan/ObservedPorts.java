package io.meshnet.reconciler.plan;

import io.meshnet.reconciler.state.EndId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the patch namespace has that matters to the links of one pod.
 *
 * @param own the pod's ports
 * @param far the ports of peers on this node, by their interface
 * @param wires the wires of all these ports, by the port's index
 * @param tunnels where frames with the VNIs of the pod's links go, by VNI
 * @param owners the port that each of these tunnels delivers to, by its index, if that port exists
 * @param tunnelProblem why there is no tunnel device; empty when there is one
 */
public record ObservedPorts(
        List<ObservedPort> own,
        Map<EndId, ObservedPort> far,
        Map<Integer, PortWire> wires,
        Map<Integer, TunnelWire> tunnels,
        Map<Integer, ObservedPort> owners,
        Optional<String> tunnelProblem) {

    /** Copies the collections. */
    public ObservedPorts {
        own = List.copyOf(own);
        far = Map.copyOf(far);
        wires = Map.copyOf(wires);
        tunnels = Map.copyOf(tunnels);
        owners = Map.copyOf(owners);
    }

    /** Collects observations. Used by one thread. */
    public static final class Builder {
        private final List<ObservedPort> own;
        private final Map<EndId, ObservedPort> far = new HashMap<>();
        private final Map<Integer, PortWire> wires = new HashMap<>();
        private final Map<Integer, TunnelWire> tunnels = new HashMap<>();
        private final Map<Integer, ObservedPort> owners = new HashMap<>();

        /**
         * Begins with the pod's ports.
         *
         * @param own the pod's ports
         */
        public Builder(List<ObservedPort> own) {
            this.own = List.copyOf(own);
        }

        /** The pod's ports. */
        public List<ObservedPort> own() {
            return own;
        }

        /** A port of a peer on this node. */
        public Builder far(EndId end, ObservedPort port) {
            far.put(end, port);
            return this;
        }

        /** The wire of a port. */
        public Builder wire(ObservedPort port, PortWire wire) {
            wires.put(port.ifindex(), wire);
            return this;
        }

        /** Where frames with a VNI go. */
        public Builder tunnel(int vni, TunnelWire tunnel) {
            tunnels.put(vni, tunnel);
            return this;
        }

        /** A port that a tunnel delivers to. */
        public Builder owner(ObservedPort port) {
            owners.put(port.ifindex(), port);
            return this;
        }

        /**
         * Builds the record.
         *
         * @param tunnelProblem why there is no tunnel device; empty when there is one
         */
        public ObservedPorts build(Optional<String> tunnelProblem) {
            return new ObservedPorts(own, far, wires, tunnels, owners, tunnelProblem);
        }
    }
}
