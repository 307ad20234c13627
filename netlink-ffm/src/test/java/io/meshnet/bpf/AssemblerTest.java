package io.meshnet.bpf;

import static io.meshnet.bpf.Register.R0;
import static io.meshnet.bpf.Register.R1;
import static io.meshnet.bpf.Register.R10;
import static io.meshnet.bpf.Register.R2;
import static io.meshnet.bpf.Register.R3;
import static io.meshnet.bpf.Register.R6;
import static io.meshnet.bpf.Register.R7;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Instructions byte by byte. The bytes are those of {@code llvm-mc -triple bpfel -show-encoding}
 * for the same.
 */
class AssemblerTest {

    private static String bytes(Assembler code) {
        long[] instructions = code.instructions();
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * instructions.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(instructions);
        return HexFormat.of().formatHex(bytes.array());
    }

    private static void check(String golden, UnaryOperator<Assembler> code) {
        assertThat(bytes(code.apply(new Assembler())))
                .isEqualTo(golden.lines()
                        .map(line -> line.replaceAll(";.*|\\s", ""))
                        .collect(Collectors.joining()));
    }

    @Test
    void arithmetic() {
        check(
                """
                bf16 0000 00000000  ; r6 = r1
                b700 0000 02000000  ; r0 = 2
                0702 0000 fcffffff  ; r2 += -4
                0f73 0000 00000000  ; r3 += r7
                5703 0000 0f000000  ; r3 &= 15
                6703 0000 02000000  ; r3 <<= 2
                7703 0000 04000000  ; r3 >>= 4
                """,
                code -> code.mov(R6, R1)
                        .mov(R0, 2)
                        .add(R2, -4)
                        .add(R3, R7)
                        .and(R3, 15)
                        .shiftLeft(R3, 2)
                        .shiftRight(R3, 4));
    }

    @Test
    void loadsAndStores() {
        check(
                """
                7113 0300 00000000  ; r3 = *(u8 *)(r1 + 3)
                6161 2800 00000000  ; r1 = *(u32 *)(r6 + 40)
                7907 0800 00000000  ; r7 = *(u64 *)(r0 + 8)
                631a fcff 00000000  ; *(u32 *)(r10 - 4) = r1
                7b7a f0ff 00000000  ; *(u64 *)(r10 - 16) = r7
                db10 2000 00000000  ; lock *(u64 *)(r0 + 32) += r1
                """,
                code -> code.loadByte(R3, R1, 3)
                        .loadWord(R1, R6, 40)
                        .loadDouble(R7, R0, 8)
                        .storeWord(R10, -4, R1)
                        .storeDouble(R10, -16, R7)
                        .atomicAdd(R0, 32, R1));
    }

    /**
     * BPF_ST | BPF_MEM, which the assembler of LLVM 14 does not write: 0x02 | 0x60, with the size
     * in bits 3 and 4.
     */
    @Test
    void storesOfNumbers() {
        check("""
                720a dbff 40000000  ; *(u8 *)(r10 - 37) = 64
                620a fcff 00000000  ; *(u32 *)(r10 - 4) = 0
                7a0a f0ff ffffffff  ; *(u64 *)(r10 - 16) = -1
                """, code -> code.storeByte(R10, -37, 64).storeWord(R10, -4, 0).storeDouble(R10, -16, -1));
    }

    @Test
    void callsAndMaps() {
        check(
                """
                1811 0000 07000000 0000 0000 00000000  ; r1 = the map of descriptor 7
                8500 0000 01000000                     ; call 1
                9500 0000 00000000                     ; exit
                """,
                code -> code.loadMap(R1, 7).call(HelperFunction.MAP_LOOKUP_ELEM).exit());
    }

    @Test
    void jumpsForwardsAndBackwards() {
        check(
                """
                1500 0400 00000000  ; if r0 == 0 goto +4
                5d17 0300 00000000  ; if r7 != r1 goto +3
                2d73 0200 00000000  ; if r3 > r7 goto +2
                6500 0100 00000000  ; if r0 s> 0 goto +1
                1d73 fbff 00000000  ; if r3 == r7 goto -5
                5503 faff 07000000  ; if r3 != 7 goto -6
                1503 0000 ffffffff  ; if r3 == -1 goto +0
                5502 0000 00000000  ; if r2 != 0 goto +0
                0500 f7ff 00000000  ; goto -9
                """,
                code -> code.label("first")
                        .jumpIfZero(R0, "end")
                        .jumpIfNotEqual(R7, R1, "end")
                        .jumpIfGreater(R3, R7, "end")
                        .jumpIfSignedGreater(R0, 0, "end")
                        .jumpIfEqual(R3, R7, "first")
                        .label("end")
                        .jumpIfNotEqual(R3, 7, "first")
                        .jumpIfEqual(R3, -1, "next")
                        .label("next")
                        .jumpIfNotZero(R2, "last")
                        .label("last")
                        .jump("first"));
    }

    @Test
    void aJumpNeedsAnInstructionToGoTo() {
        assertThatIllegalStateException()
                .isThrownBy(() -> new Assembler().jump("nowhere").exit().instructions())
                .withMessage("instruction 0 cannot jump to 'nowhere'");
        assertThatIllegalStateException()
                .isThrownBy(() -> new Assembler().jump("end").label("end").instructions());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Assembler().label("a").exit().label("a"));
    }

    @ParameterizedTest
    @CsvSource({"32767, true", "32768, false"})
    void aJumpReaches32767Instructions(int distance, boolean possible) {
        Assembler code = new Assembler().jump("far");
        for (int i = 0; i < distance; i++) {
            code.mov(R0, 0);
        }
        code.label("far").exit();

        if (possible) {
            assertThat(code.instructions()).hasSize(distance + 2);
        } else {
            assertThatIllegalStateException().isThrownBy(code::instructions);
        }
    }

    @Test
    void anOffsetHasSixteenBits() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Assembler().loadWord(R0, R1, 1 << 15));
        assertThat(new Assembler().loadWord(R0, R1, -(1 << 15)).instructions()).hasSize(1);
    }
}
