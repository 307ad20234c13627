package io.meshnet.reconciler.kernel;

import static io.meshnet.bpf.Register.R0;
import static io.meshnet.bpf.Register.R1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.meshnet.bpf.Assembler;
import io.meshnet.bpf.BpfMap;
import io.meshnet.bpf.BpfProgram;
import io.meshnet.reconciler.plan.PortWire;
import io.meshnet.reconciler.plan.TunnelWire;
import java.net.InetAddress;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The entries of the maps, in the kernel. */
class WireMapsTest {

    private static final int A = 1 << 24;
    private static final int B = A + 1;
    private static final int VXLAN = 7;
    private static final int VNI = 5021;

    private final WireMaps maps = WireMaps.create();

    @AfterEach
    void closeMaps() {
        maps.close();
    }

    private static String bytes(BpfMap map, int key) {
        map.key().putInt(0, key);
        assertThat(map.get()).isTrue();
        byte[] value = new byte[map.valueBytes()];
        map.value().get(0, value);
        return HexFormat.of().formatHex(value);
    }

    @Test
    void portsOfOneNodeAreConnectedBothWays() {
        maps.connectPorts(A, B);

        assertThat(maps.port(A)).contains(new PortWire(B, 0, Optional.empty(), false, 0));
        assertThat(maps.port(B)).contains(new PortWire(A, 0, Optional.empty(), false, 0));
        assertThat(bytes(maps.ports(), A)).isEqualTo("01000001" + "0".repeat(72));
    }

    @Test
    void anIpv4RemoteIsInHostOrder() throws Exception {
        InetAddress remote = InetAddress.getByName("10.0.0.2");
        maps.toNode(A, VXLAN, VNI, remote, true);
        maps.fromNode(VNI, A, remote);

        assertThat(bytes(maps.ports(), A))
                .isEqualTo("07000000" + "9d130000" + "0200000a" + "0".repeat(24) + "01000000" + "0".repeat(24));
        assertThat(bytes(maps.tunnels(), VNI))
                .isEqualTo("00000001" + "00000000" + "0200000a" + "0".repeat(24) + "0".repeat(16));
        assertThat(maps.port(A)).contains(new PortWire(VXLAN, VNI, Optional.of(remote), true, 0));
        assertThat(maps.tunnel(VNI)).contains(new TunnelWire(A, remote, 0));
    }

