package io.meshnet.bench;

import io.meshnet.reconciler.Cluster;
import io.meshnet.reconciler.KernelThread;
import io.meshnet.reconciler.LocalPod;
import io.meshnet.reconciler.NetnsIds;
import io.meshnet.reconciler.NodeIdentity;
import io.meshnet.reconciler.Reconciler;
import io.meshnet.topology.PodName;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The end of a pod: all of its links gone from its own namespace and from its peers'. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 20)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class DeleteBenchmark extends NodeState {

    /** Links of the pod. */
    @Param({"1", "10", "100", "400"})
    public int links;

    private final KernelThread kernel =
            new KernelThread(_ -> Runtime.getRuntime().halt(1));
    private final Reconciler reconciler = new Reconciler(
            new NodeIdentity("bench", InetAddress.ofLiteral("192.0.2.1"), 0, 4789, 1450),
            new Cluster(),
            kernel,
            _ -> Optional.empty(),
            new NetnsIds());
    private LocalPod pod;

    /** For JMH. */
    public DeleteBenchmark() {}

    /** Makes the pod's links. */
    @Setup(Level.Invocation)
    public void link() {
        pod = new LocalPod(PodName.of("pod"), pods().path(0), Optional.empty());
        for (int i = 0; i < links; i++) {
            pods().vethOfFirst(i);
        }
    }

    /** Deletes them by their group. */
    @Benchmark
    public void deleteGroup() {
        reconciler.release(pod).join();
    }

    /** Ends the kernel thread. */
    @TearDown(Level.Trial)
    public void stop() {
        kernel.close();
    }
}
