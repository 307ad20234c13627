package io.meshnet.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** The rows about frames. A row of which something was not measured is left out. */
final class DataRows {
    private static final double BYTES_PER_GIGABIT = 125e6;

    private final Results results;
    private final List<Row> rows = new ArrayList<>();

    private DataRows(Results results) {
        this.results = results;
    }

    static List<Row> of(Results results) throws IOException {
        DataRows all = new DataRows(results);
        all.rates("one node", "1", "a direct veth", 0.97, 0.82);
        all.ping("one node", "1", "a direct veth", 2);
        all.rates("two nodes", "2", "a vxlan in the pod", 0.8, 0.72);
        all.ping("two nodes", "2", "a vxlan in the pod", 3);
        return all.rows;
    }

    private void rates(String where, String number, String rival, double streamBar, double datagramBar)
            throws IOException {
        rate("TCP, one stream, " + where, "data." + number + ".tcp", " Gb/s", BYTES_PER_GIGABIT, rival, streamBar);
        rate("UDP datagrams of 64 bytes, " + where, "data." + number + ".udp", " thousand/s", 1e3, rival, datagramBar);
    }

    private void rate(String work, String key, String unit, double divisor, String rival, double bar)
            throws IOException {
        OptionalDouble meshnet = results.median(key + ".meshnet");
        OptionalDouble other = results.median(key + ".ip");
        if (meshnet.isPresent() && other.isPresent()) {
            double ratio = meshnet.getAsDouble() / other.getAsDouble();
            rows.add(new Row(
                    work,
                    Results.three(meshnet.getAsDouble() / divisor) + unit,
                    Results.three(other.getAsDouble() / divisor) + unit + " by " + rival,
                    Results.three(ratio),
                    "at least " + bar,
                    Row.Verdict.of(ratio >= bar)));
        }
    }

    private void ping(String where, String number, String rival, int microseconds) throws IOException {
        String key = "data." + number + ".ping";
        OptionalDouble meshnet = results.median(key + ".meshnet");
        OptionalDouble other = results.median(key + ".ip");
        if (meshnet.isPresent() && other.isPresent()) {
            double more = meshnet.getAsDouble() - other.getAsDouble();
            rows.add(new Row(
                    "ping, " + where,
                    Results.time(meshnet.getAsDouble()),
                    Results.time(other.getAsDouble()) + " by " + rival,
                    (more < 0 ? "-" : "+") + Results.time(Math.abs(more)),
                    "at most +" + microseconds + " µs",
                    Row.Verdict.of(more <= microseconds * 1e3)));
        }
    }
}
