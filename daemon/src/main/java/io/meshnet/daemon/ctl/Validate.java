package io.meshnet.daemon.ctl;

import io.meshnet.store.etcd.Endpoints;
import io.meshnet.store.etcd.EtcdStore;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Problem;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyCheck;
import io.meshnet.topology.TopologyFile;
import io.meshnet.topology.TopologyStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks a topology: each pod's list, and what the lists say of each other. */
@Command(
        name = "validate",
        description = "Checks a topology and names everything that is wrong with it.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:nothing is wrong", "1:something is", "2:it cannot be read"})
final class Validate implements Callable<Integer> {

    private static final String ETCD = "etcd";
    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final int WRONG = 1;
    private static final int UNREADABLE = 2;

    /** What was found: how much there is, and what is wrong with it. */
    private record Findings(int pods, List<String> problems) {}

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE|etcd",
            description =
                    "a JSON object of pods, or of their keys /POD/links, and their lists; or the topology in etcd")
    private String source = "";

    @Option(
            names = "--etcd",
            paramLabel = "ENDPOINTS",
            defaultValue = "${env:MESHNET_ETCD_ENDPOINTS:-http://localhost:2379}",
            description = "comma-separated endpoints of etcd (MESHNET_ETCD_ENDPOINTS; ${DEFAULT-VALUE})")
    private String endpoints = "";

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            Findings findings = source.equals(ETCD) ? store() : file();
            findings.problems().forEach(out::println);
            out.println(findings.pods() + " pods, " + findings.problems().size() + " problems");
            return findings.problems().isEmpty() ? 0 : WRONG;
        } catch (IOException e) {
            err.println(source + " cannot be read: " + e);
        } catch (StoreException | IllegalArgumentException e) {
            err.println(e.getMessage());
        }
        return UNREADABLE;
    }

    private Findings file() throws IOException {
        TopologyFile file = TopologyFile.parse(Files.readAllBytes(Path.of(source)));
        return new Findings(
                file.pods().size(),
                file.problems().stream().map(Problem::toString).toList());
    }

    private Findings store() throws StoreException {
        List<String> problems = new ArrayList<>();
        TreeMap<PodName, List<DeclaredLink>> lists = new TreeMap<>();
        try (TopologyStore store = EtcdStore.connect(Endpoints.parse(endpoints), DEADLINE)) {
            for (PodRecord pod : store.readAll().values()) {
                switch (pod.declaration()) {
                    case Declaration.Absent() -> {}
                    case Declaration.Broken(String reason) -> problems.add(reason);
                    case Declaration.Links(List<DeclaredLink> links) -> lists.put(pod.pod(), links);
                }
            }
        }
        TopologyCheck.check(lists).forEach(problem -> problems.add(problem.toString()));
        return new Findings(lists.size(), problems);
    }
}
