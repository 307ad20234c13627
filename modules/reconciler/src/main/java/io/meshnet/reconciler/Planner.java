package io.meshnet.reconciler;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.Vxlan;
import io.meshnet.reconciler.LinkState.Phase;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.PodName;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Compares what should be of a pod's links with what the kernel has, and says what to do: a pure function. The same observation gives
 * the same plan, and after a plan was carried out the next one is empty. A device that is right is left alone; what can be changed in
 * place is; what is not ours is never part of an action.
 */
final class Planner {

    /**
     * What to do.
     *
     * @param actions in this order
     * @param states how each link stands once they are done
     */
    record Plan(List<Action> actions, List<LinkState> states) {

        /** What each link lacks for which there is something to do, by the name that its actions give it, in words. */
        Map<String, String> lacking() {
            Map<String, String> lacking = new HashMap<>();
            actions.forEach(action ->
                    lacking.merge(action.link(), "it lacks " + action, (some, _) -> some + ", and " + action));
            return lacking;
        }
    }

    private final NodeIdentity node;
    private final PodName pod;
    private final Observed observed;
    private final Map<PodName, Map<String, List<Link>>> marked = new HashMap<>();
    private final List<Action> deletes = new ArrayList<>();
    private final List<Action> changes = new ArrayList<>();
    private final List<LinkState> states = new ArrayList<>();

    private Planner(NodeIdentity node, PodName pod, Observed observed) {
        this.node = node;
        this.pod = pod;
        this.observed = observed;
    }

    /**
     * @param node this node
     * @param pod the pod whose links they are, and which was observed
     * @param desired every link of that pod
     * @param observed the pod and every pod of this node that it shall have a veth to
     */
    static Plan plan(NodeIdentity node, PodName pod, List<Desired> desired, Observed observed) {
        Planner planner = new Planner(node, pod, observed);
        planner.deleteStale(desired);
        desired.forEach(planner::reconcile);
        List<Action> actions = new ArrayList<>(planner.deletes);
        actions.addAll(planner.changes);
        return new Plan(List.copyOf(actions), List.copyOf(planner.states));
    }

    private void reconcile(Desired wanted) {
        Desired desired = waitingForNamespace(wanted);
        Optional<String> obstacle = Optional.empty();
        LinkState.Phase phase = Phase.FAILED;
        switch (desired) {
            case Desired.Veth veth -> obstacle = veth(veth.link());
            case Desired.Vxlan vxlan -> obstacle = vxlan(vxlan);
            case Desired.Waiting waiting -> {
                phase = Phase.WAITING;
                obstacle = Optional.of(waiting.reason());
                waiting(waiting);
            }
            case Desired.Disputed disputed -> {
                phase = Phase.DISPUTED;
                obstacle = Optional.of(disputed.reason());
            }
        }
        states.add(new LinkState(desired.link(), obstacle.isEmpty() ? Phase.IN_PLACE : phase, obstacle.orElse("")));
    }

    /** Deletes devices whose link the topology no longer has. What was made for a link that is disputed by now stays. */
    private void deleteStale(List<Desired> desired) {
        Set<String> wanted = new HashSet<>();
        Set<String> disputed = new HashSet<>();
        for (Desired each : desired) {
            each.link().ends().stream().filter(end -> end.pod().equals(pod)).forEach(end -> wanted.add(end.ifname()));
            if (each instanceof Desired.Disputed) {
                disputed.add(Marking.head(each.link()));
            }
        }
        for (Link device : observed.pods().get(pod).devices().values()) {
            Marking.read(device)
                    .filter(marking -> !disputed.contains(marking.head()))
                    .filter(_ -> !wanted.contains(device.name()))
                    .ifPresent(marking -> delete(marking.head(), pod, device));
        }
    }

    /** A veth into a namespace that is gone has to wait as if the peer did not run. */
    private Desired waitingForNamespace(Desired desired) {
        if (desired instanceof Desired.Veth(PodLink link)) {
            LinkEnd local = link.first().pod().equals(pod) ? link.first() : link.second();
            for (LinkEnd end : link.ends()) {
                if (!observed.pods().containsKey(end.pod())) {
                    String reason = "the network namespace of pod " + end.pod() + " is gone";
                    return new Desired.Waiting(link, local, reason);
                }
            }
        }
        return desired;
    }

