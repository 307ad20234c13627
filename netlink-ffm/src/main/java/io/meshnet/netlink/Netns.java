package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.AF_NETLINK;
import static io.meshnet.netlink.generated.Rtnetlink.CLONE_NEWNET;
import static io.meshnet.netlink.generated.Rtnetlink.ENOPROTOOPT;
import static io.meshnet.netlink.generated.Rtnetlink.NETLINK_ROUTE;
import static io.meshnet.netlink.generated.Rtnetlink.NS_GET_NSTYPE;
import static io.meshnet.netlink.generated.Rtnetlink.O_CLOEXEC;
import static io.meshnet.netlink.generated.Rtnetlink.O_NONBLOCK;
import static io.meshnet.netlink.generated.Rtnetlink.O_RDONLY;
import static io.meshnet.netlink.generated.Rtnetlink.SOCK_CLOEXEC;
import static io.meshnet.netlink.generated.Rtnetlink.SOCK_RAW;
import static io.meshnet.netlink.generated.Rtnetlink.SOL_SOCKET;
import static io.meshnet.netlink.generated.Rtnetlink.SO_NETNS_COOKIE;

import io.meshnet.netlink.generated.stat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * An open handle on a network namespace. It keeps the namespace alive until it is closed, which whoever opened it does, and not while
 * another thread uses it. Otherwise any thread may.
 */
public final class Netns implements AutoCloseable {

    /** The netns of the calling thread; {@code /proc/self/ns/net} would be that of the main thread. */
    private static final MemorySegment OF_THREAD = Arena.global().allocateFrom("/proc/thread-self/ns/net");

    private static final int CLOSED = -1;

    private final String name;
    private final long device;
    private final long inode;
    private volatile int fd;

    /** For {@link #open}, and for tests of messages, which need a descriptor to write and no namespace. */
    Netns(int fd, long device, long inode, String name) {
        this.fd = fd;
        this.device = device;
        this.inode = inode;
        this.name = name;
    }

