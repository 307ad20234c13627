package io.meshnet.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The rows about whole pods. A row of which something was not measured is left out. */
final class PodRows {
    private static final int[] LINKS = {1, 10, 100, 400};
    private static final int[] ADD_MILLIS = {12, 16, 50, 160};
    private static final int[] DEL_MILLIS = {10, 12, 30, 90};
    private static final int JAVA_FRONT_MILLIS = 45;
    private static final int[] FIRST = {1, 2, 10};
    private static final int[] FIRST_MILLIS = {40, 25, 20};
    private static final int IMAGE_MEGABYTES = 145;
    private static final double MILLI = 1e6;
    private static final double MEGA = 1e6;

    private final Results results;
    private final Map<String, String> machine;
    private final List<Row> rows = new ArrayList<>();

    private PodRows(Results results, Map<String, String> machine) {
        this.results = results;
        this.machine = machine;
    }

    static List<Row> of(Results results) throws IOException {
        Map<String, String> machine = results.machine();
        PodRows all = new PodRows(results, machine);
        boolean javaAlone = "java".equals(machine.get("front"));
        all.calls("meshnet", javaAlone ? "Java front" : "native front", javaAlone ? JAVA_FRONT_MILLIS : 0);
        all.calls("meshnet-java", "Java front", JAVA_FRONT_MILLIS);
        all.first();
        all.carriage();
        all.limit("a peer on the same node restarts, from the end of its ADD until frames pass", "restart.1", 2);
        all.limit("a peer on another node restarts, from the end of its ADD until frames pass", "restart.2", 10);
        String many = machine.get("links") + " links between two pods ";
        all.limit(many + "on one node, from the last ADD to the last link that carries", "many.1", 1500);
        all.limit(many + "on two nodes, from the last ADD to the last link that carries", "many.2", 3000);
        all.ring();
        all.requests();
        all.among();
        all.memory("daemon, resident, idle", "daemon.idle", 100);
        all.memory("daemon, resident, with " + machine.get("ring.links") + " links", "daemon.full", 150);
        all.limit("daemon, from exec to ready", "daemon.start", 400);
        all.again();
        all.image();
        return all.rows;
    }

    private void calls(String front, String name, int more) throws IOException {
        for (int i = 0; i < LINKS.length; i++) {
            String links = LINKS[i] == 1 ? "1 link, " : LINKS[i] + " links, ";
            limit(
                    "ADD of a pod with " + links + name,
                    "add." + front + "." + LINKS[i],
                    ADD_MILLIS[i] + more,
                    "total.c." + LINKS[i]);
        }
        for (int i = 0; i < LINKS.length; i++) {
            String links = LINKS[i] == 1 ? "1 link, " : LINKS[i] + " links, ";
            limit(
                    "DEL of a pod with " + links + name,
                    "del." + front + "." + LINKS[i],
                    DEL_MILLIS[i] + more,
                    "unlist.c." + LINKS[i]);
        }
    }

    private void first() throws IOException {
        for (int i = 0; i < FIRST.length; i++) {
            limit(
                    "ADD number " + FIRST[i] + " after the daemon's start, 1 link to a pod on another node",
                    "first." + FIRST[i],
                    FIRST_MILLIS[i]);
        }
    }

    private void carriage() throws IOException {
        OptionalDouble sent = results.percentile("carriage.sent", 0);
        OptionalDouble back = results.percentile("carriage.back", 0);
        if (sent.isPresent() && back.isPresent()) {
            rows.add(new Row(
                    "links that carry a frame and its answer as soon as an ADD of 400 returns, the worst of "
                            + results.count("carriage.back"),
                    String.valueOf((int) back.getAsDouble()),
                    (int) sent.getAsDouble() + " links",
                    "",
                    "all",
                    Row.Verdict.of(back.getAsDouble() >= sent.getAsDouble())));
        }
    }

