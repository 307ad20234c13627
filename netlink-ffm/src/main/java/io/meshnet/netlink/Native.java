package io.meshnet.netlink;

import io.meshnet.netlink.generated.Rtnetlink;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.function.Supplier;

/**
 * Every call that leaves the JVM. Each takes the segment that errno is captured in, which belongs to one socket or one call and is
 * never shared between threads, and returns what the C function does, or the negated errno where that is -1.
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

    // socket(2), bind(2), getsockname(2), getsockopt(2), setsockopt(2), send(2), recv(2), recvmsg(2): sys/socket.h
    private static final MethodHandle MH$socket = link(Rtnetlink::socket$descriptor, Rtnetlink::socket$address);
    private static final MethodHandle MH$bind = link(Rtnetlink::bind$descriptor, Rtnetlink::bind$address);
    private static final MethodHandle MH$getsockname =
            link(Rtnetlink::getsockname$descriptor, Rtnetlink::getsockname$address);
    private static final MethodHandle MH$getsockopt =
            link(Rtnetlink::getsockopt$descriptor, Rtnetlink::getsockopt$address);
    private static final MethodHandle MH$setsockopt =
            link(Rtnetlink::setsockopt$descriptor, Rtnetlink::setsockopt$address);
    private static final MethodHandle MH$sendto = link(Rtnetlink::sendto$descriptor, Rtnetlink::sendto$address);
    private static final MethodHandle MH$recvfrom = link(Rtnetlink::recvfrom$descriptor, Rtnetlink::recvfrom$address);
    private static final MethodHandle MH$recvmsg = link(Rtnetlink::recvmsg$descriptor, Rtnetlink::recvmsg$address);

    // open(2), read(2), write(2), close(2): fcntl.h, unistd.h; the first is variadic
    private static final MethodHandle MH$open =
            link(Rtnetlink::open$descriptor, Rtnetlink::open$address, Linker.Option.firstVariadicArg(2));
    private static final MethodHandle MH$read = link(Rtnetlink::read$descriptor, Rtnetlink::read$address);
    private static final MethodHandle MH$write = link(Rtnetlink::write$descriptor, Rtnetlink::write$address);
    private static final MethodHandle MH$close = link(Rtnetlink::close$descriptor, Rtnetlink::close$address);

    // fstat(2): sys/stat.h, exported by glibc since 2.33
    private static final MethodHandle MH$fstat = link(Rtnetlink::fstat$descriptor, Rtnetlink::fstat$address);

    // ioctl(2): sys/ioctl.h, variadic
    private static final MethodHandle MH$ioctl =
            link(Rtnetlink::ioctl$descriptor, Rtnetlink::ioctl$address, Linker.Option.firstVariadicArg(2));

    // setns(2): sched.h
    private static final MethodHandle MH$setns = link(Rtnetlink::setns$descriptor, Rtnetlink::setns$address);

    // poll(2): poll.h; eventfd(2): sys/eventfd.h
    private static final MethodHandle MH$poll = link(Rtnetlink::poll$descriptor, Rtnetlink::poll$address);
    private static final MethodHandle MH$eventfd = link(Rtnetlink::eventfd$descriptor, Rtnetlink::eventfd$address);

    private Native() {}

    /**
     * Room for errno, for one socket or one call. Without it nothing else here can be called, so that this is where a lack of native
     * access is found: jextract's classes cannot even be initialized then.
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
            return result((int) MH$socket.invokeExact(state, domain, type, protocol), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int bind(MemorySegment state, int fd, MemorySegment address) {
        try {
            return result((int) MH$bind.invokeExact(state, fd, address, (int) address.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param length an int: in, the room at {@code address}; out, what was written to it */
    static int getsockname(MemorySegment state, int fd, MemorySegment address, MemorySegment length) {
        try {
            return result((int) MH$getsockname.invokeExact(state, fd, address, length), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param length an int: in, the room at {@code value}; out, what was written to it */
    static int getsockopt(MemorySegment state, int fd, int level, int name, MemorySegment value, MemorySegment length) {
        try {
            return result((int) MH$getsockopt.invokeExact(state, fd, level, name, value, length), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int setsockopt(MemorySegment state, int fd, int level, int name, MemorySegment value) {
        try {
            return result(
                    (int) MH$setsockopt.invokeExact(state, fd, level, name, value, (int) value.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Sends the first {@code length} bytes to the kernel, which is where a netlink socket without an address sends. */
    static long send(MemorySegment state, int fd, MemorySegment buffer, long length) {
        try {
            return result((long) MH$sendto.invokeExact(state, fd, buffer, length, 0, MemorySegment.NULL, 0), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param length an int: in, the room at {@code address}; out, what was written to it */
    static long recvfrom(
            MemorySegment state, int fd, MemorySegment buffer, int flags, MemorySegment address, MemorySegment length) {
        try {
            return result(
                    (long) MH$recvfrom.invokeExact(state, fd, buffer, buffer.byteSize(), flags, address, length),
                    state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param header a {@code struct msghdr}: in, the room for sender, datagram and control messages; out, what was written there */
    static long recvmsg(MemorySegment state, int fd, MemorySegment header, int flags) {
        try {
            return result((long) MH$recvmsg.invokeExact(state, fd, header, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int open(MemorySegment state, MemorySegment path, int flags) {
        try {
            return result((int) MH$open.invokeExact(state, path, flags), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long read(MemorySegment state, int fd, MemorySegment buffer) {
        try {
            return result((long) MH$read.invokeExact(state, fd, buffer, buffer.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static long write(MemorySegment state, int fd, MemorySegment buffer) {
        try {
            return result((long) MH$write.invokeExact(state, fd, buffer, buffer.byteSize()), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Linux frees the descriptor whatever this returns, so that it must never be repeated. */
    static int close(MemorySegment state, int fd) {
        try {
            return result((int) MH$close.invokeExact(state, fd), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param stat a {@code struct stat} */
    static int fstat(MemorySegment state, int fd, MemorySegment stat) {
        try {
            return result((int) MH$fstat.invokeExact(state, fd, stat), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** An ioctl without an argument, such as NS_GET_NSTYPE. */
    static int ioctl(MemorySegment state, int fd, long request) {
        try {
            return result((int) MH$ioctl.invokeExact(state, fd, request), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int setns(MemorySegment state, int fd, int type) {
        try {
            return result((int) MH$setns.invokeExact(state, fd, type), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** @param pollfds an array of {@code count} {@code struct pollfd} */
    static int poll(MemorySegment state, MemorySegment pollfds, long count, int timeoutMillis) {
        try {
            return result((int) MH$poll.invokeExact(state, pollfds, count, timeoutMillis), state);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    static int eventfd(MemorySegment state, int initial, int flags) {
        try {
            return result((int) MH$eventfd.invokeExact(state, initial, flags), state);
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

    /** Links one function, or notes that native access is denied; thrown from here, that would be told only once, and buried. */
    private static MethodHandle link(
            Supplier<FunctionDescriptor> descriptor, Supplier<MemorySegment> address, Linker.Option... options) {
        if (denied) {
            return null;
        }
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = Linker.Option.captureCallState("errno");
        System.arraycopy(options, 0, all, 1, options.length);
        try {
            return Linker.nativeLinker().downcallHandle(address.get(), descriptor.get(), all);
        } catch (ExceptionInInitializerError e) { // jextract's classes are the first to ask for native access
            if (!(e.getCause() instanceof IllegalCallerException)) {
                throw e;
            }
            denied = true;
        }
        return null;
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
