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
 * The whole path of a message, to the kernel and back: written, sent, and its ack received and read. It changes nothing, so that it runs
 * often enough for the JVM to compile all of it, and {@code -prof gc} shows what the path itself allocates: nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class PathBenchmark extends NodeState {

    /** For JMH. */
    public PathBenchmark() {}

    /** Makes a port. */
    @Setup(Level.Iteration)
    public void link() {
        ports().port(next());
    }

    /** The interface of a port that is up already is set up. */
    @Benchmark
    public void raised() {
        ports().raisedAgain(0);
    }
}
