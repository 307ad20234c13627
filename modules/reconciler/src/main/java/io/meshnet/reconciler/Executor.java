package io.meshnet.reconciler;

import io.meshnet.netlink.Errno;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.OpenPods.OpenPod;
import io.meshnet.topology.PodName;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.stream.IntStream;

/** Carries actions out. For the kernel thread only. */
final class Executor {

    private static final System.Logger LOG = System.getLogger(Executor.class.getName());

    /** As many changes at once are told one by one; of more, their number. */
    private static final int FEW = 10;

    private final RouteSocket socket;
    private final Devices devices;
    private final BulkCreation bulk;
    private final ExecutorService freeing;

    /**
     * @param node this node
     * @param socket in the node's own namespace, where tunnels end
     * @param pods every pod that an action names
     * @param freeing see {@link KernelThread#freeing}
     */
    Executor(NodeIdentity node, RouteSocket socket, OpenPods pods, ExecutorService freeing) {
        this.socket = socket;
        this.devices = new Devices(node, pods);
        this.bulk = new BulkCreation(devices, socket);
        this.freeing = freeing;
    }

    /**
     * Does all that can be done; one link's failure does not keep the others back. Links are made all at once where the first of them is
     * to be made: what is in their way is deleted by then.
     *
     * @return the reason for each link that failed, by the name that its actions give it
     */
    Map<String, String> execute(List<Action> actions) {
        Map<String, String> failed = new HashMap<>();
        Level level = actions.size() > FEW ? Level.DEBUG : Level.INFO;
        boolean created = false;
        int made = 0;
        for (int i = 0; i < actions.size(); i++) {
            Action action = actions.get(i);
            if (failed.containsKey(action.link())) {
                continue;
            }
            if (!created && isCreation(action)) {
                created = true;
                createInBulk(actions, failed);
            }
            try {
                complete(action, bulk.progress(i));
                made++;
                LOG.log(level, "{0}: made {1}", action.link(), action);
            } catch (NetlinkException | IllegalArgumentException e) {
                LOG.log(Level.DEBUG, "{0}: not made is {1}: {2}", action.link(), action, e.getMessage());
                failed.put(action.link(), e.getMessage());
            }
        }
        if (actions.size() > FEW) {
            PodName pod = actions.getFirst().pod();
            LOG.log(
                    Level.INFO,
                    "pod {0}: made {1} changes of {2}, the first {3}",
                    pod,
                    made,
                    actions.size(),
                    actions.getFirst());
        }
        return failed;
    }

    private static boolean isCreation(Action action) {
        return action instanceof Action.CreateVeth || action instanceof Action.CreateVxlan;
    }

    /** One alone takes as many sends this way or that. */
    private void createInBulk(List<Action> actions, Map<String, String> failed) {
        List<Integer> creations = IntStream.range(0, actions.size())
                .filter(i -> isCreation(actions.get(i))
                        && !failed.containsKey(actions.get(i).link()))
                .boxed()
                .toList();
        if (creations.size() > 1) {
            bulk.make(actions, creations);
        }
    }

    private void complete(Action action, BulkCreation.Progress progress) {
        switch (progress) {
            case NONE -> execute(action);
            case MADE -> Devices.of(action).forEach(device -> raise(device, true));
            case COMPLETE -> {
                // Nothing is left to be done.
            }
        }
    }

    private void execute(Action action) {
        switch (action) {
            case Action.CreateVeth create -> createVeth(create);
            case Action.CreateVxlan create -> createVxlan(create);
            case Action.Delete delete -> pod(delete.pod()).deletion(freeing).link(delete.ifindex());
            case Action.SetRemote set ->
                pod(set.pod()).socket().links().vxlanRemote(set.ifindex(), set.vni(), set.remote());
            case Action.SetMtu set -> pod(set.pod()).socket().links().mtu(set.ifindex(), set.mtu());
            case Action.SetMac set -> pod(set.pod()).socket().links().mac(set.ifindex(), set.mac());
            case Action.Mark mark -> pod(mark.pod()).socket().links().mark(mark.ifindex(), Marking.GROUP, mark.alias());
            case Action.HoldDown hold -> pod(hold.pod()).socket().links().protoDown(hold.ifindex(), hold.down());
            case Action.Raise raise -> raise(pod(raise.pod()), raise.name(), raise.ifindex(), "", raise.addresses());
            case Action.RemoveAddress remove ->
                pod(remove.pod()).socket().addresses().delete(remove.ifindex(), remove.address());
        }
    }

    private void createVeth(Action.CreateVeth create) {
        Action.Device first = create.first();
        Action.Device second = create.second();
        boolean chosen = true;
        try {
            socket.links().createVeth(devices.newLink(first), devices.newLink(second));
        } catch (NetlinkException e) {
            if (!isTaken(e)) {
                throw e;
            }
            chosen = false;
            socket.links().createVeth(devices.newLink(first, 0), devices.newLink(second, 0));
        }
        raise(first, chosen);
        raise(second, chosen);
    }

    /** A VNI is unique in this node's namespace; that of a pod that was just deleted may be taken for some milliseconds more. */
    private void createVxlan(Action.CreateVxlan create) {
        boolean chosen = true;
        try {
            socket.links().createVxlan(devices.newLink(create.device()), devices.tunnel(create));
        } catch (NetlinkException e) {
            if (!isTaken(e)) {
                throw e;
            }
            chosen = false;
            socket.links().createVxlan(devices.newLink(create.device(), 0), devices.tunnel(create));
        }
        raise(create.device(), chosen);
    }

    /** Whether the ifindex, the name or the VNI is taken: the kernel does not say which. */
    private static boolean isTaken(NetlinkException e) {
        return e.errno() == Errno.EBUSY || e.errno() == Errno.EEXIST;
    }

    private void raise(Action.Device device, boolean chosen) {
        OpenPod pod = devices.pod(device);
        int ifindex = chosen && device.ifindex() != 0
                ? device.ifindex()
                : pod.socket().links().find(device.name()).map(Link::ifindex).orElse(0);
        raise(pod, device.name(), ifindex, device.alias(), device.addresses());
    }

    private static void raise(OpenPod pod, String name, int ifindex, String alias, List<InterfaceAddress> addresses) {
        Devices.allowAddresses(pod, name, addresses);
        pod.socket().links().raise(ifindex, alias, addresses);
    }

    private OpenPod pod(PodName pod) {
        return devices.pods().pod(pod);
    }
}
