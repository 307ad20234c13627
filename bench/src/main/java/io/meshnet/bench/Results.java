package io.meshnet.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What was measured: a directory with a file for each thing, one number to a line, and {@code machine} with lines of {@code KEY=TEXT}.
 *
 * @param directory where they lie
 */
record Results(Path directory) {

    /** A percentile of what was measured of {@code key}; empty when nothing was. */
    OptionalDouble percentile(String key, double percent) throws IOException {
        double[] sorted = numbers(key);
        if (sorted.length == 0) {
            return OptionalDouble.empty();
        }
        int index = (int) Math.ceil(percent / 100 * sorted.length) - 1;
        return OptionalDouble.of(sorted[Math.max(index, 0)]);
    }

    /** The same for the middle one. */
    OptionalDouble median(String key) throws IOException {
        return percentile(key, 50);
    }

    /** How often {@code key} was measured. */
    int count(String key) throws IOException {
        return numbers(key).length;
    }

    private double[] numbers(String key) throws IOException {
        Path file = directory.resolve(key);
        if (!Files.exists(file)) {
            return new double[0];
        }
        try (var lines = Files.lines(file)) {
            double[] numbers = lines.mapToDouble(Double::parseDouble).toArray();
            Arrays.sort(numbers);
            return numbers;
        }
    }

    /** What the machine is. */
    Map<String, String> machine() throws IOException {
        Map<String, String> machine = new LinkedHashMap<>();
        for (String line : Files.readAllLines(directory.resolve("machine"))) {
            int equals = line.indexOf('=');
            machine.put(line.substring(0, equals), line.substring(equals + 1));
        }
        return machine;
    }

    /** A time in the unit that suits it. */
    static String time(double nanos) {
        if (nanos < 1e3) {
            return three(nanos) + " ns";
        }
        if (nanos < 1e6) {
            return three(nanos / 1e3) + " µs";
        }
        return nanos < 1e9 ? three(nanos / 1e6) + " ms" : three(nanos / 1e9) + " s";
    }

    /** The same, if there is one. */
    static Optional<String> time(OptionalDouble nanos) {
        return nanos.isPresent() ? Optional.of(time(nanos.getAsDouble())) : Optional.empty();
    }

    /** A number with about three digits that count. */
    static String three(double number) {
        int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f", number);
    }
}
