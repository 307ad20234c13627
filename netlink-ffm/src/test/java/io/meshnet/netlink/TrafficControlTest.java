package io.meshnet.netlink;

import static io.meshnet.bpf.Register.R0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.meshnet.bpf.Assembler;
import io.meshnet.bpf.BpfException;
import io.meshnet.bpf.BpfProgram;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Qdiscs and filters, in the kernel. */
class TrafficControlTest {

    private static final int TC_ACT_OK = 0;
    private static final int TC_ACT_SHOT = 2;

    private TestNetns node;
    private TrafficControl control;
    private int ifindex;

    @BeforeEach
    void makeLink() {
        node = TestNetns.create();
        node.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth2");
        ifindex = node.link("eth1").ifindex();
        control = node.socket().trafficControl();
    }

    @AfterEach
    void deleteNamespace() {
        node.close();
    }

    private static BpfProgram program(String name, int result) {
        return BpfProgram.load(name, new Assembler().mov(R0, result).exit());
    }

    private static NetlinkException refusal(ThrowingCallable call) {
        return catchThrowableOfType(NetlinkException.class, call);
    }

    @Test
    void aProgramIsAttachedAndFoundAgain() {
        try (BpfProgram program = program("pass", TC_ACT_OK)) {
            control.attachClsact(ifindex);
            assertThat(control.filter(ifindex)).isEmpty();

            control.attachBpf(ifindex, program.fd(), "wire");

            assertThat(control.filter(ifindex)).contains(new BpfFilter(program.id(), "wire", 1, 1));
        }
        String shown = Commands.run("tc", "-n", node.name(), "filter", "show", "dev", "eth1", "ingress");
        assertThat(shown).contains("protocol all pref 1 bpf", "handle 0x1 wire direct-action", "name pass");
        int id = control.filter(ifindex).orElseThrow().programId();
        try (BpfProgram again = BpfProgram.open(id)) {
            assertThat(again.name()).isEqualTo("pass");
            assertThat(shown).contains("tag %016x".formatted(again.tag()));
        }
    }

    @Test
    void aProgramIsReplacedByTheNext() {
        control.attachClsact(ifindex);
        int replaced;
        try (BpfProgram first = program("first", TC_ACT_OK);
                BpfProgram second = program("second", TC_ACT_SHOT)) {
            control.attachBpf(ifindex, first.fd(), "wire");
            control.attachBpf(ifindex, second.fd(), "next");
            assertThat(control.filter(ifindex)).contains(new BpfFilter(second.id(), "next", 1, 1));
            replaced = first.id();
        }
        assertThat(Commands.run("tc", "-n", node.name(), "filter", "show", "dev", "eth1", "ingress"))
                .containsOnlyOnce("handle 0x1");
        Commands.run("tc", "-n", node.name(), "qdisc", "delete", "dev", "eth1", "clsact");
        goes(replaced);
    }

    /**
     * Waits until a program is gone, which the kernel frees when no processor runs it any longer.
     */
    private static void goes(int program) {
        long start = System.nanoTime();
        while (true) {
            try {
                BpfProgram.open(program).close();
            } catch (BpfException e) {
                assertThat(e).hasMessage("open BPF program " + program + ": ENOENT (no such object)");
                return;
            }
            assertThat(System.nanoTime() - start)
                    .as("program %d lives on", program)
                    .isLessThan(60_000_000_000L);
            Thread.onSpinWait();
        }
    }

    @Test
    void anExistingClsactKeepsItsFilter() {
        try (BpfProgram program = program("pass", TC_ACT_OK)) {
            control.attachClsact(ifindex);
            control.attachBpf(ifindex, program.fd(), "wire");

            control.attachClsact(ifindex);

            assertThat(control.filter(ifindex)).isPresent();
        }
    }

    @Test
    void aFilterOfABlockActsOnEachLinkThatSharesIt() {
        int other = node.link("eth2").ifindex();
        try (BpfProgram first = program("first", TC_ACT_OK);
                BpfProgram second = program("second", TC_ACT_SHOT)) {
            assertThat(refusal(() -> control.attachBpfToBlock(1, first.fd(), "wire"))
                            .errno())
                    .isEqualTo(Errno.EINVAL);
            control.attachClsact(ifindex, 1, 2);
            control.attachBpfToBlock(1, first.fd(), "wire");
            control.attachClsact(other, 1, 2);
            assertThat(control.filter(ifindex)).contains(new BpfFilter(first.id(), "wire", 1, 1));
            assertThat(control.filter(other)).contains(new BpfFilter(first.id(), "wire", 1, 1));

            control.attachClsact(other, 1, 2);
            control.attachBpfToBlock(1, second.fd(), "next");

            assertThat(control.filter(ifindex)).contains(new BpfFilter(second.id(), "next", 1, 1));
            assertThat(control.filter(other)).contains(new BpfFilter(second.id(), "next", 1, 1));
        }
    }

    @Test
    void everyQdiscOfTheNamespaceIsListed() {
        int other = node.link("eth2").ifindex();
        control.attachClsact(ifindex);
        control.attachClsact(other);
        Commands.run("tc", "-n", node.name(), "qdisc", "add", "dev", "eth2", "root", "handle", "7:", "pfifo");

        assertThat(control.qdiscs())
                .contains(
                        new Qdisc(ifindex, "clsact", 0xfffffff1, 0xffff0000),
                        new Qdisc(other, "clsact", 0xfffffff1, 0xffff0000),
                        new Qdisc(other, "pfifo", 0xffffffff, 7 << 16));
    }

    @Test
    void aMissingLinkHasNoFilter() {
        assertThat(control.filter(70_001)).isEmpty();
        assertThat(control.filter(ifindex)).isEmpty();
        assertThat(refusal(() -> control.attachClsact(70_001)))
                .returns(Errno.ENODEV, NetlinkException::errno)
                .hasMessageStartingWith("attach clsact to ifindex 70001 in /run/netns/" + node.name());
    }

    @Test
    void aFilterWithoutEbpfIsIgnored() {
        control.attachClsact(ifindex);
        Commands.run(
                "tc",
                "-n",
                node.name(),
                "filter",
                "add",
                "dev",
                "eth1",
                "ingress",
                "prio",
                "1",
                "bpf",
                "bytecode",
                "1,6 0 0 0,");

        assertThat(control.filter(ifindex)).isEmpty();
    }

    @Test
    void refusalsAreThrown() {
        try (BpfProgram program = program("pass", TC_ACT_OK)) {
            assertThat(refusal(() -> control.attachBpf(ifindex, program.fd(), "wire"))
                            .errno())
                    .as("no clsact")
                    .isEqualTo(Errno.EINVAL);
            control.attachClsact(ifindex);
            assertThat(refusal(() -> control.attachBpf(ifindex, 0, "wire")).errno())
                    .as("no program")
                    .isEqualTo(Errno.EINVAL);
            assertThatIllegalArgumentException().isThrownBy(() -> control.attachBpf(ifindex, program.fd(), ""));
        }
        Commands.run("tc", "-n", node.name(), "qdisc", "add", "dev", "eth2", "ingress");
        assertThat(refusal(() -> control.attachClsact(node.link("eth2").ifindex()))
                        .errno())
                .as("an ingress qdisc")
                .isEqualTo(Errno.EINVAL);
    }
}
