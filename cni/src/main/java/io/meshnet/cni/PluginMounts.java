package io.meshnet.cni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The mount namespace that plugins are found and executed in. A daemon in a container has one of its own, while plugins are made for
 * the node's: there are the files they are configured by, the leases they write, the programs they call, and what they mount is to be
 * seen there. Every other namespace and the capabilities stay the daemon's.
 *
 * @param process a process of that namespace, as {@code /proc/1}; empty for the daemon's own
 */
public record PluginMounts(Optional<Path> process) {

    /** ELOOP comes from the kernel after as many; see path_resolution(7). */
    private static final int MOST_LINKS = 40;

    /** The daemon's own. */
    public static PluginMounts own() {
        return new PluginMounts(Optional.empty());
    }

    /**
     * That of a process.
     *
     * @param process its directory in a procfs
     * @throws IOException when there is no such process, or its namespaces may not be looked at, for which CAP_SYS_PTRACE is needed
     *     when it has more capabilities than this one
     */
    public static PluginMounts of(Path process) throws IOException {
        Files.readSymbolicLink(process.resolve("ns/mnt"));
        return new PluginMounts(Optional.of(process));
    }

    /** The words that execute a plugin there: nsenter(1) enters that namespace alone, in its root, and becomes the plugin. */
    List<String> command(Path executable) {
        return process.map(of -> List.of("nsenter", "--mount=" + of.resolve("ns/mnt"), "--", executable.toString()))
                .orElseGet(() -> List.of(executable.toString()));
    }

    /** Whether a file is there and is none but a regular one. */
    boolean isRegularFile(Path file) {
        return process.map(of -> within(of.resolve("root"), file)
                        .filter(Files::isRegularFile)
                        .isPresent())
                .orElseGet(() -> Files.isRegularFile(file));
    }

    /**
     * The path by which this process reaches what {@code file} names beneath another root: like chroot(2), but without changing
     * anything, links are taken as beginning there.
     */
    static Optional<Path> within(Path root, Path file) {
        Deque<Path> rest = new ArrayDeque<>();
        file.forEach(rest::add);
        Path reached = root;
        int links = 0;
        while (!rest.isEmpty()) {
            Path name = rest.pop();
            if (name.toString().equals("..")) {
                reached = reached.equals(root) ? root : reached.getParent();
                continue;
            }
            Path next = reached.resolve(name);
            if (!Files.isSymbolicLink(next)) {
                reached = next;
                continue;
            }
            try {
                Path target = Files.readSymbolicLink(next);
                reached = target.isAbsolute() ? root : reached;
                for (int i = target.getNameCount() - 1; i >= 0; i--) {
                    rest.push(target.getName(i));
                }
            } catch (IOException e) {
                return Optional.empty();
            }
            if (++links > MOST_LINKS) {
                return Optional.empty();
            }
        }
        return Files.exists(reached, LinkOption.NOFOLLOW_LINKS) ? Optional.of(reached) : Optional.empty();
    }
}
