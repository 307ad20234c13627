package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that is to be running until it is told to stop, and its log. */
final class Daemon implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    private final Process process;
    private final String name;

    private Daemon(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    static Daemon start(String name, Command command, Path log) {
        return new Daemon(name, command.start(log));
    }

    /** Its process id. The launchers replace themselves by what they launch. */
    long pid() {
        return process.pid();
    }

    boolean running() {
        return process.isAlive();
    }

    /** Sends SIGTERM and waits for the end, which is to come by itself. */
    void terminate() {
        proper().destroy();
        if (!ended()) {
            kill();
            throw new AssertionError(name + " did not end within " + PATIENCE_SECONDS + " s of SIGTERM");
        }
    }

    /** The ids of its threads of that name, of which there is one at least. */
    List<Long> threads(String wanted) {
        List<Long> found = new ArrayList<>();
        try (var tasks = Files.list(Path.of("/proc", Long.toString(pid()), "task"))) {
            for (Path task : tasks.toList()) {
                if (text(task.resolve("comm")).strip().equals(wanted)) {
                    found.add(Long.parseLong(task.getFileName().toString()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(found).as("threads %s of %s", wanted, name).isNotEmpty();
        return found;
    }

    /**
     * Holds one thread at the next thing that it does with a socket, while the others go on; ending the process that is returned lets it
     * go.
     *
     * @param trace where that process writes
     */
    Process hold(String thread, Path trace) {
        Process strace = Command.of(
                        "strace",
                        "-p",
                        Long.toString(threads(thread).getFirst()),
                        "-e",
                        "trace=poll,ppoll,recvmsg,recvfrom",
                        "-e",
                        "inject=poll,ppoll,recvmsg,recvfrom:delay_enter=600s")
                .start(trace);
        eventually(() -> assertThat(text(trace)).contains("attached"));
        return strace;
    }

    /** Sends it a signal, by the name that kill(1) has for it. */
    void signal(String name) {
        Command.of("kill", "-" + name, Long.toString(process.pid())).output();
    }

    /** Sends SIGKILL to it and what it started, and waits for the end. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        if (!ended()) {
            throw new AssertionError(name + " survived SIGKILL");
        }
    }

    /** Itself. Who entered a process namespace for it has forked, only waits for it, and passes no signal on (nsenter(1)). */
    private ProcessHandle proper() {
        boolean entered = process.info().command().orElse("").endsWith("/nsenter");
        return entered ? process.children().findFirst().orElseThrow() : process.toHandle();
    }

    @Override
    public void close() {
        if (running()) {
            kill();
        }
    }

    private boolean ended() {
        try {
            return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            throw new AssertionError("interrupted while " + name + " was to end", e);
        }
    }

    /** What has been logged so far. */
    static String text(Path log) {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
