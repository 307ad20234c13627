package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EAGAIN;
import static io.meshnet.netlink.generated.Rtnetlink.MSG_DONTWAIT;
import static io.meshnet.netlink.generated.Rtnetlink.NLMSG_DONE;
import static io.meshnet.netlink.generated.Rtnetlink.NLMSG_ERROR;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_DUMP_INTR;
import static io.meshnet.netlink.generated.Rtnetlink.NLM_F_MULTI;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;

/**
 * A NETLINK_ROUTE socket in one network namespace. Used and closed by the platform thread that opened it: memory that threads share
 * takes a handshake with all of them to be freed, which costs more than to open and close the socket.
 *
 * <p>Every wait for the kernel is bounded to 30 s (ETIMEDOUT). What does not answer the request at hand is dropped. With the system
 * property {@code io.meshnet.netlink.trace} every message is written to standard error in hex.
 */
public final class RouteSocket implements AutoCloseable {

    private static final int REQUESTS = 8 << 10;
    private static final int ANSWERS_AT_MOST = 4 << 20;
    private static final int ATTEMPTS = 16;
    private static final int DISTURBED = -1;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment state = Native.callState(arena);
    private final MessageWriter writer = new MessageWriter(arena.allocate(REQUESTS, Integer.BYTES), 1);
    private final MessageReader reader = new MessageReader();
    private final ExtendedAck ack = new ExtendedAck();
    private final Netns netns;
    private final Port port;
    private final Links links = new Links(this);
    private final Addresses addresses = new Addresses(this);
    private final Routes routes = new Routes(this);
    private final Netnsids netnsids = new Netnsids(this);
    private final TrafficControl trafficControl = new TrafficControl(this);
    private final Outbox outbox = new Outbox(writer);
    private final Answers answers = new Answers(arena);
    private final FirstRefusal firstRefusal = new FirstRefusal();
    private int furtherOutboxes;
    private boolean closed;

    /** Is told of each change that was refused. */
    interface Refusals {
        /**
         * One change was refused.
         *
         * @param message its number among those that were sent, from 0
         * @return whether what the kernel said to it is wanted
         */
        boolean take(int message, int errno);
    }

    /** One message of an answer becomes what the caller wants of it. */
    interface Decoder<T> {
        void decode(MessageReader message, List<T> into);
    }

    RouteSocket(Netns netns, Function<MemorySegment, Port> opening) {
        this.netns = netns;
        try {
            port = opening.apply(state);
        } catch (Throwable t) {
            arena.close();
            throw t;
        }
    }

    /** Opens one in the namespace of the calling thread. */
    public static RouteSocket open() {
        try (Netns own = Netns.ofThread()) {
            return new RouteSocket(own, Port::open);
        }
    }

    /**
     * Opens one in {@code netns}; the socket keeps that namespace alive until it is closed. The calling thread, which must be a
     * platform thread, is in {@code netns} for the length of one system call.
     *
     * @throws IllegalStateException on a virtual thread
     * @throws NetnsReturnError when the thread cannot go back to its own namespace, and must die
     */
    public static RouteSocket open(Netns netns) {
        return new RouteSocket(netns, state -> Port.open(state, netns));
    }

    /** Which namespace it is in. */
    public NetnsId netnsId() {
        return netns.id(state, port.fd());
    }

    /** Its operations on links. */
    public Links links() {
        return links;
    }

    /** Its operations on addresses. */
    public Addresses addresses() {
        return addresses;
    }

    /** Its operations on routes. */
    public Routes routes() {
        return routes;
    }

    /** Its operations on the ids of namespaces. */
    public Netnsids netnsids() {
        return netnsids;
    }

    /** Its operations on qdiscs and filters. */
    public TrafficControl trafficControl() {
        return trafficControl;
    }

    /** A writer for the next requests, empty. */
    MessageWriter begin() {
        requireOpen();
        writer.clear();
        ack.text("");
        return writer;
    }

