package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.EACCES;
import static io.meshnet.netlink.generated.Rtnetlink.MNT_DETACH;
import static io.meshnet.netlink.generated.Rtnetlink.MS_BIND;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The mounts that keep network namespaces alive (mount(2), umount2(2)), as {@link Netns#mountAt}
 * and {@link Netns#unmount} explain.
 */
final class NetnsMounts {

    private NetnsMounts() {}

    static void mount(Netns netns, Path path) {
        boolean created = createFile(path);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            MemorySegment source = arena.allocateFrom("/proc/thread-self/fd/" + netns.fd());
            int error = Native.mount(state, source, arena.allocateFrom(path.toString()), MS_BIND());
            if (error < 0) {
                if (created) {
                    delete(path);
                }
                throw new NetlinkException("mount netns", -error, "", netns + " at " + path);
            }
        }
    }

    static void unmount(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            int error = Native.umount2(state, arena.allocateFrom(path.toString()), MNT_DETACH());
            if (error < 0 && error != -Errno.EINVAL && error != -Errno.ENOENT) {
                throw new NetlinkException("unmount netns", -error, "", "at " + path);
            }
        }
    }

    /** Makes an empty file unless the file exists; returns true when it has made it. */
    private static boolean createFile(Path path) {
        try {
            Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            return true;
        } catch (FileAlreadyExistsException _) {
            return false;
        } catch (NoSuchFileException e) {
            throw refused(path, Errno.ENOENT, e);
        } catch (IOException e) {
            throw refused(path, EACCES(), e);
        }
    }

    private static NetlinkException refused(Path path, int errno, IOException cause) {
        NetlinkException refused =
                new NetlinkException("make the file to mount a netns at,", errno, "", path.toString());
        refused.initCause(cause);
        return refused;
    }

    /**
     * Deletes a file after its mount has failed. An error here leaves an empty file, and is
     * ignored.
     */
    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException _) {
            return; // the caller throws the error of the mount
        }
    }
}
