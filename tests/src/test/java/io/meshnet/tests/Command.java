package io.meshnet.tests;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A command to be run, with its environment and its input. Immutable: every step gives a new one. */
record Command(List<String> words, Map<String, String> environment, String input) {

    /** After this long a command counts as hung. */
    private static final Duration DEADLINE = Duration.ofSeconds(90);

    private static final Executor READERS = Thread::startVirtualThread;

    static Command of(String... words) {
        return new Command(List.of(words), Map.of(), "");
    }

    /** The {@code ip} command. */
    static Command ip(String... arguments) {
        return of("ip").and(arguments);
    }

    /** The same with more arguments. */
    Command and(String... arguments) {
        return new Command(Stream.concat(words.stream(), Stream.of(arguments)).toList(), environment, input);
    }

    /** The same, run in a network namespace that {@code ip netns} knows. Its file systems stay as they are. */
    Command inside(String netns) {
        return inside(Path.of("/run/netns", netns));
    }

    /** The same for a network namespace that a path leads to. */
    Command inside(Path netns) {
        return of("nsenter", "--net=" + netns, "--").around(this);
    }

    /** These words before those of another command, whose environment and input stay what they are. */
    Command around(Command inner) {
        return new Command(and(inner.words.toArray(String[]::new)).words(), inner.environment, inner.input);
    }

    Command with(Map<String, String> variables) {
        var all = new HashMap<>(environment);
        all.putAll(variables);
        return new Command(words, Map.copyOf(all), input);
    }

    Command fed(String text) {
        return new Command(words, environment, text);
    }

    /** Runs it to its end. */
    Outcome run() {
        try {
            Process process = builder().start();
            var out = CompletableFuture.supplyAsync(() -> text(process.getInputStream()), READERS);
            var err = CompletableFuture.supplyAsync(() -> text(process.getErrorStream()), READERS);
            feed(process);
            if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("no end after " + DEADLINE.toSeconds() + " s: " + this);
            }
            return new Outcome(toString(), process.exitValue(), out.join(), err.join());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + this, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted in " + this, e);
        }
    }

    /** Runs it to its end, which must be a good one, and gives what it printed. */
    String output() {
        Outcome outcome = run();
        if (outcome.status() != 0) {
            throw new AssertionError(outcome.toString());
        }
        return outcome.out();
    }

    /** Starts it and lets it run, once it was fed; what it says is appended to a file. */
    Process start(Path log) {
        try {
            Process process = builder()
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            feed(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + this, e);
        }
    }

    private ProcessBuilder builder() {
        var builder = new ProcessBuilder(words);
        builder.environment()
                .keySet()
                .removeIf(name ->
                        name.startsWith("CNI_") || name.startsWith("MESHNET") || name.startsWith("JDK_JAVA_OPTIONS"));
        builder.environment().putAll(environment);
        return builder;
    }

    /** A command need not read its input: that it has closed it already is no error. */
    private void feed(Process process) {
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException closed) {
            assert closed.getMessage() != null;
        }
    }

    private static String text(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        environment.forEach(
                (name, value) -> text.append(name).append("='").append(value).append("' "));
        text.append(String.join(" ", words));
        return input.isEmpty()
                ? text.toString()
                : text.append(" <<< ").append(input).toString();
    }
}
