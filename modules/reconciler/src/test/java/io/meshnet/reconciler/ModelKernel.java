package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.netlink.Vxlan;
import io.meshnet.topology.PodName;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the planner takes the kernel for: applies actions to namespaces, so that a plan can be made from what the one before brought
 * about. It checks what the kernel would refuse: a name, an ifindex or a VNI that is taken, a device that is not there.
 */
final class ModelKernel {

    private static final int IFF_UP = 0x1;
    private static final int IFF_LOWER_UP = 0x10000;

    /** What the kernel refuses, and a later attempt may find otherwise. */
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    /** A network namespace. Its index among all, living and dead, serves as the id that every other one knows it by. */
    static final class Namespace {
        private final int id;
        private final Map<String, Link> devices = new TreeMap<>();
        private final Map<Integer, List<InterfaceAddress>> addresses = new HashMap<>();

        private Namespace(int id) {
            this.id = id;
        }

        Map<String, Link> devices() {
            return devices;
        }

        List<InterfaceAddress> addresses(String name) {
            return addresses.getOrDefault(devices.get(name).ifindex(), List.of());
        }
    }

    private final NodeIdentity node;
    private final List<Namespace> namespaces = new ArrayList<>();
    private final Map<PodName, Namespace> pods = new TreeMap<>();
    private int lastIfindex = 10;

    ModelKernel(NodeIdentity node, PodName... pods) {
        this.node = node;
        for (PodName pod : pods) {
            enter(pod, create());
        }
    }

    /** Makes a namespace, which no pod is in yet. */
    Namespace create() {
        Namespace made = new Namespace(namespaces.size());
        namespaces.add(made);
        return made;
    }

    /** Has a pod be in a namespace, whatever it was in before. */
    void enter(PodName pod, Namespace namespace) {
        pods.put(pod, namespace);
    }

    /** Has a pod be in none. */
    void leave(PodName pod) {
        pods.remove(pod);
    }

    /** Deletes all devices of ours in a namespace, and the other ends of veths with them. */
    void release(Namespace namespace) {
        List.copyOf(namespace.devices.values()).stream()
                .filter(Marking::isOurs)
                .forEach(device -> remove(namespace, device.name()));
    }

    /** Ends a namespace, and with it everything in it. */
    void destroy(Namespace namespace) {
        List.copyOf(namespace.devices.keySet()).forEach(device -> remove(namespace, device));
        pods.values().removeIf(namespace::equals);
    }

    /** Does to a device what somebody in the pod might: deletes it, sets it down or takes its addresses away. */
    void tamper(Namespace namespace, String name, int how) {
        Link device = namespace.devices.get(name);
        switch (how) {
            case 0 -> remove(namespace, name);
            case 1 -> namespace.devices.put(name, with(device, 0, device.mtu(), device.alias(), device.protoDown()));
            default -> namespace.addresses.remove(device.ifindex());
        }
    }

    Observed observe() {
        Map<PodName, Observed.PodDevices> seen = new HashMap<>();
        Map<PodName, Integer> ids = new HashMap<>();
        pods.forEach((pod, namespace) -> {
            seen.put(pod, new Observed.PodDevices(namespace.devices, namespace.addresses));
            ids.put(pod, namespace.id);
        });
        return new Observed(seen, ids);
    }

    Link device(PodName pod, String name) {
        return pods.get(pod).devices.get(name);
    }

    Map<String, Link> devices(PodName pod) {
        return pods.get(pod).devices;
    }

    List<InterfaceAddress> addresses(PodName pod, String name) {
        return pods.get(pod).addresses(name);
    }

    /** Puts a device there that meshnet did not make. */
    void foreign(PodName pod, String name) {
        add(pod, new Link(7, name, "bridge", 0, 1500, MacAddress.NONE, 0, "", 0, -1, false, Optional.empty()));
    }

    void address(PodName pod, String name, InterfaceAddress address) {
        pods.get(pod)
                .addresses
                .computeIfAbsent(device(pod, name).ifindex(), _ -> new ArrayList<>())
                .add(address);
    }

    void remove(PodName pod, String name) {
        remove(pods.get(pod), name);
    }

    private void remove(Namespace namespace, String name) {
        Link gone = namespace.devices.remove(name);
        if (gone != null) {
            namespace.addresses.remove(gone.ifindex());
            if (gone.kind().equals("veth")) {
                Namespace other = gone.peerNetnsid() < 0 ? namespace : namespaces.get(gone.peerNetnsid());
                other.devices.values().removeIf(device -> device.ifindex() == gone.peer());
                other.addresses.remove(gone.peer());
            }
        }
    }

    void apply(List<Action> actions) {
        actions.forEach(this::apply);
    }

    /** Carries one action out. */
    void apply(Action action) {
        switch (indexed(action)) {
            case Action.CreateVeth create -> createVeth(create.first(), create.second());
            case Action.CreateVxlan create -> createVxlan(create);
            case Action.Delete delete -> delete(delete);
            case Action.SetRemote set -> setRemote(set);
            case Action.SetMtu set ->
                change(
                        set.pod(),
                        set.ifindex(),
                        link -> with(link, link.flags(), set.mtu(), link.alias(), link.protoDown()));
            case Action.SetMac set -> change(set.pod(), set.ifindex(), link -> withMac(link, set.mac()));
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
                pods.get(remove.pod()).addresses.get(remove.ifindex()).remove(remove.address());
        }
    }

