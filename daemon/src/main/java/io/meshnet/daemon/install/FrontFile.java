package io.meshnet.daemon.install;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The front in the directory of plugins, as {@code meshnet}.
 *
 * <p>Two more files lie there while it is installed: {@code .meshnet.installed} has the SHA-256 of every front that was put there, one
 * a line, and is written before the front is, so that one's own front is always known again; {@code .meshnet.replaced} is what was in its
 * place before, if anything was.
 */
final class FrontFile {

    private static final String NAME = "meshnet";
    private static final Set<PosixFilePermission> PROGRAM = PosixFilePermissions.fromString("rwxr-xr-x");
    private static final Set<PosixFilePermission> TEXT = PosixFilePermissions.fromString("rw-r--r--");

    private final Path front;
    private final Path record;
    private final Path replaced;

    /** @param directory of the plugins */
    FrontFile(Path directory) {
        front = directory.resolve(NAME);
        record = directory.resolve(".meshnet.installed");
        replaced = directory.resolve(".meshnet.replaced");
    }

    Path path() {
        return front;
    }

    /**
     * Puts the front there.
     *
     * @return false when it was there already
     * @throws InstallException when there is no such directory
     */
    boolean install(byte[] content) throws IOException, InstallException {
        if (!Files.isDirectory(front.getParent())) {
            throw new InstallException("there is no directory " + front.getParent() + " of CNI plugins");
        }
        sweep();
        AtomicFile file = new AtomicFile(front);
        Set<String> known = known();
        if (file.is(content, PROGRAM) && known.contains(digest(content))) {
            return false;
        }
        if (Files.exists(front, LinkOption.NOFOLLOW_LINKS) && !isOurs(known)) {
            keep();
        }
        known.add(digest(content));
        new AtomicFile(record).write((String.join("\n", known) + "\n").getBytes(StandardCharsets.US_ASCII), TEXT);
        return file.write(content, PROGRAM);
    }

    /** Keeps what is there under another name: a second link, so that the first stays until the front replaces it. */
    private void keep() throws IOException, InstallException {
        if (Files.isDirectory(front, LinkOption.NOFOLLOW_LINKS)) {
            throw new InstallException(front + " is a directory, where the front has to go");
        }
        Files.deleteIfExists(replaced);
        Files.createLink(replaced, front);
        AtomicFile.sync(front.getParent());
    }

    /**
     * Takes the front away and brings back what was there before.
     *
     * @return false when no front of ours is there
     */
    boolean uninstall() throws IOException {
        sweep();
        boolean ours = isOurs(known());
        if (ours && Files.exists(replaced, LinkOption.NOFOLLOW_LINKS)) {
            Files.move(replaced, front, StandardCopyOption.ATOMIC_MOVE);
        } else if (ours) {
            new AtomicFile(front).delete();
        }
        // Not ours: it was brought back by an uninstallation that then stopped, or never replaced, or put there since.
        new AtomicFile(replaced).delete();
        new AtomicFile(record).delete();
        return ours;
    }

    private void sweep() throws IOException {
        new AtomicFile(front).sweep();
        new AtomicFile(record).sweep();
    }

    private boolean isOurs(Set<String> known) throws IOException {
        return Files.isRegularFile(front, LinkOption.NOFOLLOW_LINKS)
                && known.contains(digest(Files.readAllBytes(front)));
    }

    private Set<String> known() throws IOException {
        if (!Files.isRegularFile(record, LinkOption.NOFOLLOW_LINKS)) {
            return new LinkedHashSet<>();
        }
        return new LinkedHashSet<>(
                Arrays.asList(Files.readString(record).strip().split("\n")));
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