    private Optional<String> veth(PodLink link) {
        Optional<Link> first = device(link.first());
        Optional<Link> second = device(link.second());
        if (isPair(link, first, second)) {
            adjust(link, link.first(), first.orElseThrow());
            adjust(link, link.second(), second.orElseThrow());
            return Optional.empty();
        }
        Optional<String> obstacle = obstacle(link.first(), first).or(() -> obstacle(link.second(), second));
        if (obstacle.isEmpty()) {
            first.ifPresent(device -> delete(link.toString(), link.first().pod(), device));
            second.ifPresent(device -> delete(link.toString(), link.second().pod(), device));
            deleteNamesakes(link);
            changes.add(new Action.CreateVeth(
                    link.toString(), made(node, link, link.first()), made(node, link, link.second())));
        }
        return obstacle;
    }

    /** Deletes what the peer still has of the link under another name: it bears the ifindex that the new end shall have. */
    private void deleteNamesakes(PodLink link) {
        for (LinkEnd end : link.ends()) {
            if (!end.pod().equals(pod)) {
                marked(end.pod()).getOrDefault(Marking.head(link), List.of()).stream()
                        .filter(device -> !device.name().equals(end.ifname()))
                        .forEach(device -> delete(link.toString(), end.pod(), device));
            }
        }
    }

    /** The devices of ours in a pod, by the head of their marking; read once, since a pod may have many, and many links to be made. */
    private Map<String, List<Link>> marked(PodName pod) {
        return marked.computeIfAbsent(pod, _ -> {
            Map<String, List<Link>> devices = new HashMap<>();
            for (Link device : observed.pods().get(pod).devices().values()) {
                Marking.read(device)
                        .ifPresent(marking -> devices.computeIfAbsent(marking.head(), _ -> new ArrayList<>())
                                .add(device));
            }
            return devices;
        });
    }

    /** Whether the two devices are the two ends of one veth that was made for this link. */
    private boolean isPair(PodLink link, Optional<Link> first, Optional<Link> second) {
        if (first.isEmpty() || second.isEmpty()) {
            return false;
        }
        Link near = first.get();
        Link far = second.get();
        return isMarked(link, link.first(), near)
                && isMarked(link, link.second(), far)
                && near.kind().equals("veth")
                && far.kind().equals("veth")
                && near.peer() == far.ifindex()
                && far.peer() == near.ifindex()
                && sameNamespaces(link, near, far);
    }

    /** Whether this pod's end leads into the peer's namespace rather than to the same ifindex of another one. */
    private boolean sameNamespaces(PodLink link, Link near, Link far) {
        boolean nearIsOurs = link.first().pod().equals(pod);
        PodName peer = nearIsOurs ? link.second().pod() : link.first().pod();
        int expected = link.isLoop() ? -1 : observed.netnsids().getOrDefault(peer, -1);
        return (nearIsOurs ? near : far).peerNetnsid() == expected;
    }

    private Optional<String> vxlan(Desired.Vxlan desired) {
        PodLink link = desired.link();
        LinkEnd local = desired.local();
        Optional<Link> found = device(local);
        Optional<String> obstacle = obstacle(local, found);
        if (obstacle.isPresent()) {
            return obstacle;
        }
        if (found.isPresent() && isTunnelOf(link, found.get())) {
            retarget(desired, found.get());
            adjust(link, local, found.get());
            return Optional.empty();
        }
        found.ifPresent(device -> delete(link.toString(), local.pod(), device));
        changes.add(new Action.CreateVxlan(link.toString(), made(node, link, local), link.vni(), desired.remote()));
        return Optional.empty();
    }

    private boolean isTunnelOf(PodLink link, Link device) {
        Optional<Vxlan> vxlan = device.vxlan();
        return vxlan.isPresent()
                && vxlan.get().vni() == link.vni()
                && vxlan.get().port() == node.vxlanPort()
                && vxlan.get().local().equals(Optional.of(node.vtep()))
                && vxlan.get().underlay() == node.underlay();
    }