    /** Another outbox, for {@link #change(Outbox, Refusals)}; its sequences are negative, and no other's for the next 32,768. */
    Outbox outbox(Arena memory, long bytes) {
        int firstSequence = Integer.MIN_VALUE | ++furtherOutboxes << 16;
        return new Outbox(new MessageWriter(memory.allocate(bytes, Integer.BYTES), firstSequence));
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the netlink socket in " + netns + " is closed");
        }
    }

    /** The namespace that it is in, for errors. */
    String where() {
        return netns.toString();
    }

    /**
     * Sends the changes that were written, and takes the ack of the last with what was refused before it.
     *
     * @param tolerated an errno that is as good as an ack; 0 for none
     * @return the errno of the first that was refused; 0 when none was
     */
    int change(int tolerated) {
        return change(port, tolerated);
    }

    /** The same in another namespace, on a socket that lives as long as the call. */
    int changeIn(Netns netns, int tolerated) {
        Port other = Port.open(state, netns);
        try {
            return change(other, tolerated);
        } finally {
            Native.close(state, other.fd());
        }
    }

    private int change(Port via, int tolerated) {
        int errno = change(via, outbox, firstRefusal.except(tolerated));
        return errno == 0 ? firstRefusal.errno() : errno;
    }

    /**
     * Sends the changes in another outbox, at least one, and takes the ack of the last with what was refused.
     *
     * @return an errno when it is not known what became of them; 0 when all refusals were told
     */
    int change(Outbox changes, Refusals refusals) {
        requireOpen();
        return change(port, changes, refusals);
    }

    private int change(Port via, Outbox changes, Refusals refusals) {
        int errno = send(via, changes);
        try {
            return errno == 0 ? acks(via, changes.requests(), refusals) : errno;
        } catch (MalformedMessageException e) {
            return malformed(e);
        }
    }

    private int acks(Port via, MessageWriter changes, Refusals refusals) {
        int last = changes.messages() - 1;
        while (true) {
            long received = receive(via, 0);
            if (received < 0) {
                return (int) -received;
            }
            reader.wrap(answers.bytes(), Math.min(received, answers.bytes().byteSize()));
            while (reader.next()) {
                if (!isAnswer(via, changes) || reader.type() != NLMSG_ERROR()) {
                    continue;
                }
                int message = reader.sequence() - changes.firstSequence();
                String earlier = ack.text();
                int errno = ack.error(reader);
                if (errno == 0 || !refusals.take(message, errno)) {
                    ack.text(earlier);
                }
                if (message == last) {
                    return 0;
                }
            }
        }
    }

    /**
     * Sends the query that was written, and decodes its answer: one message, or the many of a dump. A dump that the kernel marks as
     * inconsistent (NLM_F_DUMP_INTR) is repeated, and so is one that was cut short or lost in part.
     *
     * @param found gets what was decoded
     * @return the errno of a refusal; 0 for none
     */
    <T> int query(Decoder<T> decoder, List<T> found) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (attempt > 0) {
                writer.resequence();
            }
            found.clear();
            int errno = send(port, outbox);
            try {
                errno = errno == 0 ? gather(decoder, found) : errno;
            } catch (MalformedMessageException e) {
                errno = malformed(e);
                drain();
            }
            if (errno != DISTURBED) {
                return errno;
            }
            drain();
        }
        ack.text("the answer was incomplete " + ATTEMPTS + " times, for " + ack.text());
        return EAGAIN();
    }

    private <T> int gather(Decoder<T> decoder, List<T> found) {
        boolean consistent = true;
        while (true) {
            long received = receive(port, 0);
            if (received < 0) {
                return received == -Errno.ENOBUFS ? DISTURBED : (int) -received;
            }
            if (received > answers.bytes().byteSize()) {
                return grow(received);
            }
            reader.wrap(answers.bytes(), received);
            while (reader.next()) {
                if (!isAnswer(port, writer)) {
                    continue;
                }
                consistent &= (reader.flags() & NLM_F_DUMP_INTR()) == 0;
                int type = reader.type();
                if (type == NLMSG_ERROR()) {
                    return ack.error(reader);
                }
                if (type == NLMSG_DONE()) {
                    int errno = ack.done(reader);
                    return errno == 0 && !consistent ? inconsistent() : errno;
                }
                decoder.decode(reader, found);
                if ((reader.flags() & NLM_F_MULTI()) == 0) {
                    return 0;
                }
            }
        }
    }

    private int malformed(MalformedMessageException e) {
        ack.text(e.getMessage());
        return Errno.EBADMSG;
    }

    private int inconsistent() {
        ack.text("the namespace changed meanwhile");
        return DISTURBED;
    }

    private int grow(long needed) {
        if (needed > ANSWERS_AT_MOST) {
            ack.text("an answer of " + needed + " bytes");
            return Errno.EMSGSIZE;
        }
        ack.text("a buffer of " + answers.bytes().byteSize() + " bytes");
        answers.grow(arena, needed);
        return DISTURBED;
    }

    /** Takes what is left of an answer: the kernel puts the next part of a dump into the queue as the one before it is taken. */
    private void drain() {
        long received;
        do {
            received = receive(port, MSG_DONTWAIT());
        } while (received >= 0 || received == -Errno.ENOBUFS);
    }

    /** Whether the message answers one of the requests that were sent last. */
    private boolean isAnswer(Port via, MessageWriter sent) {
        return reader.portId() == via.portId()
                && Integer.compareUnsigned(reader.sequence() - sent.firstSequence(), sent.messages()) < 0;
    }

    /** Sends all that was written; 0, or an errno. */
    private int send(Port via, Outbox requests) {
        return (int) -Math.min(requests.send(state, via.fd()), 0);
    }

    /** Receives one datagram; its length, which may be more than there is room for, or a negated errno. */
    private long receive(Port via, int flags) {
        long received = answers.receive(state, via.fd(), flags);
        if (received == -EAGAIN() && flags == 0) {
            ack.text("no answer from the kernel within " + Port.PATIENCE.toSeconds() + " s");
            return -Errno.ETIMEDOUT;
        }
        if (received == -Errno.ENOBUFS) {
            ack.text("the receive buffer overflowed and answers were lost");
        }
        return received;
    }

    /** The exception for an errno that a change or a query returned, with what the kernel said to it. */
    NetlinkException refused(String operation, int errno, String subject) {
        return new NetlinkException(operation, errno, ack.text(), subject);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Native.close(state, port.fd());
            arena.close();
        }
    }
}
