package io.meshnet.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The whole path of a veth's messages, to the kernel and back: written, sent, and their acks received and read. What the messages say
 * is there before, so that {@code -prof gc} shows what the path itself allocates: nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class PathBenchmark extends NodeState {

    /** More than there is time for in an iteration. */
    private static final int MOST = 40_000;

    /** For JMH. */
    public PathBenchmark() {}

    /** Makes what the messages of all links say. */
    @Setup(Level.Trial)
    public void prepare() {
        pods().prepare(MOST);
    }

    /** Makes the first link. */
    @Setup(Level.Iteration)
    public void link() {
        veth();
    }

    /** Both ends of a veth, complete. */
    @Benchmark
    public void veth() {
        pods().prepared(next());
    }

    /** Both ends of a veth that is up and marked already: no more than an exchange each, so often that the JVM compiles all of it. */
    @Benchmark
    public void raised() {
        pods().raisedAgain();
    }
}
