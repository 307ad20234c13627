package io.meshnet.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** One change of one interface, with its percentiles. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class PortBenchmark {

    /** For JMH. */
    public PortBenchmark() {}

    /** A port with a wire to another node, complete. */
    @Benchmark
    public void port(NodeState state) {
        state.ports().port(state.next());
    }

    /** An address more on a link. */
    @Benchmark
    public void address(NodeState state) {
        state.ports().addAddress(state.next());
    }
}
