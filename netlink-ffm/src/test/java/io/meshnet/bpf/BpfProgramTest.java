package io.meshnet.bpf;

import static io.meshnet.bpf.Register.R0;
import static io.meshnet.bpf.Register.R1;
import static io.meshnet.bpf.Register.R10;
import static io.meshnet.bpf.Register.R2;
import static io.meshnet.bpf.Register.R3;
import static io.meshnet.bpf.Register.R4;
import static io.meshnet.bpf.Register.R5;
import static io.meshnet.bpf.Register.R6;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;

/** Programs in the kernel, without a network. */
class BpfProgramTest {

    private static final int EACCES = 13;
    private static final int EINVAL = 22;
    private static final byte[] FRAME = new byte[64];
    private static final int LOOPBACK = 1;

    private static BpfProgram load(Assembler code) {
        return BpfProgram.load("test", code);
    }

    private static int run(Assembler code, TestContext context) {
        try (BpfProgram program = load(code)) {
            return program.run(FRAME, context).result();
        }
    }

    @Test
    void theResultIsTheValueOfR0() {
        try (BpfProgram program = load(new Assembler().mov(R0, 7).exit())) {
            TestRun run = program.run(FRAME, TestContext.on(LOOPBACK));

            assertThat(run.result()).isEqualTo(7);
            assertThat(run.frame()).isEqualTo(FRAME);
            assertThat(program).hasToString("test (program " + program.id() + ")");
            assertThat(program.mapIds()).isEmpty();
        }
    }

    @Test
    void theProgramSeesTheContext() {
        TestContext context = new TestContext(LOOPBACK, 4711, 1000, 3, 3000);

        assertThat(run(field(SkBuff.IFINDEX), context)).isEqualTo(LOOPBACK);
        assertThat(run(field(SkBuff.MARK), context)).isEqualTo(4711);
        assertThat(run(field(SkBuff.GSO_SIZE), context)).isEqualTo(1000);
        assertThat(run(field(SkBuff.GSO_SEGS), context)).isEqualTo(3);
        assertThat(run(field(SkBuff.WIRE_LEN), context)).isEqualTo(3000);
        assertThat(run(field(SkBuff.LEN), context)).isEqualTo(FRAME.length);
        assertThat(TestContext.on(LOOPBACK).segmented(1000, 3)).isEqualTo(new TestContext(LOOPBACK, 0, 1000, 3, 0));
    }

    private static Assembler field(int offset) {
        return new Assembler().loadWord(R0, R1, offset).exit();
    }

    @Test
    void theProgramCountsInAMap() {
        try (BpfMap counts = BpfMap.hash("counts", Integer.BYTES, Long.BYTES, 10);
                BpfProgram program = load(counting(counts))) {
            assertThat(program.mapIds()).containsExactly(counts.id());
            assertThat(program.run(FRAME, TestContext.on(LOOPBACK)).result()).isZero();
            counts.key().putInt(0, LOOPBACK);
            counts.put();

            for (int i = 0; i < 3; i++) {
                assertThat(program.run(FRAME, TestContext.on(LOOPBACK)).result())
                        .isEqualTo(1);
            }

            assertThat(counts.get()).isTrue();
            assertThat(counts.value().getLong(0)).isEqualTo(3);
        }
    }

    private static Assembler counting(BpfMap counts) {
        return new Assembler()
                .loadWord(R1, R1, SkBuff.IFINDEX)
                .storeWord(R10, -4, R1)
                .loadMap(R1, counts)
                .mov(R2, R10)
                .add(R2, -4)
                .call(HelperFunction.MAP_LOOKUP_ELEM)
                .jumpIfZero(R0, "none")
                .mov(R1, 1)
                .atomicAdd(R0, 0, R1)
                .mov(R0, 1)
                .exit()
                .label("none")
                .mov(R0, 0)
                .exit();
    }

    @Test
    void theProgramReadsTheFrame() {
        byte[] frame = FRAME.clone();
        frame[20] = 0x5a;
        try (BpfProgram program = load(new Assembler()
                .mov(R2, 20)
                .mov(R3, R10)
                .add(R3, -1)
                .mov(R4, 1)
                .call(HelperFunction.SKB_LOAD_BYTES)
                .loadByte(R0, R10, -1)
                .exit())) {
            assertThat(program.run(frame, TestContext.on(LOOPBACK)).result()).isEqualTo(0x5a);
        }
    }

    @Test
    void theLicenceAllowsHelpersForGplProgramsOnly() {
        assertThat(run(
                        new Assembler()
                                .storeWord(R10, -4, 0)
                                .mov(R2, LOOPBACK)
                                .mov(R3, R10)
                                .add(R3, -4)
                                .mov(R4, 0)
                                .mov(R5, 0)
                                .call(HelperFunction.CHECK_MTU)
                                .exit(),
                        TestContext.on(LOOPBACK)))
                .isZero();
    }

    @Test
    void theSameProgramIsOpenedByItsIdAndHasTheSameTag() {
        try (BpfMap counts = BpfMap.hash("counts", Integer.BYTES, Long.BYTES, 10);
                BpfProgram program = load(counting(counts));
                BpfProgram same = load(counting(counts));
                BpfProgram other = load(new Assembler().mov(R0, 7).exit());
                BpfProgram opened = BpfProgram.open(program.id())) {
            assertThat(opened.name()).isEqualTo("test");
            assertThat(opened.mapIds()).isEqualTo(program.mapIds());
            assertThat(opened.tag())
                    .isEqualTo(program.tag())
                    .isEqualTo(same.tag())
                    .isNotEqualTo(other.tag());
            assertThat(same.id()).isNotEqualTo(program.id());
        }
    }

    @Test
    void aRefusedProgramComesWithTheVerifiersLog() {
        BpfException refused = catchThrowableOfType(
                BpfException.class, () -> load(new Assembler().mov(R0, R6).exit()));

        assertThat(refused.errno()).isEqualTo(EACCES);
        assertThat(refused.operation()).isEqualTo("load BPF program test");
        assertThat(refused.log()).contains("R6 !read_ok");
        assertThat(refused)
                .hasMessageStartingWith("load BPF program test: EACCES (permission denied)\n")
                .hasMessageContaining("R6 !read_ok");
    }

    @Test
    void anEmptyProgramAndAShortFrameAreRefused() {
        assertThat(catchThrowableOfType(BpfException.class, () -> load(new Assembler()))
                        .getMessage())
                .startsWith("load BPF program test: ");
        try (BpfProgram program = load(new Assembler().mov(R0, 0).exit())) {
            assertThat(catchThrowableOfType(
                                    BpfException.class, () -> program.run(new byte[13], TestContext.on(LOOPBACK)))
                            .errno())
                    .isEqualTo(EINVAL);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        BpfProgram.load("a name", new Assembler().mov(R0, 0).exit()));
    }
}
