package io.meshnet.cni.front;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Makes a network namespace that a bind mount keeps alive. A daemon in a container asks the front for it, since mounts of its own
 * go with the container.
 */
final class NetnsMount {
    private static final int LONGEST_PATH = 4095;
    /** The device number of a file. All namespaces have the same one, since the kernel has one nsfs. */
    private static final String DEVICE = "unix:dev";

    static final String ADVICE =
            "see that the runtime executes meshnet as root with CAP_SYS_ADMIN, and that the path, which meshnetd derives"
                    + " from MESHNET_STATE, is in a directory that can be written to";

    private final String name;
    private final Path path;

    private NetnsMount(String name) {
        this.name = name;
        this.path = Path.of(name);
    }

    /**
     * Makes sure that a network namespace is mounted at the path.
     *
     * @throws FrontException with code 11 for a path that no daemon should name, 5 when there can be no namespace
     */
    static void make(String path) throws FrontException {
        String why = complaint(path);
        if (why != null) {
            throw AnswerReader.refused("it asks for a network namespace at a path that " + why + ": " + path);
        }
        new NetnsMount(path).make();
    }

    /** Why the front refuses the path, whatever file is there; null if it does not. */
    private static String complaint(String path) {
        if (!path.startsWith("/")) {
            return "is not absolute";
        }
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c < ' ' || c > '~') {
                return "has a character that is not printable ASCII";
            }
        }
        if (path.length() > LONGEST_PATH) {
            return "is longer than 4095 bytes";
        }
        if (path.contains("..")) {
            return "contains \"..\"";
        }
        return path.endsWith("/") ? "ends with a slash" : null;
    }

    private void make() throws FrontException {
        if (isMounted()) {
            return;
        }
        Set<OpenOption> options = Set.of(
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                LinkOption.NOFOLLOW_LINKS);
        var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (FileChannel file = FileChannel.open(path, options, owner);
                var _ = file.lock()) {
            if (!isMounted()) {
                unshare();
            }
        } catch (IOException e) {
            // The kernel refuses to open a namespace for writing: another front may have mounted it just now.
            if (!isMounted()) {
                throw failed(reason(e));
            }
        }
    }

    /** Whether a namespace is mounted at the path. Fails if a mount would hide something. */
    private boolean isMounted() throws FrontException {
        try {
            BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (file.isSymbolicLink()) {
                throw failed("it is a symbolic link");
            }
            if (!file.isRegularFile()) {
                throw failed(file.isDirectory() ? "it is a directory" : "it is not a regular file");
            }
            Object namespaces = Files.getAttribute(Path.of("/proc/self/ns/net"), DEVICE);
            if (Files.getAttribute(path, DEVICE, LinkOption.NOFOLLOW_LINKS).equals(namespaces)) {
                return true;
            }
            if (file.size() > 0) {
                throw failed("it is a file that is not empty");
            }
            return false;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw failed(reason(e));
        }
    }

    /**
     * Runs {@code unshare} of util-linux, since Java has no such system calls. The mount tells whether it succeeded, not the exit
     * status: {@code unshare} mounts the namespace before it looks for {@code true}.
     */
    private void unshare() throws FrontException {
        String said;
        try {
            ProcessBuilder builder = new ProcessBuilder("unshare", "--net=" + name, "true");
            builder.environment().put("LC_ALL", "C");
            Process process = builder.redirectErrorStream(true)
                    .redirectInput(new File("/dev/null"))
                    .start();
            said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
        } catch (IOException e) {
            throw failed(
                    "it takes the program unshare of util-linux, which cannot be executed (" + e.getMessage() + ")");
        } catch (InterruptedException e) {
            throw failed("interrupted");
        }
        if (!isMounted()) {
            throw failed(said.substring(said.lastIndexOf(": ") + 1).trim());
        }
    }

    /** The kernel's reason in the words of strerror(3). */
    private static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "No such file or directory";
        }
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        return e instanceof FileSystemException failure && failure.getReason() != null
                ? failure.getReason()
                : e.getMessage();
    }

    private FrontException failed(String why) {
        String message = "cannot make a network namespace at " + name + ": " + why;
        return new FrontException(FrontException.IO_FAILURE, message, ADVICE);
    }
}