    /**
     * Opens the namespace at {@code path}, such as {@code /run/netns/a} or {@code /proc/1234/ns/net}.
     *
     * @throws NetlinkException when there is nothing (ENOENT), or something that is no network namespace (ENOTTY, EINVAL)
     */
    public static Netns open(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            return open(arena, arena.allocateFrom(path.toString()), path.toString());
        }
    }

    /** The namespace of the calling thread, which should be a platform thread: a virtual one is wherever its carrier is. */
    public static Netns ofThread() {
        try (Arena arena = Arena.ofConfined()) {
            return open(arena, OF_THREAD, "");
        }
    }

    /**
     * Makes a network namespace (unshare(2) with CLONE_NEWNET). It lives until this handle and
     * every other reference to it are closed. The calling thread, which must be a platform thread,
     * enters the new namespace, opens the handle and returns to its own namespace. It needs
     * CAP_SYS_ADMIN.
     *
     * @return the new namespace, with a loopback device that is down; the caller closes it
     * @throws IllegalStateException on a virtual thread
     * @throws NetlinkException EPERM without the capability, ENOSPC when
     *     /proc/sys/user/max_net_namespaces is reached
     * @throws NetnsReturnError when the thread cannot go back to its own namespace, and must die
     */
    public static Netns create() {
        requirePlatformThread("a new network namespace");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            int own = Native.open(state, OF_THREAD, O_RDONLY() | O_CLOEXEC());
            if (own < 0) {
                throw new NetlinkException("open the thread's netns to make another", -own, "", "");
            }
            try {
                int made = Native.unshare(state, CLONE_NEWNET());
                if (made < 0) {
                    throw new NetlinkException("make a", -made, "", "network namespace");
                }
                try {
                    return open(arena, OF_THREAD, "");
                } finally {
                    leave(state, own, "(new)");
                }
            } finally {
                Native.close(state, own);
            }
        }
    }

    /**
     * Makes a network namespace as {@link #create()} does, and mounts it at {@code path} as
     * {@link #mountAt} does. So it outlives the process.
     *
     * @return the new namespace, which the caller closes
     * @throws NetlinkException when the kernel refuses to make or to mount it; then neither the
     *     namespace nor a new file remains
     * @throws NetnsReturnError when the thread cannot go back to its own namespace, and must die
     */
    public static Netns createAt(Path path) {
        try (Netns made = create()) {
            made.mountAt(path);
            try {
                return open(path);
            } catch (RuntimeException e) {
                unmount(path);
                throw e;
            }
        }
    }

    /**
     * Mounts this namespace at {@code path} (mount(2) with MS_BIND). The namespace then lives until
     * {@link #unmount}. The mount covers an earlier mount at the same path. It is visible in the
     * mount namespace of this process, and in those that its mounts propagate to. Any thread may
     * call it; it needs CAP_SYS_ADMIN.
     *
     * @param path a file in an existing directory; the method makes it with mode 0600 when it is
     *     missing
     * @throws NetlinkException ENOENT when the directory is missing, EPERM without the capability,
     *     or the error of the mount
     */
    public void mountAt(Path path) {
        NetnsMounts.mount(this, path);
    }

    /**
     * Removes the mount of a namespace (umount2(2) with MNT_DETACH), and leaves the file. The
     * namespace dies when it has no other reference. It is no error when nothing is mounted at
     * {@code path}, or when there is no such file.
     *
     * @throws NetlinkException EPERM without CAP_SYS_ADMIN
     */
    public static void unmount(Path path) {
        NetnsMounts.unmount(path);
    }

    private static Netns open(Arena arena, MemorySegment path, String name) {
        MemorySegment state = Native.callState(arena);
        // O_NONBLOCK, because the path may turn out to be a FIFO
        int fd = Native.open(state, path, O_RDONLY() | O_CLOEXEC() | O_NONBLOCK());
        if (fd < 0) {
            throw new NetlinkException("open netns", -fd, "", name);
        }
        MemorySegment file = arena.allocate(stat.layout());
        int type = Native.ioctl(state, fd, NS_GET_NSTYPE(), MemorySegment.NULL);
        int error = type < 0 ? type : Native.fstat(state, fd, file);
        if (error < 0 || type != CLONE_NEWNET()) {
            Native.close(state, fd);
            throw new NetlinkException(
                    "open netns", error < 0 ? -error : Errno.EINVAL, "this is no network namespace", name);
        }
        long inode = stat.st_ino(file);
        return new Netns(fd, stat.st_dev(file), inode, name.isEmpty() ? "net:[" + inode + "]" : name);
    }

    /**
     * Its identity, which takes a socket in it: {@link RouteSocket#netnsId} tells the same of one that is there. The calling thread, which
     * must be a platform thread, is in the namespace for the length of one system call.
     *
     * @throws IllegalStateException on a virtual thread, or when it is closed
     * @throws NetnsReturnError when the thread cannot go back to its own namespace, and must die
     */
    public NetnsId id() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            int socket = inside(
                    state, () -> Native.socket(state, AF_NETLINK(), SOCK_RAW() | SOCK_CLOEXEC(), NETLINK_ROUTE()));
            if (socket < 0) {
                throw new NetlinkException("open a socket in netns", -socket, "", name);
            }
            try {
                return id(state, socket);
            } finally {
                Native.close(state, socket);
            }
        }
    }

    /** The same, told by a socket in it: only that knows the cookie, and a kernel without cookies leaves it 0. */
    NetnsId id(MemorySegment state, int socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment cookie = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) cookie.byteSize());
            int error = Native.getsockopt(state, socket, SOL_SOCKET(), SO_NETNS_COOKIE(), cookie, length);
            if (error < 0 && error != -ENOPROTOOPT()) {
                throw new NetlinkException("read the cookie of netns", -error, "", name);
            }
            return new NetnsId(device, inode, cookie.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    /** Its descriptor, for IFLA_NET_NS_FD and setns. */
    int fd() {
        int open = fd;
        if (open == CLOSED) {
            throw new IllegalStateException("netns " + name + " is closed");
        }
        return open;
    }

    /**
     * Lets the device named {@code ifname} in it have IPv6 addresses (net.ipv6.conf.IFNAME.disable_ipv6 = 0). Does nothing when they
     * are allowed already, or when the kernel has no IPv6. The calling thread must be a platform thread. The system property {@code
     * io.meshnet.netlink.sysctl} names another mount of {@code /proc/sys}.
     *
     * @throws NetlinkException when there is no such device (ENODEV), or /proc/sys cannot be written (EROFS, EACCES)
     */
    public void enableIpv6(String ifname) {
        Sysctls.enableIpv6(this, ifname);
    }

    /**
     * Writes a sysctl of this namespace. The calling thread, which must be a platform thread,
     * enters the namespace for the write. The system property {@code io.meshnet.netlink.sysctl}
     * names another mount of {@code /proc/sys}.
     *
     * @param name the path below {@code /proc/sys}, which begins with {@code net/}, such as
     *     {@code net/ipv6/conf/all/disable_ipv6}
     * @return false when the kernel has no such sysctl
     * @throws NetlinkException EROFS or EACCES when /proc/sys is read-only, EINVAL when the kernel
     *     refuses the value
     */
    public boolean sysctl(String name, String value) {
        return Sysctls.write(this, name, value);
    }

    /** Native calls to be made inside a namespace; a negated errno for a failure. */
    interface Inside {
        int call();
    }

    /**
     * Makes a few native calls inside the namespace and returns from it. Nothing else may happen in there: logging, DNS or an HTTP
     * client would use the wrong network.
     *
     * @param state where errno goes
     * @throws IllegalStateException on a virtual thread: it would leave its carrier in this namespace for others to run in
     * @throws NetnsReturnError when the thread cannot go back, and must die
     */
    int inside(MemorySegment state, Inside action) {
        requirePlatformThread("netns " + name);
        int own = Native.open(state, OF_THREAD, O_RDONLY() | O_CLOEXEC());
        if (own < 0) {
            throw new NetlinkException("open the thread's netns to enter", -own, "", name);
        }
        try {
            int entered = Native.setns(state, fd(), CLONE_NEWNET());
            if (entered < 0) {
                throw new NetlinkException("enter netns", -entered, "", name);
            }
            int result;
            try {
                result = action.call();
            } catch (Throwable t) {
                leave(state, own, name);
                throw t;
            }
            leave(state, own, name);
            return result;
        } finally {
            Native.close(state, own);
        }
    }

    private static void requirePlatformThread(String where) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "a virtual thread may not enter " + where + ": other virtual threads share its carrier");
        }
    }

    private static void leave(MemorySegment state, int own, String name) {
        int left = Native.setns(state, own, CLONE_NEWNET());
        if (left < 0) {
            throw new NetnsReturnError(name, -left);
        }
    }

    /** The path it was opened at, or {@code net:[inode]}. */
    @Override
    public String toString() {
        return name;
    }

    @Override
    public void close() {
        int open;
        synchronized (this) {
            open = fd;
            fd = CLOSED;
        }
        if (open != CLOSED) {
            try (Arena arena = Arena.ofConfined()) {
                Native.close(Native.callState(arena), open);
            }
        }
    }
}
