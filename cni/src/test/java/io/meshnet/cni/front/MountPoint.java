package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * A directory for mounts. Its name has the number of this process, so that {@code sweep_after_killed_tests} in scripts/lib.sh
 * unmounts and removes what a killed test leaves.
 */
final class MountPoint implements TempDirFactory {

    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension) throws IOException {
        return Files.createTempDirectory("meshnet-" + ProcessHandle.current().pid() + "-front");
    }

    /** The mounts at the directory and below, in the order in which they were made. */
    static List<Path> mounts(Path directory) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                .map(line -> Path.of(line.split(" ", 6)[4]))
                .filter(target -> target.startsWith(directory))
                .toList();
    }

    static void unmountAll(Path directory) throws IOException, InterruptedException {
        for (Path target : mounts(directory).reversed()) {
            run("umount", "--lazy", target.toString());
        }
    }

    /** Runs a command, which has to succeed, and returns what it prints. */
    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", List.of(command), said).isZero();
        return said.strip();
    }
}
