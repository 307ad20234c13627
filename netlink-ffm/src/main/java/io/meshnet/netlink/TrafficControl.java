package io.meshnet.netlink;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Operations on the qdiscs and filters of a socket's namespace (tc(8)). Used by one platform thread at a time, the thread of the
 * socket. What the kernel refuses is a {@link NetlinkException}.
 */
public final class TrafficControl {

    private final RouteSocket socket;
    private final AttributeReader attributes = new AttributeReader();
    private final AttributeReader options = new AttributeReader();

    TrafficControl(RouteSocket socket) {
        this.socket = socket;
    }

    /**
     * Gives a link a clsact, the qdisc that filters for incoming frames hang on. A link that has one keeps it, with its filters.
     *
     * @throws NetlinkException ENODEV when there is no such link, EINVAL when it has an ingress qdisc already, which excludes a clsact
     */
    public void attachClsact(int ifindex) {
        TrafficMessages.attachClsact(socket.begin(), ifindex);
        check(socket.change(0), "attach clsact to", ifindex);
    }

    /**
     * Runs a program on each frame that comes in by a link with a clsact: all protocols, priority 1, handle 1, direct action. A
     * program that was attached so before is replaced in one step, and no frame goes by without a program.
     *
     * @param programFd the descriptor of a BPF program of type SCHED_CLS; the kernel keeps the program, not the descriptor
     * @param name what {@code tc filter show} calls it, 1 to 255 bytes
     * @throws NetlinkException EINVAL when the link has no clsact or the descriptor is no such program, EBADF when it is closed
     */
    public void attachBpf(int ifindex, int programFd, String name) {
        TrafficMessages.attachBpf(socket.begin(), ifindex, programFd, TrafficMessages.requireName(name));
        check(socket.change(0), "attach a BPF program to", ifindex);
    }

    /**
     * The first filter for incoming frames that runs a BPF program, in the order in which the kernel asks them.
     *
     * @return empty when there is no such link, no clsact or no such filter
     */
    public Optional<BpfFilter> filter(int ifindex) {
        List<BpfFilter> found = new ArrayList<>(1);
        TrafficMessages.filters(socket.begin(), ifindex);
        int errno = socket.query(
                (message, into) ->
                        TrafficMessages.filter(message, attributes, options).ifPresent(into::add),
                found);
        check(errno, "list the filters of", ifindex);
        return found.stream().findFirst();
    }

    /** Every qdisc of the namespace, in one dump; a link without any has {@code noqueue} with handle 0. */
    public List<Qdisc> qdiscs() {
        List<Qdisc> found = new ArrayList<>();
        TrafficMessages.qdiscs(socket.begin());
        int errno = socket.query((message, into) -> into.add(TrafficMessages.qdisc(message, attributes)), found);
        if (errno != 0) {
            throw socket.refused("list qdiscs", errno, "in " + socket.where());
        }
        return List.copyOf(found);
    }

    private void check(int errno, String operation, int ifindex) {
        if (errno != 0) {
            throw socket.refused(operation, errno, "ifindex " + ifindex + " in " + socket.where());
        }
    }
}
