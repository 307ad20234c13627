package io.meshnet.netlink;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.UnknownHostException;
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
import org.openjdk.jmh.annotations.Warmup;

/** Writing all messages that make a port, without sending any: with {@code -prof gc} it shows 0 bytes for each. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class MessageBenchmark {
    private static final String ALIAS = "meshnet eth2 21 23.23.23.2/24 auto/1450 default/pod2";

    private MessageWriter writer;
    private NewLink near;
    private NewLink far;
    private InterfaceAddress address;

    /** Opens a namespace and a buffer. */
    @Setup
    public void open() throws UnknownHostException {
        writer = new MessageWriter(Arena.ofAuto().allocate(8 << 10, Integer.BYTES), 1);
        Netns nowhere = new Netns(1, 0, 0, "nowhere");
        near = new NewLink(nowhere, "eth2", 100_042, 1450, new MacAddress(0x020000000001L), 0, "");
        far = new NewLink(nowhere, "port16777216", 1 << 24, 65_535, MacAddress.NONE, 77, "");
        address = new InterfaceAddress(InetAddress.getByName("23.23.23.2"), 24);
    }

    /** The messages of one port: the veth, the patch side's clsact, alias and up, the interface's address and up. */
    @Benchmark
    public int port() {
        writer.clear();
        VethMessages.create(writer, near, far);
        TrafficMessages.attachClsact(writer, far.ifindex(), 1, 2);
        LinkMessages.alias(writer, far.ifindex(), ALIAS);
        AddressMessages.add(writer, near.ifindex(), address);
        LinkMessages.up(writer, near.ifindex(), true);
        LinkMessages.up(writer, far.ifindex(), true);
        return writer.length();
    }
}
