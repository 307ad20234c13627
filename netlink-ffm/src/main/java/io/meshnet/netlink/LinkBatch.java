package io.meshnet.netlink;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Many changes to links in as few sends as the kernel takes. One by one, its own workers, who have something to do for each link that
 * comes up, take the lock whenever a change is done; in one send the next change has it before them.
 *
 * <p>Changes are numbered from 0 in the order of the calls. Which of them were refused is told, and not why: whoever wants to know makes
 * that change alone, with {@link Links}. For the thread of the socket, which stays open; closed by whoever opened it, and what was not
 * sent by then is not done.
 */
public final class LinkBatch implements AutoCloseable {

    /** In bytes. The kernel refuses a send of more than net.core.wmem_default, 212,992 (EMSGSIZE, netlink_sendmsg). */
    private static final int ROOM = 200 << 10;

    /**
     * More than the message that makes a link of any kind, than the messages that set one up with
     * an address of each family, and than those of {@link #equip}.
     */
    private static final int LONGEST = 704;

    /** The length of a clsact with two blocks and the longest alias. */
    private static final int EQUIPMENT = 64 + 292;

    /** Header, ifinfomsg and an alias of 255 bytes, and the link's going up. */
    private static final int RAISING = 16 + 16 + 4 + 256 + LinkMessages.UP;

    /** A link that goes up or down at the end of its send, and the number of its change. */
    private record Rising(int ifindex, boolean up, int change) {}

    private final Arena arena = Arena.ofConfined();
    private final RouteSocket socket;
    private final Outbox outbox;
    private final MessageWriter writer;
    private final BitSet refused = new BitSet();
    private final BitSet raisings = new BitSet();
    private final List<Rising> rising = new ArrayList<>();
    private int changes;

    /** For each message that waits to be sent the number of its change. */
    private int[] changeOf = new int[64];

    private int waiting;

    /**
     * Begins one in the namespace of the socket.
     *
     * @param changes how many there are going to be, above 0: more take more sends
     */
    public LinkBatch(RouteSocket socket, int changes) {
        this.socket = socket;
        this.outbox = socket.outbox(arena, Math.min(ROOM, (long) changes * LONGEST));
        this.writer = outbox.requests();
    }

    /** As {@link Links#createVeth}, but without aliases: those are for {@link #raise}. */
    public void createVeth(NewLink near, NewLink far) {
        makeRoom(LONGEST);
        VethMessages.create(writer, near, far);
        written(changes++);
    }

    /** As {@link Links#createVxlan}, but without an alias. */
    public void createVxlan(NewLink link, Vxlan vxlan) {
        makeRoom(LONGEST);
        VxlanMessages.create(writer, link, vxlan);
        written(changes++);
    }

    /**
     * As {@link Links#raise(int, String, List)}, but all links of one send go up after all that they are given: as soon as the first does,
     * the kernel's workers want the lock. One with so many addresses that there is no room for them is refused.
     */
    public void raise(int ifindex, String alias, List<InterfaceAddress> addresses) {
        long longest = RAISING + (long) addresses.size() * AddressMessages.LONGEST;
        if (longest > writer.buffer().byteSize()) {
            refused.set(changes++);
            return;
        }
        makeRoom((int) longest);
        LinkMessages.prepare(writer, ifindex, Ifalias.require(alias), addresses);
        rising.add(new Rising(ifindex, true, changes));
        raisings.set(changes);
        written(changes++);
    }

    /**
     * Turns a link into a port. The kernel attaches a clsact with two shared blocks, whose filters
     * are attached once for all ports (see {@link TrafficControl#attachClsact(int, int, int)}), and
     * sets the alias last, so a port that has its alias is complete. Repeating it replaces the alias.
     *
     * <p>The kernel continues after a refusal: it sets the alias even if it has refused the clsact.
     * So the caller deletes a link when {@link #send} reports its change.
     *
     * @param alias its IFLA_IFALIAS, 1 to 255 bytes
     */
    public void equip(int ifindex, int ingressBlock, int egressBlock, String alias) {
        Ifalias.require(alias);
        makeRoom(EQUIPMENT);
        TrafficMessages.attachClsact(writer, ifindex, ingressBlock, egressBlock);
        LinkMessages.alias(writer, ifindex, alias);
        written(changes++);
    }

    /**
     * Sets a link up or down. The batch does this at the end of its send, in the order of the
     * calls, as {@link #raise} explains.
     */
    public void up(int ifindex, boolean up) {
        makeRoom(LinkMessages.UP);
        rising.add(new Rising(ifindex, up, changes++));
    }

    /** Sets the MTU of a link, in bytes. */
    public void mtu(int ifindex, int mtu) {
        makeRoom(LONGEST);
        LinkMessages.mtu(writer, ifindex, mtu);
        written(changes++);
    }

    /**
     * Sends what was not sent yet.
     *
     * @return the numbers of all changes so far that were refused, or of which it is not known
     */
    public BitSet send() {
        for (Rising each : rising) {
            LinkMessages.up(writer, each.ifindex(), each.up());
            written(each.change());
        }
        rising.clear();
        if (waiting > 0) {
            int errno = socket.change(outbox, this::refused);
            if (errno != 0) {
                Arrays.stream(changeOf, 0, waiting).forEach(refused::set);
            }
            writer.clear();
            waiting = 0;
        }
        return refused;
    }

    private boolean refused(int message, int errno) {
        int change = changeOf[message];
        if (!raisings.get(change) || errno != Errno.EEXIST) {
            refused.set(change);
        }
        return false;
    }

    private void makeRoom(int bytes) {
        if (writer.remaining() < bytes + rising.size() * LinkMessages.UP) {
            send();
        }
    }

    /** The messages since the last call are of that change. */
    private void written(int change) {
        int messages = writer.messages();
        if (messages > changeOf.length) {
            changeOf = Arrays.copyOf(changeOf, 2 * messages);
        }
        Arrays.fill(changeOf, waiting, messages, change);
        waiting = messages;
    }

    @Override
    public void close() {
        arena.close();
    }
}