    @Test
    void anIpv6RemoteIsInNetworkOrder() throws Exception {
        InetAddress remote = InetAddress.getByName("fd00::2");
        maps.toNode(A, VXLAN, VNI, remote, false);

        assertThat(bytes(maps.ports(), A))
                .isEqualTo("07000000" + "9d130000" + "fd000000000000000000000000000002" + "0".repeat(32));
        assertThat(maps.port(A)).contains(new PortWire(VXLAN, VNI, Optional.of(remote), false, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.2", "255.255.255.255", "128.0.0.1", "fd00::2", "2001:db8::ffff:ffff", "::1"})
    void aRemoteIsReadAsItWasWritten(String text) throws Exception {
        InetAddress address = InetAddress.getByName(text);
        WireRemote remote = WireRemote.of(address);

        assertThat(remote.address()).isEqualTo(address);
        assertThat(remote).isEqualTo(WireRemote.of(address)).hasSameHashCodeAs(WireRemote.of(address));
        assertThat(remote).hasToString(address.getHostAddress());
    }

    @Test
    void invalidRemotesAndVnisAreRefused() throws Exception {
        InetAddress prefix = InetAddress.getByName("2001:db8::");
        assertThatIllegalArgumentException().isThrownBy(() -> WireRemote.of(prefix));
        InetAddress remote = InetAddress.getByName("10.0.0.2");
        for (int vni : new int[] {0, -1, 1 << 24}) {
            assertThatIllegalArgumentException().isThrownBy(() -> maps.toNode(A, VXLAN, vni, remote, false));
            assertThatIllegalArgumentException().isThrownBy(() -> maps.fromNode(vni, A, remote));
        }
    }

    @Test
    void aRedirectedEntryKeepsItsCounter() throws Exception {
        maps.connectPorts(A, B);
        maps.ports().key().putInt(0, A);
        maps.ports().get();
        maps.ports().value().putLong(WireMaps.TOO_BIG, 42);
        maps.ports().put();

        maps.toNode(A, VXLAN, VNI, InetAddress.getByName("10.0.0.2"), true);
        assertThat(maps.port(A).orElseThrow().tooBig()).isEqualTo(42);

        maps.toPort(A, B);
        assertThat(maps.port(A)).contains(new PortWire(B, 0, Optional.empty(), false, 42));
    }

    @Test
    void aNewEntryCountsFromZero() {
        maps.toPort(A, B);
        maps.ports().value().putLong(WireMaps.TOO_BIG, 42); // left in the buffer

        maps.toPort(B, A);

        assertThat(maps.port(B).orElseThrow().tooBig()).isZero();
    }

    @Test
    void cutEntriesAreGone() throws Exception {
        maps.connectPorts(A, B);
        maps.fromNode(VNI, A, InetAddress.getByName("10.0.0.2"));

        assertThat(maps.cutPort(A)).isTrue();
        assertThat(maps.cutPort(A)).isFalse();
        assertThat(maps.cutTunnel(VNI)).isTrue();
        assertThat(maps.cutTunnel(VNI)).isFalse();

        assertThat(maps.port(A)).isEmpty();
        assertThat(maps.tunnel(VNI)).isEmpty();
        assertThat(maps.allPorts()).containsOnlyKeys(B);
        assertThat(maps.allTunnels()).isEmpty();
    }

    @Test
    void allWiresAreListed() throws Exception {
        InetAddress remote = InetAddress.getByName("10.0.0.2");
        for (int i = 0; i < 2000; i++) {
            maps.toPort(A + i, B + i);
            maps.fromNode(1 + i, A + i, remote);
        }

        Map<Integer, PortWire> ports = maps.allPorts();
        Map<Integer, TunnelWire> tunnels = maps.allTunnels();

        assertThat(ports).hasSize(2000);
        assertThat(ports.get(A + 7).target()).isEqualTo(B + 7);
        assertThat(tunnels).hasSize(2000).containsEntry(8, new TunnelWire(A + 7, remote, 0));
    }

    @Test
    void anIfindexIsGivenOnce() {
        assertThat(maps.nextIfindex()).isEqualTo(1 << 24);
        assertThat(maps.takeIfindexes(3)).isEqualTo(1 << 24);
        assertThat(maps.takeIfindexes(1)).isEqualTo((1 << 24) + 3);

        maps.raiseNextIfindex(1 << 25);
        maps.raiseNextIfindex(1 << 24);

        assertThat(maps.takeIfindexes(1)).isEqualTo(1 << 25);
        assertThatIllegalArgumentException().isThrownBy(() -> maps.takeIfindexes(0));
        assertThatIllegalArgumentException().isThrownBy(() -> maps.takeIfindexes(Integer.MAX_VALUE));
        maps.raiseNextIfindex(Integer.MAX_VALUE);
        assertThatIllegalArgumentException().isThrownBy(() -> maps.takeIfindexes(1));
    }

    @Test
    void mapsOfAnotherLayoutAreNotOpened() {
        try (BpfMap other = BpfMap.hash("meshnet_ports", 4, 8, 1);
                BpfProgram none =
                        BpfProgram.load("none", new Assembler().mov(R0, 0).exit());
                BpfProgram older = BpfProgram.load(
                        "older",
                        new Assembler()
                                .loadMap(R1, other)
                                .loadMap(R1, maps.tunnels())
                                .loadMap(R1, maps.numbers())
                                .mov(R0, 0)
                                .exit())) {
            assertThat(WireMaps.of(none)).isEmpty();
            assertThat(WireMaps.of(older)).isEmpty();
        }
    }

    @Test
    void connectingAndCuttingAllocatesNothing() throws Exception {
        WireRemote remote = WireRemote.of(InetAddress.getByName("10.0.0.2"));
        long allocated = Long.MAX_VALUE;
        // the compiler takes its time on a busy machine, so give it some
        for (int round = 0; round < 200 && allocated > 0; round++) {
            long before = Allocation.ofThisThread();
            for (int i = 0; i < 5000; i++) {
                maps.connectPorts(A, B);
                maps.toNode(A, VXLAN, VNI, remote, false);
                maps.fromNode(VNI, A, remote);
                maps.cutPort(A);
                maps.cutTunnel(VNI);
            }
            allocated = (Allocation.ofThisThread() - before) / 5000;
        }
        assertThat(allocated).as("bytes allocated").isZero();
    }
}
