package io.meshnet.netlink;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Operations on the qdiscs and filters of a socket's namespace (tc(8)). Only the thread of the
 * socket uses it. A method throws {@link NetlinkException} when the kernel refuses the operation.
 */
public final class TrafficControl {

    private final RouteSocket socket;
    private final AttributeReader attributes = new AttributeReader();
    private final AttributeReader options = new AttributeReader();

    TrafficControl(RouteSocket socket) {
        this.socket = socket;
    }

    /**
     * Gives a link a clsact, the qdisc that holds the filters for incoming frames. If the link has
     * a clsact, it keeps it with its filters.
     *
     * @throws NetlinkException ENODEV when there is no such link, EINVAL when the link has an
     *     ingress qdisc, which excludes a clsact
     */
    public void attachClsact(int ifindex) {
        TrafficMessages.attachClsact(socket.begin(), ifindex);
        check(socket.change(0), "attach clsact to", ifindex);
    }

    /**
     * Gives a link a clsact whose filters are those of two shared blocks: a filter of a block acts on
     * all links that share it. A block exists as long as a link has it. If the link has a clsact, it
     * keeps it with its filters or blocks.
     *
     * <p>The kernel lists the blocks of all links, in all namespaces, and walks the list for each
     * clsact that comes or goes (flow_indr_dev_setup_offload); it lists a shared block once. With
     * 8,000 other ports in the node a port with blocks of its own takes three times as long.
     *
     * @param ingressBlock the number of the block for incoming frames, above 0
     * @param egressBlock the number of the block for outgoing frames, above 0
     * @throws NetlinkException ENODEV when there is no such link, EINVAL when the link has an
     *     ingress qdisc, which excludes a clsact
     */
    public void attachClsact(int ifindex, int ingressBlock, int egressBlock) {
        TrafficMessages.attachClsact(socket.begin(), ifindex, ingressBlock, egressBlock);
        check(socket.change(0), "attach clsact to", ifindex);
    }

    /**
     * Runs a program on each frame of a block, as {@link #attachBpf} does on those of a link.
     *
     * @param block the number of the block
     * @param programFd the descriptor of a BPF program of type SCHED_CLS
     * @param name the name of the filter, 1 to 255 bytes
     * @throws NetlinkException EINVAL when no link has the block or the descriptor is no such
     *     program, EBADF when it is closed
     */
    public void attachBpfToBlock(int block, int programFd, String name) {
        TrafficMessages.attachBpfToBlock(socket.begin(), block, programFd, TrafficMessages.requireName(name));
        int errno = socket.change(0);
        if (errno != 0) {
            throw socket.refused("attach a BPF program to", errno, "block " + block + " in " + socket.where());
        }
    }

    /**
     * Runs a program on each incoming frame of a link with a clsact: all protocols, priority 1,
     * handle 1, direct action. If the link has such a filter, the kernel replaces its program
     * atomically: every frame meets the old or the new program.
     *
     * @param programFd the descriptor of a BPF program of type SCHED_CLS; the kernel keeps the
     *     program, and the caller may close the descriptor
     * @param name the name of the filter, for example in {@code tc filter show}, 1 to 255 bytes
     * @throws NetlinkException EINVAL when the link has no clsact or the descriptor is no such
     *     program, EBADF when it is closed, EOPNOTSUPP when the clsact has a shared block
     */
    public void attachBpf(int ifindex, int programFd, String name) {
        TrafficMessages.attachBpf(socket.begin(), ifindex, programFd, TrafficMessages.requireName(name));
        check(socket.change(0), "attach a BPF program to", ifindex);
    }

    /**
     * The filter for incoming frames that runs a BPF program; the first one in the order of the
     * kernel when there are several.
     *
     * @return empty when there is no such link, no clsact or no such filter, in its block if it has one
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

    /**
     * Every qdisc of the namespace, from one dump. A veth has {@code noqueue} with handle 0 by
     * default.
     */
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
