package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * What makes a node's network namespace a machine: a process and a mount namespace around it, with a {@code /run} and a
 * {@code /var/lib} of their own. Whatever is started or mounted in it goes with its first process, also when this one is killed.
 */
final class Machine {
    /**
     * Also a cgroup file system, where the caller's machine has mounted none. What is mounted here is seen in containers that want it, as
     * on machines that systemd starts.
     */
    private static final String PREPARE = "mount -t tmpfs run /run && mount -t tmpfs lib /var/lib"
            + " && { mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup /sys/fs/cgroup; }"
            + " && mount --make-rshared / && exec \"$0\"";

    private static final long PATIENCE_SECONDS = 30;

    private final String name;
    private final Process unshare;
    private final ProcessHandle init;

    /**
     * @param netns of the node; its name is the machine's
     * @param pause the program that is to be the first process
     * @param log where what goes wrong at the start is written
     */
    Machine(Underlay underlay, String netns, Path pause, Path log) {
        name = netns;
        unshare = Command.of("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
                .and("--mount-proc", "--", "sh", "-c", PREPARE, pause.toString())
                .inside(netns)
                .start(log);
        underlay.undo().add(this::end);
        eventually(() -> assertThat(unshare.children().flatMap(child -> child.info().command().stream()))
                .as("the first process; its log:%n%s", Daemon.text(log))
                .containsExactly(pause.toString()));
        init = unshare.children().findFirst().orElseThrow();
    }

    /** A command as it is run on this machine. Who starts it is not it, but waits for it. */
    Command command(Command command) {
        return Command.of("nsenter", "--target=" + init.pid(), "--mount", "--net", "--pid", "--")
                .around(command);
    }

    /**
     * A path of this machine as it is reached from without. {@code /var/run} is a symbolic link to an absolute path, which leads
     * whoever follows it to a path under his own root.
     */
    Path path(String path) {
        return Path.of("/proc", Long.toString(init.pid()), "root", path.replaceFirst("^/var/run/", "/run/"));
    }

    /** The cgroup for whatever a runtime starts here. */
    String cgroup() {
        return "/" + name;
    }

    /** Kills everything that runs here, and removes its cgroups. */
    private void end() {
        unshare.children().forEach(ProcessHandle::destroyForcibly);
        try {
            if (!unshare.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the machine " + name + " is still there");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            unshare.destroyForcibly();
        }
        eventually(() -> Command.of("find", "/sys/fs/cgroup", "-depth", "-type", "d")
                .and("-path", "*" + cgroup() + "*", "-exec", "rmdir", "{}", "+")
                .output());
    }
}
