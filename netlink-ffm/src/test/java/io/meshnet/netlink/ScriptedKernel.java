package io.meshnet.netlink;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;

/**
 * The other end of a socket pair, in the kernel's place, for answers that the kernel does not give at will: a dump that is
 * inconsistent, an answer that is too long, messages for somebody else. Each request takes the next piece of the script.
 */
final class ScriptedKernel implements AutoCloseable {

    static final int PORT_ID = 4242;

    private static final int AF_UNIX = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final MethodHandle MH$socketpair = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("socketpair"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS));

    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = Native.callState(arena);
    private final Deque<Function<Integer, List<byte[]>>> script = new ArrayDeque<>();
    private final int fd;
    private final Thread thread;
    final RouteSocket socket;

    /** @param script what to answer, given the sequence of the first message of the request: a list of datagrams */
    ScriptedKernel(List<Function<Integer, List<byte[]>>> script) throws Throwable {
        this.script.addAll(script);
        MemorySegment pair = arena.allocate(ValueLayout.JAVA_INT, 2);
        if ((int) MH$socketpair.invokeExact(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0) {
            throw new AssertionError("socketpair");
        }
        fd = pair.getAtIndex(ValueLayout.JAVA_INT, 0);
        int other = pair.getAtIndex(ValueLayout.JAVA_INT, 1);
        socket = new RouteSocket(new Netns(other, 0, 0, "a script"), _ -> new Port(other, PORT_ID));
        thread = Thread.ofPlatform().start(this::answer);
    }

    private void answer() {
        MemorySegment buffer = arena.allocate(8192, 4);
        while (!script.isEmpty()) {
            long received = Native.read(state, fd, buffer);
            if (received <= 0) {
                return;
            }
            int sequence = buffer.get(ValueLayout.JAVA_INT, 8);
            for (byte[] datagram : script.removeFirst().apply(sequence)) {
                MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_BYTE, datagram);
                Native.write(state, fd, copy);
            }
        }
    }

    /** One message. */
    static byte[] message(int type, int flags, int sequence, int portId, byte... payload) {
        return ByteBuffer.allocate(16 + payload.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(16 + payload.length)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(sequence)
                .putInt(portId)
                .put(payload)
                .array();
    }

    /** Several in one datagram. */
    static byte[] datagram(byte[]... messages) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            all.writeBytes(Arrays.copyOf(message, (message.length + 3) & ~3));
        }
        return all.toByteArray();
    }

    @Override
    public void close() {
        socket.close(); // which ends the thread, should it wait for another request
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        Native.close(state, fd);
        arena.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
