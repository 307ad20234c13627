package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.StatusRuntimeException;
import io.meshnet.tests.generated.cri.RuntimeCondition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Debian's containerd on a machine, with a root, a state, a socket and CNI directories of its own. */
final class Containerd {
    /** Of containerd and, by inheritance, of the plugins that it executes. */
    private static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private final Machine machine;
    private final Path directory;
    private final Path socket;
    private final Path log;
    private Daemon daemon;
    private Cri cri;

    /** @param directory for all that it keeps */
    Containerd(Underlay underlay, Machine machine, Path directory) {
        this.machine = machine;
        this.directory = directory;
        socket = directory.resolve("containerd.sock");
        log = directory.resolve("containerd.log");
        try {
            Files.createDirectories(plugins());
            Files.createDirectories(configurations());
            Files.writeString(directory.resolve("config.toml"), configuration());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        underlay.undo().add(this::kill);
    }

    /**
     * Nothing that touches the machine below: no AppArmor profile is loaded, no directory in /opt made. The oom score is left alone
     * where it cannot be lowered, and the native snapshotter needs nothing of the file system.
     */
    private String configuration() {
        return """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs",
                  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
                  "io.containerd.snapshotter.v1.zfs"]
                [grpc]
                  address = "%2$s"
                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = "%3$s"
                  restrict_oom_score_adj = true
                  disable_apparmor = true
                  [plugins."io.containerd.grpc.v1.cri".containerd]
                    snapshotter = "native"
                    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                      runtime_type = "io.containerd.runc.v2"
                      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                        SystemdCgroup = false
                  [plugins."io.containerd.grpc.v1.cri".cni]
                    bin_dir = "%4$s"
                    conf_dir = "%5$s"
                """.formatted(directory, socket, PauseImage.NAME, plugins(), configurations());
    }

    /** Where it looks for CNI plugins. */
    Path plugins() {
        return directory.resolve("bin");
    }

    /** Where it looks for CNI configurations. */
    Path configurations() {
        return directory.resolve("net.d");
    }

    /** Starts it, and waits for nothing. */
    void begin() {
        Command command = Command.of("env", "-i", PATH, "containerd", "--config")
                .and(directory.resolve("config.toml").toString());
        daemon = Daemon.start("containerd", machine.command(command), log);
        cri = new Cri(socket);
    }

    /** Waits until it takes pods, which needs a CNI configuration. */
    void awaitReady() {
        eventually(() -> {
            assertThat(daemon.running())
                    .as("containerd runs; its log:%n%s", log())
                    .isTrue();
            try {
                assertThat(cri.conditions())
                        .hasSize(2)
                        .as("conditions of containerd")
                        .allMatch(RuntimeCondition::getStatus);
            } catch (StatusRuntimeException e) {
                throw new AssertionError("containerd does not serve yet", e);
            }
        });
    }

    void start() {
        begin();
        awaitReady();
    }

    boolean running() {
        return daemon != null && daemon.running();
    }

    /** Stops it as an init system would: the pods go on. */
    void stop() {
        cri.close();
        daemon.terminate();
    }

    /** Kills it without any warning: the pods go on. */
    void kill() {
        if (daemon != null) {
            cri.close();
            daemon.close();
        }
    }

    /** Gives it an image, for pods or other containers to be made of. */
    void load(Path archive) {
        machine.command(ctr("images", "import", "--snapshotter=native", archive.toString()))
                .output();
    }

    /** A call of containerd's own client, yet to be run on the machine. */
    Command ctr(String... arguments) {
        return Command.of("ctr", "--address=" + socket, "--namespace=k8s.io").and(arguments);
    }

    Cri cri() {
        return cri;
    }

    String log() {
        return Daemon.text(log);
    }
}
