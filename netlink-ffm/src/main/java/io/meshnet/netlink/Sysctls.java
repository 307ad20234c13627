package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.O_CLOEXEC;
import static io.meshnet.netlink.generated.Rtnetlink.O_RDONLY;
import static io.meshnet.netlink.generated.Rtnetlink.O_WRONLY;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Reads and writes the sysctls of a namespace, as {@link Netns#sysctl} and {@link Netns#enableIpv6}
 * explain.
 */
final class Sysctls {

    private static final String OF_A_NAMESPACE = "net/";

    private Sysctls() {}

    /**
     * The directory of all sysctls. A container has /proc/sys read-only, and needs another mount of
     * it. Any procfs of the same kernel will do: {@code net} always shows the namespace of the
     * thread that opens the file.
     */
    private static String root() {
        return System.getProperty("io.meshnet.netlink.sysctl", "/proc/sys");
    }

    static boolean write(Netns netns, String name, String value) {
        if (!name.startsWith(OF_A_NAMESPACE) || name.contains("..") || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("'" + name + "' is no sysctl of a network namespace");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            MemorySegment path = arena.allocateFrom(root() + "/" + name);
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, text);
            int error = netns.inside(state, () -> write(state, path, bytes));
            if (error == -Errno.ENOENT) {
                return false;
            }
            if (error < 0) {
                throw new NetlinkException("set sysctl", -error, "", name + " to '" + value + "' in " + netns);
            }
            return true;
        }
    }

    private static int write(MemorySegment state, MemorySegment path, MemorySegment value) {
        int file = Native.open(state, path, O_WRONLY() | O_CLOEXEC());
        if (file < 0) {
            return file;
        }
        long written = Native.write(state, file, value);
        Native.close(state, file);
        return (int) Math.min(written, 0);
    }

    static void enableIpv6(Netns netns, String ifname) {
        if (Ifname.require(ifname).equals("all") || ifname.equals("default")) {
            throw new IllegalArgumentException("'" + ifname + "' stands for every interface of the netns");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            MemorySegment path = arena.allocateFrom(root() + "/net/ipv6/conf/" + ifname + "/disable_ipv6");
            MemorySegment any = arena.allocateFrom(root() + "/net/ipv6/conf/all/disable_ipv6");
            MemorySegment value = arena.allocate(1);
            int error = netns.inside(state, () -> enableIpv6(state, path, any, value));
            if (error < 0) {
                throw new NetlinkException("enable IPv6 on", -error, "", ifname + " in " + netns);
            }
        }
    }

    private static int enableIpv6(MemorySegment state, MemorySegment path, MemorySegment any, MemorySegment value) {
        int reading = Native.open(state, path, O_RDONLY() | O_CLOEXEC());
        if (reading == -Errno.ENOENT) {
            int other = Native.open(state, any, O_RDONLY() | O_CLOEXEC());
            if (other < 0) {
                return 0; // no IPv6 here at all
            }
            Native.close(state, other);
            return -Errno.ENODEV;
        }
        if (reading < 0) {
            return reading;
        }
        long read = Native.read(state, reading, value);
        Native.close(state, reading);
        if (read == 1 && value.get(ValueLayout.JAVA_BYTE, 0) == '0') {
            return 0; // and needs no /proc/sys that can be written
        }
        value.set(ValueLayout.JAVA_BYTE, 0, (byte) '0');
        return write(state, path, value);
    }
}
