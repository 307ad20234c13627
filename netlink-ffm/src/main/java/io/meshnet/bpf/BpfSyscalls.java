package io.meshnet.bpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The two functions of libc that this package calls: bpf(2) by syscall(2), since glibc has no
 * wrapper for it, and close(2). Each takes a segment that receives errno, and returns the result of
 * the C function, or the negated errno when that is -1. A segment for errno belongs to one object
 * and its thread.
 *
 * <p>Neither is linked as {@code Linker.Option.critical}: the verifier works for milliseconds, and
 * every safepoint would wait for a critical call.
 */
final class BpfSyscalls {

    /** Commands of bpf(2): enum bpf_cmd in linux/bpf.h. */
    static final int MAP_CREATE = 0;

    static final int MAP_LOOKUP_ELEM = 1;
    static final int MAP_UPDATE_ELEM = 2;
    static final int MAP_DELETE_ELEM = 3;
    static final int MAP_GET_NEXT_KEY = 4;
    static final int PROG_LOAD = 5;
    static final int PROG_TEST_RUN = 10;
    static final int PROG_GET_FD_BY_ID = 13;
    static final int MAP_GET_FD_BY_ID = 14;
    static final int OBJ_GET_INFO_BY_FD = 15;

    static final int ENOENT = 2;
    static final int EAGAIN = 11;

    private static final String NATIVE_ACCESS =
            "io.meshnet.bpf may not call native code: start the JVM with --enable-native-access=io.meshnet.netlink";

    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));

    /** SYS_bpf: asm/unistd_64.h on x86_64, asm-generic/unistd.h on aarch64. */
    private static final long SYS_BPF = switch (System.getProperty("os.arch")) {
        case "amd64" -> 321;
        case "aarch64" -> 280;
        default -> -1; // ENOSYS
    };

    // True when there are no handles because native access is denied; link sets it while the class is initialized.
    private static boolean denied;

    // long syscall(long number, ...): unistd.h; int close(int fd): unistd.h
    private static final MethodHandle SYSCALL = link(
            "syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT),
            Linker.Option.captureCallState("errno"),
            Linker.Option.firstVariadicArg(1));
    private static final MethodHandle CLOSE =
            link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT), Linker.Option.captureCallState("errno"));

    private BpfSyscalls() {}

    /**
     * Allocates the segment for errno. Every call needs one, so this method reports that native
     * access is denied.
     *
     * @throws IllegalCallerException when native access is denied
     */
    static MemorySegment callState(Arena arena) {
        if (denied) {
            throw new IllegalCallerException(NATIVE_ACCESS);
        }
        return arena.allocate(CALL_STATE);
    }

    /**
     * @param attributes a {@code union bpf_attr}, as far as the command uses it; for the kernel the
     *     rest is zero
     */
    static int bpf(MemorySegment state, int command, MemorySegment attributes) {
        try {
            long result = (long) SYSCALL.invokeExact(state, SYS_BPF, command, attributes, (int) attributes.byteSize());
            return result == -1 ? -(int) ERRNO.get(state, 0L) : (int) result;
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

    /** Linux frees the descriptor even when it returns an error, so the call is never repeated. */
    static void close(MemorySegment state, int fd) {
        try {
            var _ = (int) CLOSE.invokeExact(state, fd);
        } catch (Throwable t) {
            throw impossible(t);
        }
    }

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

    /** A downcall throws no checked exception, so this is a defect of this class. */
    private static RuntimeException impossible(Throwable t) {
        return switch (t) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> throw new AssertionError(t);
        };
    }
}