    private void retarget(Desired.Vxlan desired, Link device) {
        String link = desired.link().toString();
        PodName pod = desired.local().pod();
        InetAddress remote = desired.remote();
        if (!device.vxlan().orElseThrow().remote().equals(Optional.of(remote))) {
            changes.add(new Action.SetRemote(
                    link, pod, device.ifindex(), desired.link().vni(), remote));
        }
        if (device.protoDown()) {
            changes.add(new Action.HoldDown(link, pod, device.ifindex(), false));
        }
    }

    private void waiting(Desired.Waiting desired) {
        PodLink link = desired.link();
        LinkEnd local = desired.local();
        Optional<Link> found = device(local).filter(Marking::isOurs);
        if (found.isEmpty()) {
            return;
        }
        Link device = found.get();
        if (!isTunnelOf(link, device)) {
            delete(link.toString(), local.pod(), device);
        } else if (!device.protoDown()) {
            changes.add(new Action.HoldDown(link.toString(), local.pod(), device.ifindex(), true));
        }
    }

    /** What a device of ours lacks that can be mended in place. */
    private void adjust(PodLink link, LinkEnd end, Link device) {
        PodName pod = end.pod();
        List<InterfaceAddress> has = observed.pods().get(pod).addressesOf(device);
        List<InterfaceAddress> lacks = new ArrayList<>(addresses(end));
        lacks.removeAll(has);
        // The kernel lists those under another scope; they were given when the device was made.
        lacks.removeIf(address -> device.isUp() && address.address().isLinkLocalAddress());
        Marking marking = Marking.of(link, end);
        Marking carried = Marking.read(device).orElseThrow();
        if (!marking.alias().equals(device.alias())) {
            carried.given()
                    .map(old -> new InterfaceAddress(old.address(), old.length()))
                    .filter(old -> has.contains(old) && !addresses(end).contains(old))
                    .ifPresent(
                            old -> changes.add(new Action.RemoveAddress(link.toString(), pod, device.ifindex(), old)));
        }
        if (!carried.sameLink(marking) && !device.mac().equals(Marking.mac(link, end))) {
            // A peer's update made it before the topology was known. What the pod itself does to its MAC later is its
            // own affair.
            changes.add(new Action.SetMac(link.toString(), pod, device.ifindex(), Marking.mac(link, end)));
        }
        if (device.mtu() != node.mtu(link)) {
            changes.add(new Action.SetMtu(link.toString(), pod, device.ifindex(), node.mtu(link)));
        }
        if (!device.isUp() || !lacks.isEmpty()) {
            changes.add(new Action.Raise(link.toString(), pod, device.name(), device.ifindex(), lacks));
        }
        if (!marking.alias().equals(device.alias())) {
            changes.add(new Action.Mark(link.toString(), pod, device.ifindex(), marking.alias()));
        }
    }

    private static Optional<String> obstacle(LinkEnd end, Optional<Link> device) {
        return obstacle(end.pod(), end.ifname(), device);
    }

    /** Why a name cannot be had in a pod: a device that is not ours bears it. */
    static Optional<String> obstacle(PodName pod, String ifname, Optional<Link> device) {
        return device.filter(found -> !Marking.isOurs(found))
                .map(_ -> "pod " + pod + " has an interface " + ifname + " already, which meshnet did not make");
    }

    private static boolean isMarked(PodLink link, LinkEnd end, Link device) {
        return Marking.read(device)
                .map(marking -> marking.sameLink(Marking.of(link, end)))
                .orElse(false);
    }

    private Optional<Link> device(LinkEnd end) {
        return observed.device(end.pod(), end.ifname());
    }

    private void delete(String link, PodName pod, Link device) {
        deletes.add(new Action.Delete(link, pod, device.name(), device.ifindex()));
    }

    /** An end as it is made. */
    static Action.Device made(NodeIdentity node, PodLink link, LinkEnd end) {
        return new Action.Device(
                end.pod(),
                end.ifname(),
                Marking.ifindex(link, end),
                node.mtu(link),
                Marking.mac(link, end),
                Marking.of(link, end).alias(),
                addresses(end));
    }

    /** The addresses that an end has. */
    static List<InterfaceAddress> addresses(LinkEnd end) {
        return end.address()
                .map(prefix -> List.of(new InterfaceAddress(prefix.address(), prefix.length())))
                .orElse(List.of());
    }
}
