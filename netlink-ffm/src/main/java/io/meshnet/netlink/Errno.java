package io.meshnet.netlink;

import io.meshnet.netlink.generated.Rtnetlink;
import java.util.Map;

/** The error numbers that rtnetlink answers with and callers tell apart, as {@link NetlinkException#errno} has them (errno.h). */
public final class Errno {

    /** Operation not permitted: CAP_NET_ADMIN is missing. */
    public static final int EPERM = Rtnetlink.EPERM();
    /** No such file: the path of a netns is gone. */
    public static final int ENOENT = Rtnetlink.ENOENT();
    /** Bad descriptor: a netns handle that is closed. */
    public static final int EBADF = Rtnetlink.EBADF();
    /** The ifindex is taken, or something else is in use. */
    public static final int EBUSY = Rtnetlink.EBUSY();
    /** The name, the address or the VNI is taken. */
    public static final int EEXIST = Rtnetlink.EEXIST();
    /** No link of that name, index or group. */
    public static final int ENODEV = Rtnetlink.ENODEV();
    /** An attribute has a value that the kernel refuses. */
    public static final int EINVAL = Rtnetlink.EINVAL();
    /** The kind of link does not do this, or the kernel lacks the kind. */
    public static final int EOPNOTSUPP = Rtnetlink.EOPNOTSUPP();
    /** The UDP port of a vxlan is another's. */
    public static final int EADDRINUSE = Rtnetlink.EADDRINUSE();
    /** No such address on the link, or a hardware address that no link may have. */
    public static final int EADDRNOTAVAIL = Rtnetlink.EADDRNOTAVAIL();
    /** No route to the destination. */
    public static final int ENETUNREACH = Rtnetlink.ENETUNREACH();
    /** The answer is not a message of the kernel's form. */
    public static final int EBADMSG = Rtnetlink.EBADMSG();
    /** The answer is longer than any buffer we are ready to give it. */
    public static final int EMSGSIZE = Rtnetlink.EMSGSIZE();
    /** The socket's receive buffer overflowed: answers were lost. */
    public static final int ENOBUFS = Rtnetlink.ENOBUFS();
    /** No answer in time. */
    public static final int ETIMEDOUT = Rtnetlink.ETIMEDOUT();

    private static final Map<Integer, String> TEXTS = Map.ofEntries(
            Map.entry(EPERM, "EPERM (operation not permitted)"),
            Map.entry(ENOENT, "ENOENT (no such file)"),
            Map.entry(Rtnetlink.ESRCH(), "ESRCH (no such process or route)"),
            Map.entry(Rtnetlink.EINTR(), "EINTR (interrupted)"),
            Map.entry(Rtnetlink.ENXIO(), "ENXIO (no such device or address)"),
            Map.entry(EBADF, "EBADF (bad file descriptor)"),
            Map.entry(Rtnetlink.EAGAIN(), "EAGAIN (try again)"),
            Map.entry(Rtnetlink.ENOMEM(), "ENOMEM (out of memory)"),
            Map.entry(Rtnetlink.EACCES(), "EACCES (permission denied)"),
            Map.entry(EBUSY, "EBUSY (busy)"),
            Map.entry(EEXIST, "EEXIST (exists already)"),
            Map.entry(ENODEV, "ENODEV (no such device)"),
            Map.entry(EINVAL, "EINVAL (invalid argument)"),
            Map.entry(Rtnetlink.ENOTTY(), "ENOTTY (not a namespace)"),
            Map.entry(Rtnetlink.EROFS(), "EROFS (read-only file system)"),
            Map.entry(Rtnetlink.ERANGE(), "ERANGE (out of range)"),
            Map.entry(EOPNOTSUPP, "EOPNOTSUPP (not supported)"),
            Map.entry(EADDRINUSE, "EADDRINUSE (address in use)"),
            Map.entry(EADDRNOTAVAIL, "EADDRNOTAVAIL (address not available)"),
            Map.entry(ENETUNREACH, "ENETUNREACH (network unreachable)"),
            Map.entry(Rtnetlink.EHOSTUNREACH(), "EHOSTUNREACH (no route to host)"),
            Map.entry(ENOBUFS, "ENOBUFS (no buffer space)"),
            Map.entry(Rtnetlink.ENOTCONN(), "ENOTCONN (not connected)"),
            Map.entry(Rtnetlink.EAFNOSUPPORT(), "EAFNOSUPPORT (address family not supported)"),
            Map.entry(EMSGSIZE, "EMSGSIZE (message too long)"),
            Map.entry(EBADMSG, "EBADMSG (bad message)"),
            Map.entry(Rtnetlink.EPROTO(), "EPROTO (protocol error)"),
            Map.entry(ETIMEDOUT, "ETIMEDOUT (timed out)"));

    private Errno() {}

    /** Its name and what it means, such as {@code EEXIST (exists already)}; {@code errno 132} for one that is not listed. */
    static String describe(int errno) {
        return TEXTS.getOrDefault(errno, "errno " + errno);
    }
}
