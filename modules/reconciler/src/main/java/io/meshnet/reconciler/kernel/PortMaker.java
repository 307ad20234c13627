package io.meshnet.reconciler.kernel;

import io.meshnet.netlink.Errno;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.LinkBatch;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.NewLink;
import io.meshnet.reconciler.plan.ObservedPort;
import io.meshnet.reconciler.plan.PortSpec;
import io.meshnet.reconciler.state.EndId;
import java.lang.System.Logger.Level;
import java.net.Inet6Address;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes ports of one pod, all in three sends: the veths, what their interfaces in the pod need, and
 * what their patch sides need. A port is complete when its patch side has its mark, and is not
 * connected yet. A port that the kernel refuses in a batch is made again alone, to find out why.
 * For the kernel thread only.
 */
final class PortMaker {

    private static final System.Logger LOG = System.getLogger(PortMaker.class.getName());

    private static final String NAME = "port";

    private final Panel panel;
    private final PodNamespace pod;
    private final int group;
    private final int podNetnsid;
    private final Map<EndId, String> failed = new HashMap<>();
    private final List<Integer> made = new ArrayList<>();

    /**
     * @param panel the patch namespace
     * @param pod the namespace of the pod
     * @param group the number of that namespace
     */
    PortMaker(Panel panel, PodNamespace pod, int group) {
        this.panel = panel;
        this.pod = pod;
        this.group = group;
        this.podNetnsid = panel.socket().netnsids().assign(pod.netns());
    }

    /** The veth of a port: the index of its patch side, and of the interface in the pod. */
    private record Veth(PortSpec spec, int ifindex, int podIfindex) {}

    /**
     * Makes the ports.
     *
     * @return the reason for each port that could not be made
     */
    Map<EndId, String> make(List<PortSpec> specs) {
        List<Veth> created = create(specs);
        raise(created);
        for (Veth veth : equip(created)) {
            if (!failed.containsKey(veth.spec().end())) {
                made.add(veth.ifindex());
                panel.put(new ObservedPort(
                        veth.ifindex(),
                        NAME + veth.ifindex(),
                        group,
                        Optional.of(veth.spec().mark()),
                        false,
                        veth.podIfindex(),
                        podNetnsid));
            }
        }
        return failed;
    }

    /** The indexes of the ports that were made. */
    List<Integer> made() {
        return made;
    }

