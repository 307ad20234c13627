package io.meshnet.wiring;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.Vxlan;
import io.meshnet.topology.PodName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the planner takes the kernel for: applies actions to an observation, so that a plan can be made from what the one before
 * brought about. It checks what the kernel would refuse: a name or an ifindex that is taken, a device that is not there.
 */
final class ModelKernel {

    private static final int IFF_UP = 0x1;
    private static final int IFF_LOWER_UP = 0x10000;

    private final NodeIdentity node;
    private final Map<PodName, Map<String, Link>> devices = new TreeMap<>();
    private final Map<PodName, Map<Integer, List<InterfaceAddress>>> addresses = new HashMap<>();
    private final List<PodName> netnsids = new ArrayList<>();

    ModelKernel(NodeIdentity node, PodName... pods) {
        this.node = node;
        for (PodName pod : pods) {
            devices.put(pod, new TreeMap<>());
            addresses.put(pod, new HashMap<>());
            netnsids.add(pod);
        }
    }

    Observed observe() {
        Map<PodName, Observed.PodDevices> pods = new HashMap<>();
        devices.forEach((pod, found) -> pods.put(pod, new Observed.PodDevices(found, addresses.get(pod))));
        Map<PodName, Integer> ids = new HashMap<>();
        netnsids.forEach(pod -> ids.put(pod, netnsids.indexOf(pod)));
        return new Observed(pods, ids);
    }

    Link device(PodName pod, String name) {
        return devices.get(pod).get(name);
    }

    Map<String, Link> devices(PodName pod) {
        return devices.get(pod);
    }

    List<InterfaceAddress> addresses(PodName pod, String name) {
        return addresses.get(pod).getOrDefault(device(pod, name).ifindex(), List.of());
    }

    /** Puts a device there that meshnet did not make. */
    void foreign(PodName pod, String name) {
        add(pod, new Link(7, name, "bridge", 0, 1500, MacAddress.NONE, 0, "", 0, -1, false, Optional.empty()));
    }

    void address(PodName pod, String name, InterfaceAddress address) {
        addresses
                .get(pod)
                .computeIfAbsent(device(pod, name).ifindex(), _ -> new ArrayList<>())
                .add(address);
    }

    void remove(PodName pod, String name) {
        Link gone = devices.get(pod).remove(name);
        addresses.get(pod).remove(gone.ifindex());
        if (gone.kind().equals("veth")) {
            devices.values()
                    .forEach(all -> all.values()
                            .removeIf(other -> other.kind().equals("veth")
                                    && other.peer() == gone.ifindex()
                                    && other.ifindex() == gone.peer()));
        }
    }

    void apply(List<Action> actions) {
        actions.forEach(this::apply);
    }

    private void apply(Action action) {
        switch (action) {
            case Action.CreateVeth create -> createVeth(create.first(), create.second());
            case Action.CreateVxlan create -> createVxlan(create);
            case Action.Delete delete -> delete(delete);
            case Action.SetRemote set -> setRemote(set);
            case Action.SetMtu set ->
                change(
                        set.pod(),
                        set.ifindex(),
                        link -> with(link, link.flags(), set.mtu(), link.alias(), link.protoDown()));
            case Action.Mark mark ->
                change(
                        mark.pod(),
                        mark.ifindex(),
                        link -> with(link, link.flags(), link.mtu(), mark.alias(), link.protoDown()));
            case Action.HoldDown hold ->
                change(
                        hold.pod(),
                        hold.ifindex(),
                        link -> with(link, link.flags(), link.mtu(), link.alias(), hold.down()));
            case Action.Raise raise -> raise(raise.pod(), raise.ifindex(), raise.addresses());
            case Action.RemoveAddress remove ->
                addresses.get(remove.pod()).get(remove.ifindex()).remove(remove.address());
        }
    }

    private void createVeth(Action.Device first, Action.Device second) {
        boolean loop = first.pod().equals(second.pod());
        add(
                first.pod(),
                link(first, "veth", second.ifindex(), loop ? -1 : netnsids.indexOf(second.pod()), Optional.empty()));
        add(
                second.pod(),
                link(second, "veth", first.ifindex(), loop ? -1 : netnsids.indexOf(first.pod()), Optional.empty()));
        raise(first.pod(), first.ifindex(), first.addresses());
        raise(second.pod(), second.ifindex(), second.addresses());
    }

    private void createVxlan(Action.CreateVxlan create) {
        Vxlan vxlan = new Vxlan(
                create.vni(),
                Optional.of(create.remote()),
                Optional.of(node.vtep()),
                node.vxlanPort(),
                node.underlay(),
                false);
        add(create.pod(), link(create.device(), "vxlan", node.underlay(), 0, Optional.of(vxlan)));
        raise(create.pod(), create.device().ifindex(), create.device().addresses());
    }

    private Link link(Action.Device device, String kind, int peer, int netnsid, Optional<Vxlan> vxlan) {
        return new Link(
                device.ifindex(),
                device.name(),
                kind,
                0,
                node.mtu(),
                device.mac(),
                Marking.GROUP,
                device.alias(),
                peer,
                netnsid,
                false,
                vxlan);
    }

    private void add(PodName pod, Link link) {
        Map<String, Link> all = devices.get(pod);
        boolean taken = all.values().stream()
                .anyMatch(other -> other.name().equals(link.name()) || other.ifindex() == link.ifindex());
        if (taken) {
            throw new AssertionError(link + " in " + pod + " collides with one of " + all);
        }
        all.put(link.name(), link);
    }

    private void delete(Action.Delete delete) {
        Link device = device(delete.pod(), delete.name());
        if (device != null) {
            if (!Marking.isOurs(device)) {
                throw new AssertionError("deletes a device that is not ours: " + device);
            }
            remove(delete.pod(), delete.name());
        }
    }

    private void setRemote(Action.SetRemote set) {
        change(set.pod(), set.ifindex(), link -> {
            Vxlan old = link.vxlan().orElseThrow();
            Vxlan vxlan =
                    new Vxlan(old.vni(), Optional.of(set.remote()), old.local(), old.port(), old.underlay(), false);
            return new Link(
                    link.ifindex(),
                    link.name(),
                    link.kind(),
                    link.flags(),
                    link.mtu(),
                    link.mac(),
                    link.group(),
                    link.alias(),
                    link.peer(),
                    link.peerNetnsid(),
                    link.protoDown(),
                    Optional.of(vxlan));
        });
    }

    private void raise(PodName pod, int ifindex, List<InterfaceAddress> more) {
        change(
                pod,
                ifindex,
                link -> with(link, link.flags() | IFF_UP | IFF_LOWER_UP, link.mtu(), link.alias(), link.protoDown()));
        addresses.get(pod).computeIfAbsent(ifindex, _ -> new ArrayList<>()).addAll(more);
    }

    private void change(PodName pod, int ifindex, java.util.function.UnaryOperator<Link> change) {
        Link old = devices.get(pod).values().stream()
                .filter(link -> link.ifindex() == ifindex)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no device " + ifindex + " in " + pod));
        devices.get(pod).put(old.name(), change.apply(old));
    }

    private static Link with(Link link, int flags, int mtu, String alias, boolean protoDown) {
        return new Link(
                link.ifindex(),
                link.name(),
                link.kind(),
                flags,
                mtu,
                link.mac(),
                link.group(),
                alias,
                link.peer(),
                link.peerNetnsid(),
                protoDown,
                link.vxlan());
    }
}
