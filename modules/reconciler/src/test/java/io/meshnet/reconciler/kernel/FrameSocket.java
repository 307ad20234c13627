package io.meshnet.reconciler.kernel;

import static io.meshnet.reconciler.kernel.Eventually.eventually;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A packet socket (packet(7)) on an interface of a pod. It sends whole frames, and receives every
 * frame that comes to the interface, as it was on the wire; not what the interface itself sends.
 */
final class FrameSocket implements AutoCloseable {

    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final short ETH_P_ALL_IN_NETWORK_ORDER = 0x0300;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_AUXDATA = 8;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int MSG_DONTWAIT = 0x40;

    /** struct msghdr and struct iovec of 64-bit systems: lengths and offsets. */
    private static final int MSGHDR = 56;

    private static final int MSG_IOV = 16;
    private static final int MSG_IOVLEN = 24;
    private static final int MSG_CONTROL = 32;
    private static final int MSG_CONTROLLEN = 40;
    private static final int IOVEC = 16;

    /** struct cmsghdr with a struct tpacket_auxdata: offsets, and two flags of tp_status. */
    private static final int TP_STATUS = 16;

    private static final int TP_VLAN_TCI = 32;
    private static final int TP_VLAN_TPID = 34;
    private static final int TP_STATUS_VLAN_VALID = 1 << 4;

    private static final int CONTROL_BYTES = 64;
    private static final int FRAME_BYTES = 1 << 16;

    /** Only a fault makes a receiver wait to the end. */
    private static final long PATIENCE_SECONDS = 30;

    private static final MethodHandle SOCKET = Posix.link("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = Posix.link("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SETSOCKOPT =
            Posix.link("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle RECVMSG = Posix.link("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);

    private final int ifindex;
    private final Posix.File socket;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment frame = arena.allocate(FRAME_BYTES);
    private final MemorySegment control = arena.allocate(CONTROL_BYTES, Long.BYTES);
    private final MemorySegment message = arena.allocate(MSGHDR, Long.BYTES);

    private FrameSocket(int ifindex) {
        this.ifindex = ifindex;
        MemorySegment vector = arena.allocate(IOVEC, Long.BYTES);
        vector.set(ADDRESS, 0, frame);
        vector.set(JAVA_LONG, Long.BYTES, FRAME_BYTES);
        message.set(ADDRESS, MSG_IOV, vector);
        message.set(JAVA_LONG, MSG_IOVLEN, 1);
        message.set(ADDRESS, MSG_CONTROL, control);
        // Without a protocol it receives nothing until it is bound.
        socket = new Posix.File(Posix.check("socket", Posix.call(SOCKET, AF_PACKET, SOCK_RAW, 0)));
        set(SOL_PACKET, PACKET_AUXDATA, arena.allocateFrom(JAVA_INT, 1));
        set(SOL_PACKET, PACKET_IGNORE_OUTGOING, arena.allocateFrom(JAVA_INT, 1));
        set(SOL_SOCKET, SO_RCVTIMEO, arena.allocateFrom(JAVA_LONG, PATIENCE_SECONDS, 0));
        MemorySegment address = arena.allocate(20, Integer.BYTES); // struct sockaddr_ll
        address.set(JAVA_SHORT, 0, (short) AF_PACKET);
        address.set(JAVA_SHORT, 2, ETH_P_ALL_IN_NETWORK_ORDER);
        address.set(JAVA_INT, 4, ifindex);
        Posix.check("bind", Posix.call(BIND, socket.fd(), address, 20));
    }

    /** Opens a socket on an interface of a pod. */
    static FrameSocket open(TestNamespace pod, String ifname) {
        int ifindex = pod.link(ifname).ifindex();
        return pod.inside(() -> new FrameSocket(ifindex));
    }

    private void set(int level, int option, MemorySegment value) {
        Posix.check("setsockopt " + option, Posix.call(SETSOCKOPT, socket.fd(), level, option, value, (int)
                value.byteSize()));
    }

    /** Sends a frame. */
    void send(byte[] bytes) {
        Posix.send(socket, ifindex, bytes);
    }

    /** Whether the interface takes a frame. */
    boolean trySend(byte[] bytes) {
        return Posix.trySend(socket, ifindex, bytes);
    }

    /** Waits for the next frame. */
    byte[] receive() {
        return receive(0).orElseThrow(() -> new AssertionError("no frame has come"));
    }

    /** Takes all frames that have come. */
    List<byte[]> drain() {
        List<byte[]> frames = new ArrayList<>();
        for (var next = receive(MSG_DONTWAIT); next.isPresent(); next = receive(MSG_DONTWAIT)) {
            frames.add(next.get());
        }
        return frames;
    }

    /** Waits for a frame, and returns all frames up to it. */
    List<byte[]> receiveUntil(byte[] last) {
        List<byte[]> frames = new ArrayList<>();
        do {
            frames.add(receive());
        } while (!Arrays.equals(frames.getLast(), last));
        return frames;
    }

    /** Sends frames until they come to another socket, which then has received everything. */
    void reach(FrameSocket other) {
        byte[] first = FrameKind.marker(1).bytes();
        byte[] last = FrameKind.marker(2).bytes();
        eventually("a frame passes", () -> {
            send(first);
            return !other.drain().isEmpty();
        });
        send(last);
        other.receiveUntil(last);
    }

    private Optional<byte[]> receive(int flags) {
        message.set(JAVA_LONG, MSG_CONTROLLEN, CONTROL_BYTES);
        control.fill((byte) 0);
        long length;
        try {
            length = (long) RECVMSG.invokeExact(socket.fd(), message, flags);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
        if (length < 0) {
            return Optional.empty();
        }
        byte[] bytes = frame.asSlice(0, length).toArray(JAVA_BYTE);
        boolean isTagged = (control.get(JAVA_INT, TP_STATUS) & TP_STATUS_VLAN_VALID) != 0;
        return Optional.of(isTagged ? tagged(bytes) : bytes);
    }

    /** Puts the VLAN tag back, which the kernel takes out of a frame that it receives. */
    private byte[] tagged(byte[] bytes) {
        byte[] whole = new byte[bytes.length + Frames.TAG];
        int tag = Frames.ETHERNET - 2;
        System.arraycopy(bytes, 0, whole, 0, tag);
        Frames.putShort(whole, tag, control.get(JAVA_SHORT, TP_VLAN_TPID));
        Frames.putShort(whole, tag + 2, control.get(JAVA_SHORT, TP_VLAN_TCI));
        System.arraycopy(bytes, tag, whole, tag + Frames.TAG, bytes.length - tag);
        return whole;
    }

    @Override
    public void close() {
        socket.close();
        arena.close();
    }
}
