package io.meshnet.reconciler;

import io.meshnet.netlink.LinkBatch;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.RouteSocket;
import io.meshnet.reconciler.OpenPods.OpenPod;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes many links at once, in few sends: all are made, then each pod's are set up. Whatever the kernel refuses is left to be done alone,
 * which finds out why. For the kernel thread only.
 */
final class BulkCreation {

    private static final System.Logger LOG = System.getLogger(BulkCreation.class.getName());

    /** How far an action is. */
    enum Progress {
        /** Nothing is done of it. */
        NONE,
        /** Its devices are made, and not all of them set up. */
        MADE,
        /** It is done. */
        COMPLETE
    }

    /** A device that is made, and the number of the action that it is of. */
    private record Made(int action, Action.Device device) {}

    private final Devices devices;
    private final RouteSocket socket;
    private final BitSet made = new BitSet();
    private final BitSet complete = new BitSet();

    /**
     * @param devices how they are made here
     * @param socket in the node's own namespace
     */
    BulkCreation(Devices devices, RouteSocket socket) {
        this.devices = devices;
        this.socket = socket;
    }

    /**
     * Does what can be done.
     *
     * @param numbers which of the actions; all of them make links
     */
    void make(List<Action> actions, List<Integer> numbers) {
        create(actions, numbers);
        complete.or(made);
        Map<OpenPod, List<Made>> byPod = new LinkedHashMap<>();
        for (int number : numbers) {
            if (made.get(number)) {
                for (Action.Device device : Devices.of(actions.get(number))) {
                    byPod.computeIfAbsent(devices.pod(device), _ -> new ArrayList<>())
                            .add(new Made(number, device));
                }
            }
        }
        byPod.forEach(this::raise);
    }

    private void create(List<Action> actions, List<Integer> numbers) {
        List<Integer> asked = new ArrayList<>();
        try (LinkBatch batch = new LinkBatch(socket, numbers.size())) {
            for (int number : numbers) {
                try {
                    create(batch, actions.get(number));
                    asked.add(number);
                } catch (IllegalArgumentException e) {
                    LOG.log(Level.DEBUG, "{0} is left to be made alone: {1}", actions.get(number), e.getMessage());
                }
            }
            asked.forEach(made::set);
            batch.send().stream().forEach(refused -> made.clear(asked.get(refused)));
        }
    }

    private void create(LinkBatch batch, Action action) {
        switch (action) {
            case Action.CreateVeth(String _, Action.Device first, Action.Device second) ->
                batch.createVeth(devices.newLink(first), devices.newLink(second));
            case Action.CreateVxlan create ->
                batch.createVxlan(devices.newLink(create.device()), devices.tunnel(create));
            default -> throw new IllegalArgumentException(action + " makes no link");
        }
    }

    private void raise(OpenPod pod, List<Made> ends) {
        List<Made> asked = new ArrayList<>();
        try (LinkBatch batch = new LinkBatch(pod.socket(), ends.size())) {
            for (Made end : ends) {
                Action.Device device = end.device();
                try {
                    Devices.allowAddresses(pod, device.name(), device.addresses());
                    batch.raise(device.ifindex(), device.alias(), device.addresses());
                    asked.add(end);
                } catch (NetlinkException | IllegalArgumentException e) {
                    LOG.log(Level.DEBUG, "{0} is left to be set up alone: {1}", device, e.getMessage());
                    complete.clear(end.action());
                }
            }
            batch.send().stream()
                    .forEach(refused -> complete.clear(asked.get(refused).action()));
        }
    }

    /** How far an action is, by its number. */
    Progress progress(int action) {
        if (complete.get(action)) {
            return Progress.COMPLETE;
        }
        return made.get(action) ? Progress.MADE : Progress.NONE;
    }
}
