package io.meshnet.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Mounts in the mount namespace of the tests, such as the patch namespaces of daemons, which outlive the daemons. */
final class Mounts {
    private static final int TARGET = 4;

    private Mounts() {}

    /** The mount points that are the directory or in it, in the order in which they were mounted. */
    static List<Path> in(Path directory) {
        try {
            return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                    .map(line -> Path.of(line.split(" ", TARGET + 2)[TARGET]))
                    .filter(target -> target.startsWith(directory))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void unmountAll(Path directory) {
        for (Path target : in(directory).reversed()) {
            Command.of("umount", "--lazy", target.toString()).output();
        }
    }

    /** Makes the directory a shared mount, as {@code /run} is on a machine that systemd starts. */
    static void share(Path directory) {
        if (!in(directory).contains(directory)) {
            Command.of("mount", "--bind", directory.toString(), directory.toString())
                    .output();
            Command.of("mount", "--make-shared", directory.toString()).output();
        }
    }
}
