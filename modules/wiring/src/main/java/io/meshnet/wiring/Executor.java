package io.meshnet.wiring;

import io.meshnet.netlink.Errno;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.NewLink;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.netlink.Vxlan;
import io.meshnet.topology.PodName;
import io.meshnet.wiring.OpenPods.OpenPod;
import java.lang.System.Logger.Level;
import java.net.Inet6Address;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/** Carries actions out. For the kernel thread only. */
final class Executor {

    private static final System.Logger LOG = System.getLogger(Executor.class.getName());

    /** As many changes at once are told one by one; of more, their number. */
    private static final int FEW = 10;

    private final NodeIdentity node;
    private final RouteSocket socket;
    private final OpenPods pods;
    private final ExecutorService freeing;

    /**
     * @param node this node
     * @param socket in the node's own namespace, where tunnels end
     * @param pods every pod that an action names
     * @param freeing see {@link KernelThread#freeing}
     */
    Executor(NodeIdentity node, RouteSocket socket, OpenPods pods, ExecutorService freeing) {
        this.node = node;
        this.socket = socket;
        this.pods = pods;
        this.freeing = freeing;
    }

    /**
     * Does all that can be done; one link's failure does not keep the others back.
     *
     * @return the reason for each link that failed, by the name that its actions give it
     */
    Map<String, String> execute(List<Action> actions) {
        Map<String, String> failed = new HashMap<>();
        Level level = actions.size() > FEW ? Level.DEBUG : Level.INFO;
        int made = 0;
        for (Action action : actions) {
            if (failed.containsKey(action.link())) {
                continue;
            }
            try {
                execute(action);
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
            socket.links().createVeth(newLink(first, true), newLink(second, true));
        } catch (NetlinkException e) {
            if (!isTaken(e)) {
                throw e;
            }
            chosen = false;
            socket.links().createVeth(newLink(first, false), newLink(second, false));
        }
        raise(first, chosen);
        raise(second, chosen);
    }

    /** A VNI is unique in this node's namespace; that of a pod that was just deleted may be taken for some milliseconds more. */
    private void createVxlan(Action.CreateVxlan create) {
        Vxlan vxlan = new Vxlan(
                create.vni(),
                Optional.of(create.remote()),
                Optional.of(node.vtep()),
                node.vxlanPort(),
                node.underlay(),
                false);
        boolean chosen = true;
        try {
            socket.links().createVxlan(newLink(create.device(), true), vxlan);
        } catch (NetlinkException e) {
            if (!isTaken(e)) {
                throw e;
            }
            chosen = false;
            socket.links().createVxlan(newLink(create.device(), false), vxlan);
        }
        raise(create.device(), chosen);
    }

    /** Whether the ifindex, the name or the VNI is taken: the kernel does not say which. */
    private static boolean isTaken(NetlinkException e) {
        return e.errno() == Errno.EBUSY || e.errno() == Errno.EEXIST;
    }

    private NewLink newLink(Action.Device device, boolean chosen) {
        return new NewLink(
                pod(device.pod()).netns(),
                device.name(),
                chosen ? device.ifindex() : 0,
                device.mtu(),
                device.mac(),
                Marking.GROUP,
                // It goes with the raising, in the same send.
                "");
    }

    private void raise(Action.Device device, boolean chosen) {
        OpenPod pod = pod(device.pod());
        int ifindex = chosen && device.ifindex() != 0
                ? device.ifindex()
                : pod.socket().links().find(device.name()).map(Link::ifindex).orElse(0);
        raise(pod, device.name(), ifindex, device.alias(), device.addresses());
    }

    private static void raise(OpenPod pod, String name, int ifindex, String alias, List<InterfaceAddress> addresses) {
        for (InterfaceAddress address : addresses) {
            if (address.address() instanceof Inet6Address) {
                pod.netns().enableIpv6(name);
                break;
            }
        }
        pod.socket().links().raise(ifindex, alias, addresses);
    }

    private OpenPod pod(PodName pod) {
        return pods.pod(pod);
    }
}
