package io.meshnet.cni;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * One execution of a plugin.
 *
 * <p>Its three pipes are served by platform threads: reading a pipe blocks in the kernel, which would hold the carrier of a
 * virtual thread. The caller, which may be virtual, only waits.
 */
final class PluginProcess {
    /** What is kept of each output; what comes after it is read and dropped. */
    private static final int LARGEST_OUTPUT = 16 << 20;
    /** How long a pipe may stay open, in the hands of a process left behind, after the plugin has ended. */
    private static final Duration GRACE = Duration.ofSeconds(1);
    /** ETXTBSY: somebody, a child between fork and exec, still has the executable open for writing. */
    private static final String TEXT_FILE_BUSY = "error=26";

    private static final int BUSY_ATTEMPTS = 20;
    private static final Duration BUSY_PAUSE = Duration.ofMillis(50);

    private final Process process;
    private final Output stdout;
    private final Output stderr;

    /**
     * How a plugin ended.
     *
     * @param status its exit status; 128 and the signal's number when a signal ended it
     */
    record Outcome(int status, String stdout, String stderr) {}

    private PluginProcess(Process process) {
        this.process = process;
        this.stdout = new Output(process.getInputStream());
        this.stderr = new Output(process.getErrorStream());
    }

    /**
     * Executes and waits until it has ended.
     *
     * @param command the plugin's path, preceded by what executes it elsewhere
     * @param environment all of its environment
     * @throws TimeoutException when it took longer than {@code deadline}; it and its descendants are killed then
     * @throws InterruptedException when the caller was interrupted; they are killed as well
     * @throws IOException when it could not be executed
     */
    static Outcome run(List<String> command, Map<String, String> environment, byte[] input, Duration deadline)
            throws IOException, InterruptedException, TimeoutException {
        long end = System.nanoTime() + deadline.toNanos();
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(environment);
        PluginProcess plugin = new PluginProcess(start(builder));
        Thread.ofPlatform().daemon().name("delegate-stdin").start(() -> plugin.feed(input));
        Thread out = Thread.ofPlatform().daemon().name("delegate-stdout").start(plugin.stdout);
        Thread err = Thread.ofPlatform().daemon().name("delegate-stderr").start(plugin.stderr);
        try {
            if (!plugin.process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                throw new TimeoutException(command.getLast() + " did not end within " + deadline);
            }
        } catch (InterruptedException | TimeoutException e) {
            plugin.kill();
            throw e;
        }
        out.join(GRACE);
        err.join(GRACE);
        return new Outcome(plugin.process.exitValue(), plugin.stdout.text(), plugin.stderr.text());
    }

    private static Process start(ProcessBuilder builder) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return builder.start();
            } catch (IOException e) {
                if (attempt == BUSY_ATTEMPTS || !String.valueOf(e.getMessage()).contains(TEXT_FILE_BUSY)) {
                    throw e;
                }
                Thread.sleep(BUSY_PAUSE);
            }
        }
    }

    private void feed(byte[] input) {
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input);
        } catch (IOException e) {
            // EPIPE: a plugin need not read its input to the end. How it ends says whether that was right.
            return;
        }
    }

    /** Kills the plugin and what it has started, the latter first known so that it is found after the former is gone. */
    private void kill() {
        List<ProcessHandle> descendants = descendants(process.toHandle());
        process.destroyForcibly();
        for (ProcessHandle each : descendants) {
            List<ProcessHandle> younger = descendants(each);
            each.destroyForcibly();
            younger.forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static List<ProcessHandle> descendants(ProcessHandle of) {
        try (Stream<ProcessHandle> all = of.descendants()) {
            return all.toList();
        }
    }

    /** What comes out of one pipe. */
    private static final class Output implements Runnable {
        private final InputStream pipe;
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

        Output(InputStream pipe) {
            this.pipe = pipe;
        }

        @Override
        public void run() {
            byte[] buffer = new byte[8192];
            try {
                for (int n = pipe.read(buffer); n >= 0; n = pipe.read(buffer)) {
                    keep(buffer, n);
                }
            } catch (IOException e) {
                // The pipe was closed under the reader as the process was killed: there is nothing more to read.
                return;
            }
        }

        synchronized String text() {
            return kept.toString(StandardCharsets.UTF_8);
        }

        private synchronized void keep(byte[] buffer, int n) {
            kept.write(buffer, 0, Math.min(n, LARGEST_OUTPUT - kept.size()));
        }
    }
}
