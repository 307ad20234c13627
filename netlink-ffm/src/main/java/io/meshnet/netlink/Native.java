package io.meshnet.netlink;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Every call that leaves the JVM. Each takes the segment that errno is captured in, which belongs to one socket or one call and is
 * never shared between threads, and returns what the C function does, or the negated errno where that is -1.
 *
 * <p>The handles are linked here, by the C prototypes of Linux with 64 bits. Those that jextract writes do not capture errno, and a function's
 * address or descriptor cannot be had of its class without a second handle being linked, some ms each of the daemon's start.
 *
 * <p>None is linked as {@code Linker.Option.critical}: a deletion blocks for 20 ms, and a critical call that blocks holds up every
 * safepoint. The same holds for a virtual thread, whose carrier is pinned for as long as the call lasts.
 */
final class Native {

    private static final String NATIVE_ACCESS =
            "io.meshnet.netlink may not call native code: start the JVM with --enable-native-access=io.meshnet.netlink";

    // Whether there are no handles because native access is denied; link sets it while the class is initialized.
    private static boolean denied;

    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));

    // socket(2), bind(2), connect(2), getsockopt(2), setsockopt(2), send(2), recv(2), recvmsg(2): sys/socket.h
    private static final MethodHandle SOCKET = link("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = link("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle CONNECT = link("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            link("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle SETSOCKOPT =
            link("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SEND = link("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECV = link("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECVMSG = link("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);

    // open(2), read(2), write(2), close(2): fcntl.h, unistd.h; the first is variadic
    private static final MethodHandle OPEN = linkVariadic("open", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle READ = link("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle WRITE = link("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle CLOSE = link("close", JAVA_INT, JAVA_INT);

    // fstat(2): sys/stat.h, exported by glibc since 2.33
    private static final MethodHandle FSTAT = link("fstat", JAVA_INT, JAVA_INT, ADDRESS);

    // ioctl(2): sys/ioctl.h, variadic
    private static final MethodHandle IOCTL = linkVariadic("ioctl", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);

    // setns(2), unshare(2): sched.h
    private static final MethodHandle SETNS = link("setns", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle UNSHARE = link("unshare", JAVA_INT, JAVA_INT);

    // mount(2), umount2(2): sys/mount.h
    private static final MethodHandle MOUNT = link("mount", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
    private static final MethodHandle UMOUNT2 = link("umount2", JAVA_INT, ADDRESS, JAVA_INT);

    // poll(2): poll.h; eventfd(2): sys/eventfd.h
    private static final MethodHandle POLL = link("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle EVENTFD = link("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);

    private Native() {}

    /**
     * Room for errno, for one socket or one call. Without it nothing else here can be called, so that this is where a lack of native
     * access is told: jextract's classes cannot even be initialized then.
     *
     * @throws IllegalCallerException when native access is denied
     */
    static MemorySegment callState(Arena arena) {
        if (denied) {
            throw new IllegalCallerException(NATIVE_ACCESS);
        }
        return arena.allocate(CALL_STATE);
    }

    static int socket(MemorySegment state, int domain, int type, int protocol) {
        try {
            return result((int) SOCKET.invokeExact(state, domain, type, protocol), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int bind(MemorySegment state, int fd, MemorySegment address) {
        try {
            return result((int) BIND.invokeExact(state, fd, address, (int) address.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int connect(MemorySegment state, int fd, MemorySegment address) {
        try {
            return result((int) CONNECT.invokeExact(state, fd, address, (int) address.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param length an int: in, the room at {@code value}; out, what was written to it */
    static int getsockopt(MemorySegment state, int fd, int level, int name, MemorySegment value, MemorySegment length) {
        try {
            return result((int) GETSOCKOPT.invokeExact(state, fd, level, name, value, length), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int setsockopt(MemorySegment state, int fd, int level, int name, MemorySegment value) {
        try {
            return result((int) SETSOCKOPT.invokeExact(state, fd, level, name, value, (int) value.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long send(MemorySegment state, int fd, MemorySegment bytes, long length, int flags) {
        try {
            return result((long) SEND.invokeExact(state, fd, bytes, length, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long recv(MemorySegment state, int fd, MemorySegment room, int flags) {
        try {
            return result((long) RECV.invokeExact(state, fd, room, room.byteSize(), flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param header a {@code struct msghdr}: in, the room for sender, datagram and control messages; out, what was written there */
    static long recvmsg(MemorySegment state, int fd, MemorySegment header, int flags) {
        try {
            return result((long) RECVMSG.invokeExact(state, fd, header, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int open(MemorySegment state, MemorySegment path, int flags) {
        try {
            return result((int) OPEN.invokeExact(state, path, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long read(MemorySegment state, int fd, MemorySegment buffer) {
        try {
            return result((long) READ.invokeExact(state, fd, buffer, buffer.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long write(MemorySegment state, int fd, MemorySegment buffer) {
        try {
            return result((long) WRITE.invokeExact(state, fd, buffer, buffer.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Linux frees the descriptor whatever this returns, so that it must never be repeated. */
    static int close(MemorySegment state, int fd) {
        try {
            return result((int) CLOSE.invokeExact(state, fd), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param stat a {@code struct stat} */
    static int fstat(MemorySegment state, int fd, MemorySegment stat) {
        try {
            return result((int) FSTAT.invokeExact(state, fd, stat), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param argument what the request takes a pointer to; MemorySegment.NULL for one without an argument, such as NS_GET_NSTYPE */
    static int ioctl(MemorySegment state, int fd, long request, MemorySegment argument) {
        try {
            return result((int) IOCTL.invokeExact(state, fd, request, argument), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int setns(MemorySegment state, int fd, int type) {
        try {
            return result((int) SETNS.invokeExact(state, fd, type), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int unshare(MemorySegment state, int flags) {
        try {
            return result((int) UNSHARE.invokeExact(state, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Mounts without a file system type and without options, which is all that MS_BIND needs. */
    static int mount(MemorySegment state, MemorySegment source, MemorySegment target, long flags) {
        try {
            return result(
                    (int) MOUNT.invokeExact(state, source, target, MemorySegment.NULL, flags, MemorySegment.NULL),
                    state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int umount2(MemorySegment state, MemorySegment target, int flags) {
        try {
            return result((int) UMOUNT2.invokeExact(state, target, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param pollfds an array of {@code count} {@code struct pollfd} */
    static int poll(MemorySegment state, MemorySegment pollfds, long count, int timeoutMillis) {
        try {
            return result((int) POLL.invokeExact(state, pollfds, count, timeoutMillis), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int eventfd(MemorySegment state, int initial, int flags) {
        try {
            return result((int) EVENTFD.invokeExact(state, initial, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    private static int result(int value, MemorySegment state) {
        return value == -1 ? -(int) ERRNO.get(state, 0L) : value;
    }

    private static long result(long value, MemorySegment state) {
        return value == -1 ? -(int) ERRNO.get(state, 0L) : value;
    }

    private static MethodHandle link(String function, MemoryLayout result, MemoryLayout... arguments) {
        return link(function, FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
    }

    /** A function of two arguments and others that are not given. */
    private static MethodHandle linkVariadic(String function, MemoryLayout result, MemoryLayout... arguments) {
        return link(
                function,
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(2));
    }

    /** Links one function of libc, or notes that native access is denied; thrown from here, that would be told only once, and buried. */
    private static MethodHandle link(String function, FunctionDescriptor descriptor, Linker.Option... options) {
        if (denied) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        try {
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor, options);
        } catch (IllegalCallerException _) {
            denied = true;
            return null;
        }
    }

    /** A downcall throws nothing of its own: this is a mistake of ours. */
    private static RuntimeException impossible(Throwable t) {
        return switch (t) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> throw new AssertionError(t);
        };
    }
}
