package io.meshnet.bench;

import io.meshnet.reconciler.NodeInspection;
import io.meshnet.topology.DeclaredLink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Reconciling 100 pods with 4,000 links in place: everything is looked at, and there is nothing to do. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class ReconcileBenchmark {
    private static final int PODS = 100;
    private static final int LINKS = 4000;

    private Namespaces namespaces;
    private Node node;
    private NodeInspection inspection;

    /** For JMH. */
    public ReconcileBenchmark() {}

    /** Makes the pods and has their links made. */
    @Setup
    public void open() {
        namespaces = new Namespaces(PODS);
        node = new Node(namespaces.prefix());
        inspection = new NodeInspection(Ports.NODE, node.reconciler());
        for (int pod = 0; pod < PODS; pod++) {
            node.place(pod, links(pod));
        }
        node.reconcile(PODS);
    }

    /** Each pod declares its links to those after it. */
    private static List<DeclaredLink> links(int pod) {
        List<DeclaredLink> links = new ArrayList<>();
        for (int i = 0; i < LINKS / PODS; i++) {
            links.add(Node.link(pod * (LINKS / PODS) + i + 1, pod, (pod + 1 + i) % PODS));
        }
        return links;
    }

    /** All pods, one after the other. */
    @Benchmark
    public void nothingToDo() {
        node.reconcile(PODS);
    }

    /** The periodic inspection: what should be beside what the daemon knows of the patch namespace. */
    @Benchmark
    public void inspect() {
        NodeInspection.Result seen = inspection.take(false).join();
        if (!seen.doubtful().isEmpty()) {
            throw new IllegalStateException("to be done in " + seen.doubtful());
        }
    }

    /** What {@code /v1/links} shows: each interface in its pod as well. */
    @Benchmark
    public Object inspectInDetail() {
        return inspection.take(true).join();
    }

    /** Removes the pods. */
    @TearDown
    public void close() {
        node.close();
        namespaces.close();
    }
}
