package io.meshnet.reconciler.state;

import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.PodName;

/**
 * The identity of one end of a link: an interface of a pod. The address is no part of it.
 *
 * @param pod the pod that has the interface
 * @param ifname the name that the topology declares for it
 */
public record EndId(PodName pod, String ifname) {

    /** The identity of an end. */
    public static EndId of(LinkEnd end) {
        return new EndId(end.pod(), end.ifname());
    }

    /** In plain code, as {@link PodName#equals} is: ends are keys on the path of every ADD. */
    @Override
    public boolean equals(Object other) {
        return other instanceof EndId end && ifname.equals(end.ifname) && pod.equals(end.pod);
    }

    @Override
    public int hashCode() {
        return 31 * pod.hashCode() + ifname.hashCode();
    }

    /** {@code namespace/pod:interface}. */
    @Override
    public String toString() {
        return pod + ":" + ifname;
    }
}
