package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Echo requests, ten a second, that run beside whatever a test does. */
final class Ping implements AutoCloseable {

    private static final Pattern SUMMARY = Pattern.compile("([0-9]+) packets transmitted, ([0-9]+) received");

    private final Process process;
    private final Path log;

    private Ping(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Begins, and returns when the first answer has come. */
    static Ping start(Pod pod, String address) {
        Path log = pod.node().directory().resolve("ping-" + pod.netns() + "-" + address);
        Ping ping = new Ping(
                Command.of("ping", "-n", "-i", "0.1", "-W", "10", address)
                        .inside(pod.netns())
                        .start(log),
                log);
        eventually(() -> assertThat(Daemon.text(log)).contains("bytes from"));
        return ping;
    }

    /** Ends it, and makes sure that every request was answered; the last may have been under way. */
    void assertNothingLost() {
        interrupt();
        Matcher summary = SUMMARY.matcher(Daemon.text(log));
        assertThat(summary.find()).as("summary in %s", Daemon.text(log)).isTrue();
        int sent = Integer.parseInt(summary.group(1));
        int received = Integer.parseInt(summary.group(2));
        assertThat(sent - received).as("lost of %d:%n%s", sent, log).isLessThanOrEqualTo(1);
    }

    private void interrupt() {
        if (process.isAlive()) {
            Command.of("kill", "-INT", Long.toString(process.pid())).output();
            try {
                assertThat(process.waitFor(30, TimeUnit.SECONDS))
                        .as("ping ends")
                        .isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
