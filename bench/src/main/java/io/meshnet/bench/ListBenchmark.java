package io.meshnet.bench;

import io.meshnet.netlink.Link;
import java.util.List;
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

/** Looking at a patch namespace with 8,000 ports: one dump. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 3)
@Measurement(iterations = 1, time = 3)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class ListBenchmark extends NodeState {
    private static final int PORTS = 8_000;

    /** For JMH. */
    public ListBenchmark() {}

    /** Makes the ports, which the end of the iteration takes away. */
    @Setup(Level.Iteration)
    public void link() {
        for (int i = 0; i < PORTS; i++) {
            ports().port(i);
        }
    }

    /** Lists them. */
    @Benchmark
    public List<Link> list() {
        return ports().list();
    }
}
