package io.meshnet.netlink;

import static io.meshnet.bpf.Register.R0;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.bpf.Assembler;
import io.meshnet.bpf.BpfProgram;
import io.meshnet.bpf.Pin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What we send is what {@code tc} sends for the same, attribute by attribute. Runs the real one,
 * under strace.
 */
class LikeTcTest {

    private static final int RTM_NEWQDISC = 36;
    private static final int RTM_GETQDISC = 38;
    private static final int RTM_NEWTFILTER = 44;
    private static final int RTM_GETTFILTER = 46;
    private static final int TCMSG = 20;

    private TestNetns node;
    private int ifindex;

    @BeforeEach
    void makeLink() {
        node = TestNetns.create();
        node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth2");
        ifindex = node.link("eth1").ifindex();
    }

    @AfterEach
    void deleteNamespace() {
        node.close();
    }

    private void same(int type, Consumer<MessageWriter> ours, String arguments) {
        byte[] theirs =
                IpRequests.sentBy("tc", type, node.name(), arguments.split(" ")).getLast();

        assertThat(IpRequests.canonical(Golden.written(ours), TCMSG))
                .as("tc " + arguments)
                .isEqualTo(IpRequests.canonical(theirs, TCMSG));
    }

    @Test
    void aClsactIsAttached() {
        same(RTM_NEWQDISC, writer -> TrafficMessages.attachClsact(writer, ifindex), "qdisc replace dev eth1 clsact");
    }

    @Test
    void aClsactWithBlocksIsAttached() {
        same(
                RTM_NEWQDISC,
                writer -> TrafficMessages.attachClsact(writer, ifindex, 1, 2),
                "qdisc replace dev eth1 ingress_block 1 egress_block 2 clsact");
    }

    @Test
    void aProgramIsAttached(@TempDir Path directory) throws Exception {
        node.socket().trafficControl().attachClsact(ifindex);
        Path files = Files.createDirectory(directory.resolve("bpf"));
        Commands.run("mount", "-t", "bpf", "bpf", files.toString());
        try (BpfProgram program =
                BpfProgram.load("pass", new Assembler().mov(R0, 0).exit())) {
            Pin.pin(program, files.resolve("p"));

            same(
                    RTM_NEWTFILTER,
                    writer -> TrafficMessages.attachBpf(writer, ifindex, program.fd(), "p:[*fsobj]"),
                    "filter replace dev eth1 ingress protocol all prio 1 handle 1 bpf direct-action pinned "
                            + files.resolve("p"));
            node.socket().trafficControl().attachClsact(node.link("eth2").ifindex(), 1, 2);
            same(
                    RTM_NEWTFILTER,
                    writer -> TrafficMessages.attachBpfToBlock(writer, 1, program.fd(), "p:[*fsobj]"),
                    "filter replace block 1 protocol all prio 1 handle 1 bpf direct-action pinned "
                            + files.resolve("p"));
        } finally {
            Commands.run("umount", files.toString());
        }
    }

    @Test
    void dumpsAreRequested() {
        node.socket().trafficControl().attachClsact(ifindex);

        same(RTM_GETTFILTER, writer -> TrafficMessages.filters(writer, ifindex), "filter show dev eth1 ingress");
        same(RTM_GETQDISC, TrafficMessages::qdiscs, "qdisc show");
    }
}