    /** The patch side comes first: the kernel gives the second end its index only if the first asks for one (veth_newlink). */
    private List<Veth> create(List<PortSpec> specs) {
        int first = panel.wires().takeIfindexes(2 * specs.size());
        List<Veth> wanted = new ArrayList<>();
        for (PortSpec spec : specs) {
            // If the port's index equals the index of the pod's interface, linkwatch takes the port
            // for a device without a lower device and reports its carrier up to a second later.
            first += first == spec.ifindex() ? 1 : 0;
            wanted.add(new Veth(spec, first++, spec.ifindex()));
        }
        BitSet refused = new BitSet();
        try (LinkBatch batch = new LinkBatch(panel.socket(), wanted.size())) {
            wanted.forEach(veth -> batch.createVeth(inPatch(veth), inPod(veth)));
            refused.or(batch.send());
        }
        List<Veth> created = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
            Veth veth = wanted.get(i);
            if (refused.get(i)) {
                createAlone(veth).ifPresent(created::add);
            } else if (veth.podIfindex() == 0) {
                indexed(veth).ifPresent(created::add);
            } else {
                created.add(veth);
            }
        }
        return created;
    }

    /**
     * Makes a port without the wanted index in the pod, since another interface of the pod may have
     * that index.
     */
    private Optional<Veth> createAlone(Veth veth) {
        Veth any = new Veth(veth.spec(), veth.ifindex(), 0);
        try {
            panel.socket().links().createVeth(inPatch(any), inPod(any));
            return indexed(any);
        } catch (NetlinkException | IllegalArgumentException e) {
            fail(veth, reason(veth, e));
            return Optional.empty();
        }
    }

    /** A veth that was made, with the index that the kernel gave the interface in the pod. */
    private Optional<Veth> indexed(Veth veth) {
        Optional<Veth> indexed = panel.socket()
                .links()
                .find(veth.ifindex())
                .map(link -> new Veth(veth.spec(), veth.ifindex(), link.peer()));
        if (indexed.isEmpty()) {
            fail(veth, "the interface " + veth.spec().end() + " was taken away while it was made");
        }
        return indexed;
    }

    private String reason(Veth veth, RuntimeException e) {
        EndId end = veth.spec().end();
        boolean isTaken = e instanceof NetlinkException refused
                && refused.errno() == Errno.EEXIST
                && pod.socket().links().find(end.ifname()).isPresent();
        return isTaken
                ? "pod " + end.pod() + " has an interface " + end.ifname() + " already, which meshnet did not make"
                : e.getMessage();
    }

    private NewLink inPod(Veth veth) {
        PortSpec spec = veth.spec();
        return new NewLink(
                pod.netns(), spec.end().ifname(), veth.podIfindex(), spec.mark().mtu(), spec.mac(), 0, "");
    }

    private NewLink inPatch(Veth veth) {
        int mtu = PortSpec.patchMtu(veth.spec().mark());
        return new NewLink(panel.netns(), NAME + veth.ifindex(), veth.ifindex(), mtu, MacAddress.NONE, group, "");
    }

    /** The mark comes last: with it the port is complete, and a daemon that starts takes it over and leaves the interface alone. */
    private List<Veth> equip(List<Veth> raised) {
        List<Veth> created = raised.stream()
                .filter(veth -> !failed.containsKey(veth.spec().end()))
                .toList();
        BitSet refused = new BitSet();
        if (!created.isEmpty()) {
            try (LinkBatch batch = new LinkBatch(panel.socket(), created.size())) {
                for (Veth veth : created) {
                    batch.equip(
                            veth.ifindex(),
                            Wiring.PORTS,
                            Wiring.FROM_PORTS,
                            veth.spec().mark().alias());
                }
                refused.or(batch.send());
            }
        }
        List<Veth> equipped = new ArrayList<>();
        for (int i = 0; i < created.size(); i++) {
            if (!refused.get(i) || equipAlone(created.get(i))) {
                equipped.add(created.get(i));
            }
        }
        return equipped;
    }

    private boolean equipAlone(Veth veth) {
        try {
            panel.equip(veth.ifindex());
            panel.socket()
                    .links()
                    .mark(veth.ifindex(), group, veth.spec().mark().alias());
            return true;
        } catch (NetlinkException e) {
            fail(veth, e.getMessage());
            return false;
        }
    }

    private void raise(List<Veth> created) {
        BitSet refused = new BitSet();
        List<Veth> asked = new ArrayList<>();
        if (created.isEmpty()) {
            return;
        }
        try (LinkBatch batch = new LinkBatch(pod.socket(), created.size())) {
            for (Veth veth : created) {
                List<InterfaceAddress> addresses = addresses(veth);
                try {
                    allow(pod, veth.spec().end().ifname(), addresses);
                    batch.raise(veth.podIfindex(), "", addresses);
                    asked.add(veth);
                } catch (NetlinkException | IllegalArgumentException e) {
                    fail(veth, e.getMessage());
                }
            }
            refused.or(batch.send());
        }
        refused.stream().forEach(number -> raiseAlone(asked.get(number)));
    }

    private void raiseAlone(Veth veth) {
        try {
            pod.socket().links().raise(veth.podIfindex(), addresses(veth));
        } catch (NetlinkException e) {
            fail(veth, e.getMessage());
        }
    }

    private static List<InterfaceAddress> addresses(Veth veth) {
        return PortSpec.addresses(veth.spec().mark().address());
    }

    /** Enables IPv6 for an interface if one of the addresses needs it. */
    static void allow(PodNamespace pod, String ifname, List<InterfaceAddress> addresses) {
        for (InterfaceAddress address : addresses) {
            if (address.address() instanceof Inet6Address) {
                pod.netns().enableIpv6(ifname);
                return;
            }
        }
    }

    /**
     * Deletes what there is of a port that could not be completed, so that the next attempt starts
     * from nothing.
     */
    private void fail(Veth veth, String reason) {
        EndId end = veth.spec().end();
        LOG.log(Level.DEBUG, "{0} is not made: {1}", end, reason);
        failed.put(end, reason);
        Optional<Link> half = panel.socket().links().find(veth.ifindex());
        if (half.isPresent()) {
            panel.socket().links().delete(veth.ifindex());
        }
    }
}
