package io.meshnet.bench;

import io.meshnet.reconciler.kernel.WireMaps;
import io.meshnet.reconciler.kernel.WireRemote;
import java.net.InetAddress;
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

/** Wires: updates of maps. With {@code -prof gc} it shows 0 bytes for each. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class WireBenchmark {
    private static final int VNI = 5021;
    private static final int PORT = WireMaps.FIRST_IFINDEX;
    private static final int TUNNEL = 1 << 23;

    private final WireRemote remote = WireRemote.of(InetAddress.ofLiteral("192.0.2.2"));
    private WireMaps maps;

    /** For JMH. */
    public WireBenchmark() {}

    /** Makes the maps. */
    @Setup
    public void open() {
        maps = WireMaps.create();
    }

    /** Between two ports of the node. */
    @Benchmark
    public void ports() {
        maps.connectPorts(PORT, PORT + 1);
    }

    /** Between a port and another node. */
    @Benchmark
    public void node() {
        maps.toNode(PORT + 2, TUNNEL, VNI, remote, false);
        maps.fromNode(VNI, PORT + 2, remote);
    }

    /** Frees the maps. */
    @TearDown
    public void close() {
        maps.close();
    }
}
