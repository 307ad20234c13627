package io.meshnet.daemon.install;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;
import java.util.UUID;

/**
 * A file that is there whole or not at all, whoever looks and whenever the machine stops: written under another name in the same
 * directory, synced, renamed (rename(2)), and the directory synced.
 *
 * <p>The other name begins with a dot and ends with {@code .tmp}: runtimes tell configurations by what follows the last dot.
 */
final class AtomicFile {

    private static final String SUFFIX = ".tmp";

    private final Path path;

    AtomicFile(Path path) {
        this.path = path;
    }

    /** Whether the file, not a link to it, has that content and mode. */
    boolean is(byte[] content, Set<PosixFilePermission> mode) throws IOException {
        return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                && Files.getPosixFilePermissions(path).equals(mode)
                && Arrays.equals(Files.readAllBytes(path), content);
    }

    /**
     * Makes the file be that.
     *
     * @return false when it was already, and nothing has been written
     * @throws IOException when it cannot be written, or another process sweeps the directory meanwhile
     */
    boolean write(byte[] content, Set<PosixFilePermission> mode) throws IOException {
        if (is(content, mode)) {
            return false;
        }
        Path temporary = path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID() + SUFFIX);
        try {
            fill(temporary, content, mode);
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        sync(path.getParent());
        return true;
    }

    private static void fill(Path temporary, byte[] content, Set<PosixFilePermission> mode) throws IOException {
        var open = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        var secret = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (FileChannel channel = FileChannel.open(temporary, open, secret)) {
            for (ByteBuffer rest = ByteBuffer.wrap(content); rest.hasRemaining(); ) {
                channel.write(rest);
            }
            // Not with the attribute above, from which the umask takes.
            Files.setPosixFilePermissions(temporary, mode);
            channel.force(true);
        }
    }

    /** Removes the file; false when there was none. */
    boolean delete() throws IOException {
        boolean existed = Files.deleteIfExists(path);
        if (existed) {
            sync(path.getParent());
        }
        return existed;
    }

    /** Removes what a process that was killed while writing the file has left. */
    void sweep() throws IOException {
        String prefix = "." + path.getFileName() + ".";
        try (DirectoryStream<Path> left = Files.newDirectoryStream(path.getParent(), entry -> {
            String name = entry.getFileName().toString();
            return name.startsWith(prefix) && name.endsWith(SUFFIX);
        })) {
            for (Path each : left) {
                Files.deleteIfExists(each);
            }
        } catch (NoSuchFileException e) {
            return; // no directory, nothing left in it
        }
    }

    /** Makes renames and removals in a directory last: fsync(2) says that a file's own sync does not. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
