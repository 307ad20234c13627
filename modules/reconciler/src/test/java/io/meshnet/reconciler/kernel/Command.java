package io.meshnet.reconciler.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A command that has ended.
 *
 * @param line the command and its arguments
 * @param status its exit status
 * @param output its standard output and standard error
 */
record Command(List<String> line, int status, String output) {

    /** Runs a command, words separated by single spaces. */
    static Command run(String line) {
        List<String> words = List.of(line.split(" "));
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Command(words, process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Runs a command that has to succeed. */
    static String output(String line) {
        Command command = run(line);
        if (command.status != 0) {
            throw new AssertionError(command);
        }
        return command.output;
    }
}
