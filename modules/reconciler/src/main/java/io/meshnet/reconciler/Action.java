package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.MacAddress;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import java.net.InetAddress;
import java.util.List;

/**
 * One change to the kernel. Pure data: what it means is decided before, what it does is the executor's. As text each says what it
 * does, for the log and for whoever asks what a link lacks.
 */
public sealed interface Action {

    /** The link it is for. */
    String link();

    /** The pod that it changes, of a veth's two the first. */
    PodName pod();

    /**
     * A device to be made in a pod.
     *
     * @param pod whose namespace
     * @param name its name there
     * @param ifindex the index it asks for, 0 for any
     * @param mtu in bytes
     * @param mac its hardware address
     * @param alias its ifalias
     * @param addresses what to address it with
     */
    record Device(
            PodName pod,
            String name,
            int ifindex,
            int mtu,
            MacAddress mac,
            String alias,
            List<InterfaceAddress> addresses) {
        @Override
        public String toString() {
            return pod + ":" + name;
        }
    }

    /** Makes both ends, addresses them and sets them up. */
    record CreateVeth(String link, Device first, Device second) implements Action {
        @Override
        public PodName pod() {
            return first.pod();
        }

        @Override
        public String toString() {
            return "a veth of " + first + " and " + second;
        }
    }

    /** Makes one end of a tunnel, addresses it and sets it up. */
    record CreateVxlan(String link, Device device, int vni, InetAddress remote) implements Action {
        @Override
        public PodName pod() {
            return device.pod();
        }

        @Override
        public String toString() {
            return "a vxlan " + device + " with VNI " + vni + " to " + NumericAddress.format(remote);
        }
    }

    /** Deletes a device of ours; with a veth its other end goes too. */
    record Delete(String link, PodName pod, String name, int ifindex) implements Action {
        @Override
        public String toString() {
            return "the deletion of " + pod + ":" + name;
        }
    }

    /** Points a vxlan at another VTEP. */
    record SetRemote(String link, PodName pod, int ifindex, int vni, InetAddress remote) implements Action {
        @Override
        public String toString() {
            return "the remote " + NumericAddress.format(remote) + " on ifindex " + ifindex + " of " + pod;
        }
    }

    /** Gives a device the link's MTU. */
    record SetMtu(String link, PodName pod, int ifindex, int mtu) implements Action {
        @Override
        public String toString() {
            return "MTU " + mtu + " on ifindex " + ifindex + " of " + pod;
        }
    }

    /** Gives a device the hardware address of the link's end. */
    record SetMac(String link, PodName pod, int ifindex, MacAddress mac) implements Action {
        @Override
        public String toString() {
            return "hardware address " + mac + " on ifindex " + ifindex + " of " + pod;
        }
    }

    /** Names the link on a device of ours. */
    record Mark(String link, PodName pod, int ifindex, String alias) implements Action {
        @Override
        public String toString() {
            return "the mark \"" + alias + "\" on ifindex " + ifindex + " of " + pod;
        }
    }

    /** Takes the carrier away, or gives it back. */
    record HoldDown(String link, PodName pod, int ifindex, boolean down) implements Action {
        @Override
        public String toString() {
            return "ifindex " + ifindex + " of " + pod + (down ? " without carrier" : " with its carrier");
        }
    }

    /** Sets a device up and gives it the addresses that it lacks. */
    record Raise(String link, PodName pod, String name, int ifindex, List<InterfaceAddress> addresses)
            implements Action {
        @Override
        public String toString() {
            return pod + ":" + name + " up" + (addresses.isEmpty() ? "" : " with " + addresses);
        }
    }

    /** Takes an address away that is no longer declared. */
    record RemoveAddress(String link, PodName pod, int ifindex, InterfaceAddress address) implements Action {
        @Override
        public String toString() {
            return address + " off ifindex " + ifindex + " of " + pod;
        }
    }
}
