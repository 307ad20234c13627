package io.meshnet.netlink;

import static io.meshnet.bpf.Register.R0;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.bpf.Assembler;
import io.meshnet.bpf.BpfProgram;
import java.net.InetAddress;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many changes in few sends, in the kernel. */
class LinkBatchTest {

    private static final int GROUP = 0x6d65;
    private static final int NONE = 0;

    private TestNetns node;
    private TestNetns a;
    private TestNetns b;

    @BeforeEach
    void makeNamespaces() {
        node = TestNetns.create();
        a = TestNetns.create();
        b = TestNetns.create();
    }

    @AfterEach
    void deleteNamespaces() {
        b.close();
        a.close();
        node.close();
    }

    private static NewLink end(TestNetns netns, String name, int ifindex) {
        return new NewLink(netns.netns(), name, ifindex, 1400, MacAddress.NONE, GROUP, "");
    }

    private static InterfaceAddress address(String text) throws Exception {
        return new InterfaceAddress(InetAddress.getByName(text), text.contains(":") ? 64 : 24);
    }

    private static Vxlan vxlan(int vni) throws Exception {
        return new Vxlan(
                vni,
                Optional.of(InetAddress.getByName("10.0.0.2")),
                Optional.empty(),
                4789,
                NONE,
                /* learning= */ false);
    }

    /** Some veths between a and b, at indices from 1001 and 2001 on. */
    private BitSet veths(LinkBatch batch, int count) {
        for (int i = 1; i <= count; i++) {
            batch.createVeth(end(a, "near" + i, 1000 + i), end(b, "far" + i, 2000 + i));
        }
        return batch.send();
    }

    private static BitSet numbers(int... numbers) {
        BitSet set = new BitSet();
        IntStream.of(numbers).forEach(set::set);
        return set;
    }

    @Test
    void linksOfEveryKindAreMadeAndSetUpAsTheyAreOneByOne() throws Exception {
        node.links().createVeth(end(a, "alone", 71), end(b, "peer", 72));
        a.links().raise(71, "its alias", List.of(address("10.1.0.1"), address("fd00::1")));
        b.links().raise(72, "its alias", List.of());
        try (LinkBatch batch = new LinkBatch(node.socket(), 3)) {
            assertThat(veths(batch, 2)).isEqualTo(numbers());
            batch.createVxlan(end(a, "tunnel", 73), vxlan(5001));
            assertThat(batch.send()).isEqualTo(numbers());
        }
        try (LinkBatch batch = new LinkBatch(b.socket(), 2)) {
            batch.raise(2001, "", List.of());
            batch.raise(2002, "", List.of());
            assertThat(batch.send()).isEqualTo(numbers());
        }
        try (LinkBatch batch = new LinkBatch(a.socket(), 3)) {
            batch.raise(1001, "its alias", List.of(address("10.1.1.1"), address("fd00:1::1")));
            batch.raise(1002, "its alias", List.of(address("10.1.2.1"), address("fd00:2::1")));
            batch.raise(73, "its alias", List.of(address("10.1.3.1")));
            assertThat(batch.send()).isEqualTo(numbers());
        }

        Link alone = a.link("alone");
        for (int i = 1; i <= 2; i++) {
            Link link = a.link("near" + i);
            assertThat(link.ifindex()).isEqualTo(1000 + i);
            assertThat(link.peer()).isEqualTo(2000 + i);
            assertThat(link)
                    .usingRecursiveComparison()
                    .ignoringFields("name", "ifindex", "peer", "mac")
                    .isEqualTo(alone);
            assertThat(a.socket().addresses().list().get(link.ifindex()))
                    .containsExactly(address("10.1." + i + ".1"), address("fd00:" + i + "::1"));
            assertThat(b.link("far" + i).isUp()).isTrue();
        }
        Link tunnel = a.link("tunnel");
        assertThat(tunnel.vxlan().orElseThrow().vni()).isEqualTo(5001);
        assertThat(tunnel.alias()).isEqualTo("its alias");
        assertThat(tunnel.isUp()).isTrue();
    }

    @Test
    void whatIsRefusedIsToldByNumberAndAllElseIsDone() throws Exception {
        a.ip("link", "add", "near2", "type", "bridge");
        a.ip("link", "add", "other", "index", "1004", "type", "bridge");
        try (LinkBatch batch = new LinkBatch(node.socket(), 5)) {
            assertThat(veths(batch, 5)).isEqualTo(numbers(1, 3));
        }
        try (LinkBatch batch = new LinkBatch(a.socket(), 3)) {
            batch.raise(1001, "first", List.of());
            batch.raise(1099, "nobody's", List.of(address("10.1.1.1")));
            batch.raise(1005, "last", List.of());
            assertThat(batch.send()).isEqualTo(numbers(1));
        }

        assertThat(a.links().list())
                .extracting(Link::name)
                .containsExactlyInAnyOrder("lo", "near1", "near2", "near3", "near5", "other");
        assertThat(a.link("near1").alias()).isEqualTo("first");
        assertThat(a.link("near5").alias()).isEqualTo("last");
        assertThat(a.link("near5").isUp()).isTrue();
    }

