package io.meshnet.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Writes one table in Markdown and one chart in SVG from what the side-by-side has measured: {@code RESULTS MARKDOWN SVG}. */
public final class Report {
    private static final String[][] CONTENDERS = {
        {"port.c", "one port, C, the floor"},
        {"port.java", "one port, meshnet"},
        {"veth.ip", "ip -batch"},
        {"veth.pyroute2", "pyroute2"},
        {"veth.koko", "koko's way, in C"},
        {"veth.go", "koko's way, in Go"},
    };

    private Report() {}

    /** Does it. */
    public static void main(String[] arguments) throws IOException {
        Results results = new Results(Path.of(arguments[0]));
        List<Row> rows = new ArrayList<>(LinkRows.of(results));
        rows.addAll(PodRows.of(results));
        rows.addAll(DataRows.of(results));
        List<Chart.Bar> bars = bars(results);
        Path svg = Path.of(arguments[2]);
        Files.writeString(Path.of(arguments[1]), markdown(results.machine(), rows, bars, svg));
        if (!bars.isEmpty()) {
            Files.writeString(svg, Chart.svg("One port of a link, and a link by others: median, logarithmic", bars));
        }
        rows.forEach(row -> System.out.println(row.markdown()));
    }

    private static List<Chart.Bar> bars(Results results) throws IOException {
        List<Chart.Bar> bars = new ArrayList<>();
        for (String[] contender : CONTENDERS) {
            OptionalDouble median = results.median(contender[0]);
            if (median.isPresent()) {
                bars.add(new Chart.Bar(contender[1], median.getAsDouble(), contender[0].equals("port.java")));
            }
        }
        return bars;
    }

    private static String markdown(Map<String, String> machine, List<Row> rows, List<Chart.Bar> bars, Path svg) {
        String chart = bars.isEmpty()
                ? ""
                : "![One port, complete, by meshnet, and a link by others](" + svg.getFileName() + ")\n\n";
        StringBuilder text =
                new StringBuilder("""
                # Benchmarks

                Written by `bench/side-by-side.sh%s` from what it has measured, and from nothing else; everything in a row stems
                from one run. A *port* is complete when its interface is in the pod with name, MTU, MAC and an address, up and with carrier,
                and its patch side has clsact, filter, group and ifalias, and a wire. A link has two ports; C, meshnet's rival, sends the
                same messages and updates the same maps. Times are medians where nothing else is said, with the range in brackets.
                [performance.md](performance.md) says where the time goes.

                %s| work | meshnet | beside it | ratio | bar | met |
                |---|---|---|---|---|---|
                """.formatted(machine.get("mode").equals("quick") ? " --quick" : "", chart));
        rows.forEach(row -> text.append(row.markdown()).append('\n'));
        text.append("""

                The machine: kernel %s, %s, %s cores, %s of memory; load average %s when it began. %s. Commit %s.
                JDK: %s, with the daemon's own options. etcd %s. Beside it: %s, pyroute2 %s,
                vishvananda/netlink %s, cc %s.
                """.formatted(
                        machine.get("kernel"),
                        machine.get("cpu"),
                        machine.get("cores"),
                        machine.get("memory"),
                        machine.get("load"),
                        machine.get("date"),
                        machine.get("commit"),
                        machine.get("java"),
                        machine.get("etcd"),
                        machine.get("iproute2"),
                        machine.get("pyroute2"),
                        machine.get("netlink"),
                        machine.get("cc")));
        return text.toString();
    }
}