    /** Gives a device an ifindex that asks for any. */
    private Action indexed(Action action) {
        if (action instanceof Action.CreateVxlan(String link, Action.Device any, int vni, InetAddress remote)
                && any.ifindex() == 0) {
            Action.Device device = new Action.Device(
                    any.pod(), any.name(), ++lastIfindex, any.mtu(), any.mac(), any.alias(), any.addresses());
            return new Action.CreateVxlan(link, device, vni, remote);
        }
        return action;
    }

    private void createVeth(Action.Device first, Action.Device second) {
        makeVeth(first, second);
        raise(first.pod(), first.ifindex(), first.addresses());
        raise(second.pod(), second.ifindex(), second.addresses());
    }

    private void makeVeth(Action.Device first, Action.Device second) {
        boolean loop = first.pod().equals(second.pod());
        requireFree(first);
        requireFree(second);
        add(first.pod(), link(first, "veth", second.ifindex(), loop ? -1 : id(second.pod()), Optional.empty()));
        add(second.pod(), link(second, "veth", first.ifindex(), loop ? -1 : id(first.pod()), Optional.empty()));
    }

    private void createVxlan(Action.CreateVxlan create) {
        makeVxlan(create);
        raise(create.pod(), create.device().ifindex(), create.device().addresses());
    }

    private void makeVxlan(Action.CreateVxlan create) {
        boolean taken = namespaces.stream()
                .flatMap(namespace -> namespace.devices.values().stream())
                .anyMatch(device -> device.vxlan()
                        .filter(other -> other.vni() == create.vni())
                        .isPresent());
        if (taken) {
            throw new Refusal("VNI " + create.vni() + " is taken");
        }
        requireFree(create.device());
        Vxlan vxlan = new Vxlan(
                create.vni(),
                Optional.of(create.remote()),
                Optional.of(node.vtep()),
                node.vxlanPort(),
                node.underlay(),
                false);
        add(create.pod(), link(create.device(), "vxlan", node.underlay(), 0, Optional.of(vxlan)));
    }

    /** Carries an action out as far as its first step, as if whoever did it was killed right after. */
    void begin(Action action) {
        switch (action) {
            case Action.CreateVeth create -> {
                makeVeth(create.first(), create.second());
                unmark(create.first());
                unmark(create.second());
            }
            case Action.CreateVxlan create -> {
                makeVxlan(create);
                unmark(create.device());
            }
            default -> apply(action);
        }
    }

    private void unmark(Action.Device device) {
        change(device.pod(), device.ifindex(), link -> with(link, link.flags(), link.mtu(), "", link.protoDown()));
    }

    private int id(PodName pod) {
        return pods.get(pod).id;
    }

    private void requireFree(Action.Device device) {
        if (!pods.containsKey(device.pod())) {
            throw new AssertionError("an action for pod " + device.pod() + ", which is not here");
        }
        for (Link other : devices(device.pod()).values()) {
            if (other.name().equals(device.name()) || other.ifindex() == device.ifindex()) {
                throw new AssertionError(device + " collides with " + other);
            }
        }
    }

    private Link link(Action.Device device, String kind, int peer, int netnsid, Optional<Vxlan> vxlan) {
        return new Link(
                device.ifindex(),
                device.name(),
                kind,
                0,
                device.mtu(),
                device.mac(),
                Marking.GROUP,
                device.alias(),
                peer,
                netnsid,
                false,
                vxlan);
    }

    private void add(PodName pod, Link link) {
        devices(pod).put(link.name(), link);
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

    /** An address that the device has already is refused with EEXIST, which is as good as given. */
    private void raise(PodName pod, int ifindex, List<InterfaceAddress> more) {
        change(
                pod,
                ifindex,
                link -> with(link, link.flags() | IFF_UP | IFF_LOWER_UP, link.mtu(), link.alias(), link.protoDown()));
        List<InterfaceAddress> has = pods.get(pod).addresses.computeIfAbsent(ifindex, _ -> new ArrayList<>());
        more.stream().filter(address -> !has.contains(address)).forEach(has::add);
    }

    private void change(PodName pod, int ifindex, java.util.function.UnaryOperator<Link> change) {
        Link old = devices(pod).values().stream()
                .filter(link -> link.ifindex() == ifindex)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no device " + ifindex + " in " + pod));
        devices(pod).put(old.name(), change.apply(old));
    }

    private static Link withMac(Link link, MacAddress mac) {
        return new Link(
                link.ifindex(),
                link.name(),
                link.kind(),
                link.flags(),
                link.mtu(),
                mac,
                link.group(),
                link.alias(),
                link.peer(),
                link.peerNetnsid(),
                link.protoDown(),
                link.vxlan());
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