    @Test
    void anAddressThatIsThereAlreadyIsNoRefusal() throws Exception {
        try (LinkBatch batch = new LinkBatch(node.socket(), 1)) {
            veths(batch, 1);
        }
        a.links().raise(1001, List.of(address("10.1.1.1")));

        try (LinkBatch batch = new LinkBatch(a.socket(), 1)) {
            batch.raise(1001, "", List.of(address("10.1.1.1"), address("10.1.2.1")));
            assertThat(batch.send()).isEqualTo(numbers());
        }

        assertThat(a.socket().addresses().list().get(1001)).containsExactly(address("10.1.1.1"), address("10.1.2.1"));
    }

    @Test
    void thereMayBeMoreThanWasSaidAndMoreThanOneSendHolds() {
        int many = 600;
        try (LinkBatch said = new LinkBatch(node.socket(), many)) {
            assertThat(veths(said, many)).isEqualTo(numbers());
        }
        assertThat(a.links().list()).hasSize(many + 1);
        a.links().deleteGroup(GROUP);

        try (LinkBatch batch = new LinkBatch(node.socket(), 1)) {
            assertThat(veths(batch, 10)).isEqualTo(numbers());
        }
        assertThat(a.links().list()).hasSize(10 + 1);
    }

    @Test
    void moreAddressesThanThereIsRoomForAreRefused() throws Exception {
        try (LinkBatch batch = new LinkBatch(node.socket(), 1)) {
            veths(batch, 1);
        }
        InterfaceAddress address = address("10.1.1.1");

        try (LinkBatch batch = new LinkBatch(a.socket(), 1)) {
            batch.raise(1001, "", Collections.nCopies(1000, address));
            assertThat(batch.send()).isEqualTo(numbers(0));
        }
    }

    @Test
    void whatWasNotSentIsNotDone() {
        try (LinkBatch batch = new LinkBatch(node.socket(), 1)) {
            batch.createVeth(end(a, "near1", 1001), end(b, "far1", 2001));
        }

        assertThat(a.links().list()).extracting(Link::name).containsExactly("lo");
    }

    @Test
    void equippingALinkAsAPortIsRepeatable() {
        try (LinkBatch batch = new LinkBatch(node.socket(), 2);
                BpfProgram program =
                        BpfProgram.load("pass", new Assembler().mov(R0, 0).exit())) {
            veths(batch, 2);
            try (LinkBatch ports = new LinkBatch(a.socket(), 1)) {
                for (int i = 0; i < 2; i++) {
                    ports.equip(1001, 1, 2, "x".repeat(255));
                    ports.up(1001, true);
                    ports.mtu(1001, 65_535);
                    ports.equip(1099, 1, 2, "nobody's");
                    ports.equip(1002, 1, 2, "short");
                }
                assertThat(ports.send()).isEqualTo(numbers(3, 8));
            }
            a.socket().trafficControl().attachBpfToBlock(1, program.fd(), program.name());

            for (int ifindex : List.of(1001, 1002)) {
                assertThat(a.socket().trafficControl().filter(ifindex))
                        .contains(new BpfFilter(program.id(), "pass", 1, 1));
            }
            assertThat(a.link("near1"))
                    .returns("x".repeat(255), Link::alias)
                    .returns(65_535, Link::mtu)
                    .returns(true, Link::isUp);
            assertThat(a.link("near2").isUp()).isFalse();
        }
    }

    @Test
    void theKernelSetsTheAliasEvenIfItRefusesTheClsact() {
        try (LinkBatch batch = new LinkBatch(node.socket(), 1)) {
            veths(batch, 1);
        }
        Commands.run("tc", "-n", a.name(), "qdisc", "add", "dev", "near1", "ingress");
        try (LinkBatch ports = new LinkBatch(a.socket(), 1)) {
            ports.equip(1001, 1, 2, "alias");
            assertThat(ports.send()).as("one change, refused").isEqualTo(numbers(0));
        }
        assertThat(a.link("near1").alias()).isEqualTo("alias");
    }

    @Test
    void theLastCallOfUpWins() {
        try (LinkBatch batch = new LinkBatch(node.socket(), 2)) {
            veths(batch, 2);
        }
        try (LinkBatch batch = new LinkBatch(a.socket(), 4)) {
            batch.raise(1001, "", List.of());
            batch.up(1001, false);
            batch.up(1002, false);
            batch.up(1002, true);
            assertThat(batch.send()).isEqualTo(numbers());
        }

        assertThat(a.link("near1").isUp()).isFalse();
        assertThat(a.link("near2").isUp()).isTrue();
    }
}
