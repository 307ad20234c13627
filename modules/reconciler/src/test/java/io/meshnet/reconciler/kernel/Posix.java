package io.meshnet.reconciler.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The system calls that tests need beside those of the product: to enter a namespace, and to send
 * frames of any form (packet(7)).
 */
final class Posix {

    private static final int CLONE_NEWNET = 0x40000000;
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_VNET_HDR = 15;

    private static final MethodHandle OPEN = link("open", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle CLOSE = link("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle SETNS = link("setns", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SOCKET = link("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SETSOCKOPT =
            link("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SENDTO =
            link("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);

    private Posix() {}

    /** A descriptor. */
    record File(int fd) implements AutoCloseable {
        @Override
        public void close() {
            check("close", call(CLOSE, fd));
        }
    }

    static File open(String path) {
        try (Arena arena = Arena.ofConfined()) {
            return new File(check("open " + path, call(OPEN, arena.allocateFrom(path), 0)));
        }
    }

    /** Moves the calling thread into a namespace. The thread should end soon after. */
    static void enter(File netns) {
        check("setns", call(SETNS, netns.fd, CLONE_NEWNET));
    }

    /** A socket for whole frames, each behind a {@code struct virtio_net_hdr}. */
    static File packetSocket() {
        File socket = new File(check("socket", call(SOCKET, AF_PACKET, SOCK_RAW, 0)));
        try (Arena arena = Arena.ofConfined()) {
            check(
                    "setsockopt",
                    call(SETSOCKOPT, socket.fd, SOL_PACKET, PACKET_VNET_HDR, arena.allocateFrom(JAVA_INT, 1), 4));
        }
        return socket;
    }

    /** Sends a frame out by a device, behind a header if the socket asks for one. */
    static void send(File socket, int ifindex, byte[] bytes) {
        if (!trySend(socket, ifindex, bytes)) {
            throw new AssertionError("sendto failed");
        }
    }

    /** Whether a device takes a frame. One without a carrier does not. */
    static boolean trySend(File socket, int ifindex, byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            // struct sockaddr_ll: family, protocol, ifindex, and 12 bytes that stay zero
            MemorySegment address = arena.allocate(20, Integer.BYTES);
            address.set(JAVA_INT, 0, AF_PACKET);
            address.set(JAVA_INT, 4, ifindex);
            MemorySegment memory = arena.allocateFrom(JAVA_BYTE, bytes);
            long sent = (long) SENDTO.invokeExact(socket.fd, memory, (long) bytes.length, 0, address, 20);
            return sent == bytes.length;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    static int call(MethodHandle handle, Object... arguments) {
        try {
            return (int) handle.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    static int check(String what, int result) {
        if (result < 0) {
            throw new AssertionError(what + " failed");
        }
        return result;
    }

    static MethodHandle link(String function, MemoryLayout result, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(function), FunctionDescriptor.of(result, arguments));
    }
}
