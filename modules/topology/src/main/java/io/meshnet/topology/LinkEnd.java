package io.meshnet.topology;

import java.util.Objects;
import java.util.Optional;

/**
 * One end of a link: an interface of a pod.
 *
 * @param pod whose interface it is
 * @param ifname its name there, one that {@link InterfaceName} finds no defect in
 * @param address what it is addressed with, if anything
 */
public record LinkEnd(PodName pod, String ifname, Optional<Prefix> address) {

    /** @throws IllegalArgumentException if the kernel would not take the name */
    public LinkEnd {
        Objects.requireNonNull(pod, "pod");
        Objects.requireNonNull(address, "address");
        InterfaceName.defect(ifname).ifPresent(defect -> {
            throw new IllegalArgumentException("interface name " + Quoted.of(ifname) + " " + defect);
        });
    }

    /** Whether both are one interface of one pod, whatever their addresses. */
    public boolean sameInterface(LinkEnd other) {
        return pod.equals(other.pod) && ifname.equals(other.ifname);
    }

    /** In plain code, as {@link PodName#equals} is, since links are compared for every link that is made. */
    @Override
    public boolean equals(Object other) {
        return other instanceof LinkEnd end
                && ifname.equals(end.ifname)
                && pod.equals(end.pod)
                && address.equals(end.address);
    }

    @Override
    public int hashCode() {
        return 31 * pod.hashCode() + ifname.hashCode();
    }

    /** This end, with the address that the other states if this one states none. */
    LinkEnd completedBy(LinkEnd other) {
        return address.isPresent() ? this : new LinkEnd(pod, ifname, other.address);
    }
}
