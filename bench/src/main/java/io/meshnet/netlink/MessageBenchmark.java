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

/** Writing all messages that make a link, without sending any: with {@code -prof gc} it shows 0 bytes per link. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class MessageBenchmark {
    private static final String ALIAS = "meshnet:21 23.23.23.2/24 default/pod2:eth2 default/pod3:eth2";

    private MessageWriter writer;
    private NewLink near;
    private NewLink far;
    private InterfaceAddress address;

    /** Opens a namespace and a buffer. */
    @Setup
    public void open() throws UnknownHostException {
        writer = new MessageWriter(Arena.ofAuto().allocate(8 << 10, Integer.BYTES), 1);
        Netns nowhere = new Netns(1, 0, 0, "nowhere");
        near = new NewLink(nowhere, "eth1", 100_001, 1450, new MacAddress(0x020000000001L), 77, ALIAS);
        far = new NewLink(nowhere, "eth2", 100_002, 1450, new MacAddress(0x020000000002L), 77, ALIAS);
        address = new InterfaceAddress(InetAddress.getByName("23.23.23.2"), 24);
    }

    /** The messages of one veth: both ends, their aliases, up and an address each. */
    @Benchmark
    public int veth() {
        writer.clear();
        VethMessages.create(writer, near, far);
        end(near);
        end(far);
        return writer.length();
    }

    private void end(NewLink link) {
        LinkMessages.alias(writer, link.name(), link.alias());
        LinkMessages.up(writer, link.ifindex(), true);
        AddressMessages.add(writer, link.ifindex(), address);
    }
}
