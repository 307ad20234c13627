package io.meshnet.bench;

import io.meshnet.reconciler.Cluster;
import io.meshnet.reconciler.KernelThread;
import io.meshnet.reconciler.NetnsIds;
import io.meshnet.reconciler.NodeIdentity;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.reconciler.Survey;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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

    private final Cluster cluster = new Cluster();
    private Namespaces namespaces;
    private KernelThread kernel;
    private Reconciler reconciler;
    private Survey survey;

    /** For JMH. */
    public ReconcileBenchmark() {}

    /** Makes the pods and has their links made. */
    @Setup
    public void open() throws UnknownHostException {
        namespaces = new Namespaces(PODS);
        InetAddress vtep = InetAddress.getByName("192.0.2.1");
        kernel = new KernelThread(_ -> Runtime.getRuntime().halt(1));
        NodeIdentity node = new NodeIdentity("bench", vtep, 0, 4789, 1450);
        NetnsIds ids = new NetnsIds();
        reconciler = new Reconciler(node, cluster, kernel, _ -> Optional.empty(), ids);
        survey = new Survey(node, cluster, kernel, ids);
        for (int pod = 0; pod < PODS; pod++) {
            String netns = Pods.path(namespaces.prefix(), pod).toString();
            var placement = new Placement(vtep, netns, "container" + pod, "bench");
            var _ = cluster.put(
                    new PodRecord(name(pod), new Declaration.Links(links(pod)), Optional.of(placement), pod + 1));
        }
        all();
    }

    /** Each pod declares its links to those after it. */
    private static List<DeclaredLink> links(int pod) {
        List<DeclaredLink> links = new ArrayList<>();
        for (int i = 0; i < LINKS / PODS; i++) {
            int uid = pod * (LINKS / PODS) + i + 1;
            Prefix address = Prefix.parse("10.%d.%d.1/24".formatted(uid >> 8, uid & 255));
            Prefix peer = Prefix.parse("10.%d.%d.2/24".formatted(uid >> 8, uid & 255));
            links.add(new DeclaredLink(
                    uid,
                    new LinkEnd(name(pod), "to" + i, Optional.of(address)),
                    new LinkEnd(name((pod + 1 + i) % PODS), "from" + i, Optional.of(peer))));
        }
        return links;
    }

    private static PodName name(int pod) {
        return PodName.of("pod" + pod);
    }

    private void all() {
        var turns = new CompletableFuture<?>[PODS];
        for (int pod = 0; pod < PODS; pod++) {
            turns[pod] = reconciler.reconcile(name(pod)).thenAccept(outcome -> {
                if (!outcome.failures().isEmpty()) {
                    throw new IllegalStateException(outcome.failures().toString());
                }
            });
        }
        CompletableFuture.allOf(turns).join();
    }

    /** All pods, one after the other. */
    @Benchmark
    public void nothingToDo() {
        all();
    }

    /** The periodic resync: two dumps for each pod, none of which is opened. */
    @Benchmark
    public void survey() {
        Survey.Result seen = survey.take().join();
        if (!seen.doubtful().isEmpty()) {
            throw new IllegalStateException("to be done in " + seen.doubtful());
        }
    }

    /** Removes the pods. */
    @TearDown
    public void close() {
        kernel.close();
        namespaces.close();
    }
}
