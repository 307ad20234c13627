package io.meshnet.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** The rows about single ports and wires. A row of which something was not measured is left out. */
final class LinkRows {
    private static final int[] DELETED = {1, 10, 100, 400};
    private static final double GROWTH = 1.3;

    private final Results results;
    private final List<Row> rows = new ArrayList<>();

    private LinkRows(Results results) {
        this.results = results;
    }

    static List<Row> of(Results results) throws IOException {
        LinkRows all = new LinkRows(results);
        all.overFloor("one port, complete, p50", "port", 50, 1.05);
        all.overFloor("one port, complete, p99", "port", 99, 1.3);
        all.overRival("koko's way, in C", "veth.koko", 80);
        all.overRival("`ip -batch`", "veth.ip", 1);
        all.overRival("pyroute2", "veth.pyroute2", 1);
        all.overRival("koko's way, in Go", "veth.go", 1);
        all.growth();
        all.overFloor("one wire, both map updates, p50", "wire", 50, 1.3);
        all.allocation("allocation for one wire", "allocation.wire", "");
        all.allocation(
                "allocation for the messages of one port and an ack",
                "allocation.java",
                Results.time(results.median("messages.java"))
                        .map(time -> time + " to write them")
                        .orElse(""));
        all.overFloor("an exchange that changes nothing, p50", "exchange", 50, 0);
        for (int links : DELETED) {
            all.deletion(links, "until no namespace lists them", "unlist");
        }
        for (int links : DELETED) {
            all.deletion(links, "until the last RTM_DELLINK, and their peers' ports are down", "delete");
        }
        return all.rows;
    }

    private void overFloor(String work, String key, double percent, double bar) throws IOException {
        OptionalDouble java = results.percentile(key + ".java", percent);
        OptionalDouble floor = results.percentile(key + ".c", percent);
        if (java.isPresent() && floor.isPresent()) {
            add(work, java.getAsDouble(), floor.getAsDouble(), bar);
        }
    }

    private void deletion(int links, String until, String key) throws IOException {
        OptionalDouble java = results.median(key + ".java." + links);
        OptionalDouble floor = results.median(key + ".c." + links);
        if (java.isPresent() && floor.isPresent()) {
            String work = "delete " + links + (links == 1 ? " port" : " ports") + " of a pod, " + until;
            add(work, java.getAsDouble(), floor.getAsDouble(), 0);
        }
    }

    private void add(String work, double java, double floor, double bar) {
        double ratio = java / floor;
        rows.add(new Row(
                work,
                Results.time(java),
                Results.time(floor) + " in C",
                Results.three(ratio),
                bar == 0 ? "" : "at most " + bar,
                bar == 0 ? Row.Verdict.NONE : Row.Verdict.of(ratio <= bar)));
    }

    private void overRival(String rival, String key, double bar) throws IOException {
        OptionalDouble java = results.median("port.java");
        OptionalDouble other = results.median(key);
        if (java.isPresent() && other.isPresent()) {
            double ratio = other.getAsDouble() / java.getAsDouble();
            rows.add(new Row(
                    "one port, complete, beside a link by " + rival,
                    Results.time(java.getAsDouble()),
                    Results.time(other.getAsDouble()),
                    Results.three(ratio) + " times faster",
                    bar > 1 ? "at least " + (int) bar + " times" : "faster",
                    Row.Verdict.of(ratio >= bar)));
        }
    }

    private void allocation(String work, String key, String beside) throws IOException {
        OptionalDouble bytes = results.percentile(key, 100);
        if (bytes.isPresent()) {
            rows.add(new Row(
                    work,
                    (int) bytes.getAsDouble() + " bytes",
                    beside,
                    "",
                    "0 bytes",
                    Row.Verdict.of(bytes.getAsDouble() == 0)));
        }
    }

    private void growth() throws IOException {
        OptionalDouble java = growth("present.java.");
        OptionalDouble floor = growth("present.c.");
        if (java.isPresent() && floor.isPresent()) {
            rows.add(new Row(
                    "one port among " + results.machine().get("crowd") + " in the node over one among 10, p50",
                    Results.three(java.getAsDouble()) + " times ("
                            + Results.time(results.median("present.java.many")).orElse("") + ")",
                    Results.three(floor.getAsDouble()) + " times ("
                            + Results.time(results.median("present.c.many")).orElse("") + ") in C",
                    "",
                    "at most " + GROWTH,
                    Row.Verdict.of(java.getAsDouble() <= GROWTH)));
        }
    }

    private OptionalDouble growth(String key) throws IOException {
        OptionalDouble few = results.median(key + "few");
        OptionalDouble many = results.median(key + "many");
        return few.isPresent() && many.isPresent()
                ? OptionalDouble.of(many.getAsDouble() / few.getAsDouble())
                : OptionalDouble.empty();
    }
}
