package io.meshnet.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** One operation on one link, with its percentiles. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class LinkBenchmark {

    /** For JMH. */
    public LinkBenchmark() {}

    /** A request that means nothing, and its ack. */
    @Benchmark
    public int exchange(NodeState state) {
        return state.pods().exchange();
    }

    /** A veth, both ends complete. */
    @Benchmark
    public void veth(NodeState state) {
        state.pods().veth(state.next());
    }

    /** One end of a vxlan, complete. */
    @Benchmark
    public void vxlan(NodeState state) {
        state.pods().vxlan(state.next());
    }

    /** An address more on a link. */
    @Benchmark
    public void address(NodeState state) {
        state.pods().addAddress(state.next());
    }

    /** A veth, and its deletion, which returns when the kernel has freed it. */
    @Benchmark
    public void vethAndDelete(NodeState state) {
        int i = state.next();
        state.pods().veth(i);
        state.pods().delete(i);
    }
}