    /** The daemon started once more, with all links there. */
    private void again() throws IOException {
        OptionalDouble processor = results.median("again.processor");
        OptionalDouble touched = results.percentile("again.touched", 100);
        if (processor.isPresent() && touched.isPresent()) {
            rows.add(new Row(
                    "restart of the daemon with " + machine.get("ring.links") + " links in place, until ready",
                    Results.time(processor.getAsDouble()) + " of processors, "
                            + Results.time(results.median("again.ready")).orElse("") + " to wait",
                    (int) touched.getAsDouble() + " changes in the patch namespace",
                    "",
                    "at most 1.00 s of processors, nothing touched",
                    Row.Verdict.of(processor.getAsDouble() <= 1e9 && touched.getAsDouble() == 0)));
        }
    }

    private void image() throws IOException {
        OptionalDouble megabytes = results.median("image");
        if (megabytes.isPresent()) {
            rows.add(new Row(
                    "the run-time image",
                    (int) megabytes.getAsDouble() + " MB",
                    "",
                    "",
                    "at most " + IMAGE_MEGABYTES + " MB",
                    Row.Verdict.of(megabytes.getAsDouble() <= IMAGE_MEGABYTES)));
        }
    }

    private void limit(String work, String key, int millis) throws IOException {
        limit(work, key, millis, "");
    }

    private void limit(String work, String key, int millis, String floorKey) throws IOException {
        OptionalDouble took = results.median(key);
        if (took.isEmpty()) {
            return;
        }
        OptionalDouble floor = results.median(floorKey.isEmpty() ? "none" : floorKey);
        rows.add(new Row(
                work,
                Results.time(took.getAsDouble()) + spread(key),
                Results.time(floor)
                        .map(time -> time + " in C for the links alone")
                        .orElse(""),
                floor.isPresent() ? Results.three(took.getAsDouble() / floor.getAsDouble()) : "",
                "at most " + Results.time(millis * MILLI),
                Row.Verdict.of(took.getAsDouble() <= millis * MILLI)));
    }

    private String spread(String key) throws IOException {
        int count = results.count(key);
        return count < 3
                ? ""
                : " (" + Results.time(results.percentile(key, 0).orElseThrow()) + " to "
                        + Results.time(results.percentile(key, 100).orElseThrow()) + ")";
    }

    private void ring() throws IOException {
        OptionalDouble up = results.median("ring.up");
        OptionalDouble namespaces = results.median("ring.namespaces");
        if (up.isPresent() && namespaces.isPresent()) {
            double all = up.getAsDouble() + namespaces.getAsDouble();
            rows.add(new Row(
                    machine.get("ring.pods") + " pods in a ring with chords, " + machine.get("ring.links")
                            + " links, 16 ADDs at a time, until every link is up",
                    Results.time(all),
                    Results.time(up.getAsDouble()) + " of it ours with fronts and noop delegates, "
                            + Results.time(namespaces.getAsDouble()) + " the namespaces",
                    "",
                    "at most 60 s",
                    Row.Verdict.of(all <= 60e9)));
        }
    }

    private void requests() throws IOException {
        OptionalDouble requests = results.median("etcd.add");
        if (requests.isPresent()) {
            rows.add(new Row(
                    "etcd requests of an ADD with 100 links",
                    String.valueOf((int) requests.getAsDouble()),
                    "",
                    "",
                    "at most 3",
                    Row.Verdict.of(requests.getAsDouble() <= 3)));
        }
    }

    private void among() throws IOException {
        OptionalDouble few = results.median("add.few");
        OptionalDouble many = results.median("add.many");
        if (few.isPresent() && many.isPresent()) {
            double ratio = many.getAsDouble() / few.getAsDouble();
            rows.add(new Row(
                    "ADD of a pod with 8 links among " + machine.get("ring.pods") + " pods and "
                            + machine.get("ring.links") + " links",
                    Results.time(many.getAsDouble()) + spread("add.many"),
                    Results.time(few.getAsDouble()) + " among 10 pods",
                    Results.three(ratio),
                    "the same, within 1.15",
                    Row.Verdict.of(ratio <= 1.15)));
        }
    }

    private void memory(String work, String key, int megabytes) throws IOException {
        OptionalDouble bytes = results.median(key);
        if (bytes.isPresent()) {
            rows.add(new Row(
                    work,
                    Results.three(bytes.getAsDouble() / MEGA) + " MB",
                    "",
                    "",
                    "at most " + megabytes + " MB",
                    Row.Verdict.of(bytes.getAsDouble() <= megabytes * MEGA)));
        }
    }
}
