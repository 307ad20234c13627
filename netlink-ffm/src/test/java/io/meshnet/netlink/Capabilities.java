package io.meshnet.netlink;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Takes a capability from the calling thread (capset(2), linux/capability.h), which should die soon after. */
final class Capabilities {

    private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    private static final int CAP_NET_BROADCAST = 11;
    private static final int CAP_NET_ADMIN = 12;

    private static final MethodHandle MH$capget = link("capget");
    private static final MethodHandle MH$capset = link("capset");

    private Capabilities() {}

    private static MethodHandle link(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    }

    static void dropNetAdmin() {
        drop(CAP_NET_ADMIN);
    }

    static void dropNetBroadcast() {
        drop(CAP_NET_BROADCAST);
    }

    private static void drop(int capability) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocateFrom(ValueLayout.JAVA_INT, LINUX_CAPABILITY_VERSION_3, 0);
            MemorySegment sets =
                    arena.allocate(ValueLayout.JAVA_INT, 6); // effective, permitted, inheritable; low and high
            int got = (int) MH$capget.invokeExact(header, sets);
            sets.setAtIndex(ValueLayout.JAVA_INT, 0, sets.getAtIndex(ValueLayout.JAVA_INT, 0) & ~(1 << capability));
            int set = (int) MH$capset.invokeExact(header, sets);
            if (got != 0 || set != 0) {
                throw new AssertionError("capget " + got + ", capset " + set);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
