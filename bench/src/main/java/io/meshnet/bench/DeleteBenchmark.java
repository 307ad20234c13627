package io.meshnet.bench;

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

/** The end of a pod: no namespace lists its ports any more. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 20)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class DeleteBenchmark {

    /** Links of the pod, all of them with one peer on the node. */
    @Param({"1", "10", "100", "400"})
    public int links;

    private Namespaces namespaces;
    private Node node;

    /** For JMH. */
    public DeleteBenchmark() {}

    /** Makes the namespaces. */
    @Setup(Level.Trial)
    public void open() {
        namespaces = new Namespaces(2);
        node = new Node(namespaces.prefix());
        node.placePair(links);
    }

    /** Makes the links. */
    @Setup(Level.Invocation)
    public void link() {
        node.reconcile(2);
    }

    /** Deletes the ports of one of the pods. */
    @Benchmark
    public void release() {
        node.reconciler().release(node.pod(0)).join();
    }

    /** Removes the namespaces. */
    @TearDown(Level.Trial)
    public void stop() {
        node.close();
        namespaces.close();
    }
}
