package io.meshnet.bpf;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes the instructions of a BPF program. Each method appends one instruction (struct bpf_insn in
 * linux/bpf.h, Documentation/bpf/standardization/instruction-set.rst):
 *
 * <pre>
 *  0        8    12   16        32                64
 * +--------+----+----+---------+-----------------+
 * | opcode | dst| src| offset  | immediate       |
 * +--------+----+----+---------+-----------------+
 * </pre>
 *
 * <p>A jump names a label, before or after the jump. Offsets are in bytes, and memory is in host
 * order. The class makes no system call. One thread at a time.
 */
public final class Assembler {

    // Instruction classes, the lowest three bits
    private static final int LD = 0x00;
    private static final int LDX = 0x01;
    private static final int ST = 0x02;
    private static final int STX = 0x03;
    private static final int JMP = 0x05;
    private static final int ALU64 = 0x07;

    // Sources of the second operand: the immediate, or a register
    private static final int K = 0x00;
    private static final int X = 0x08;

    // Sizes and modes of loads and stores
    private static final int W = 0x00;
    private static final int B = 0x10;
    private static final int DW = 0x18;
    private static final int IMM = 0x00;
    private static final int MEM = 0x60;
    private static final int ATOMIC = 0xc0;

    // Operations of ALU64
    private static final int ADD = 0x00;
    private static final int AND = 0x50;
    private static final int LSH = 0x60;
    private static final int RSH = 0x70;
    private static final int MOV = 0xb0;

    // Operations of JMP
    private static final int JA = 0x00;
    private static final int JEQ = 0x10;
    private static final int JGT = 0x20;
    private static final int JNE = 0x50;
    private static final int JSGT = 0x60;
    private static final int CALL = 0x80;
    private static final int EXIT = 0x90;

    /** The source of a wide load whose immediate is the descriptor of a map. */
    private static final int BPF_PSEUDO_MAP_FD = 1;

    private static final Register NONE = Register.R0;

    private final Map<String, Integer> labels = new HashMap<>();
    private final Map<Integer, String> jumps = new LinkedHashMap<>();
    private long[] instructions = new long[64];
    private int count;

    /** An empty program. */
    public Assembler() {}

    /** Copies a register. */
    public Assembler mov(Register to, Register from) {
        return add(ALU64 | MOV | X, to, from, 0, 0);
    }

    /** Sets a register to a number. Its sign is extended to 64 bits. */
    public Assembler mov(Register to, int value) {
        return add(ALU64 | MOV | K, to, NONE, 0, value);
    }

    /** Adds a register to a register. */
    public Assembler add(Register to, Register what) {
        return add(ALU64 | ADD | X, to, what, 0, 0);
    }

    /** Adds a number to a register. */
    public Assembler add(Register to, int value) {
        return add(ALU64 | ADD | K, to, NONE, 0, value);
    }

    /**
     * Clears the bits of a register that are not set in a mask. The sign of the mask is extended to
     * 64 bits.
     */
    public Assembler and(Register to, int mask) {
        return add(ALU64 | AND | K, to, NONE, 0, mask);
    }

    /** Shifts a register to the left. */
    public Assembler shiftLeft(Register to, int bits) {
        return add(ALU64 | LSH | K, to, NONE, 0, bits);
    }

    /** Shifts a register to the right, and fills it with zeroes. */
    public Assembler shiftRight(Register to, int bits) {
        return add(ALU64 | RSH | K, to, NONE, 0, bits);
    }

    /** Loads one unsigned byte. */
    public Assembler loadByte(Register to, Register address, int offset) {
        return add(LDX | MEM | B, to, address, offset, 0);
    }

    /** Loads four bytes, an unsigned number. */
    public Assembler loadWord(Register to, Register address, int offset) {
        return add(LDX | MEM | W, to, address, offset, 0);
    }

    /** Loads eight bytes. */
    public Assembler loadDouble(Register to, Register address, int offset) {
        return add(LDX | MEM | DW, to, address, offset, 0);
    }

    /** Stores the lowest four bytes of a register. */
    public Assembler storeWord(Register address, int offset, Register from) {
        return add(STX | MEM | W, address, from, offset, 0);
    }

    /** Stores eight bytes of a register. */
    public Assembler storeDouble(Register address, int offset, Register from) {
        return add(STX | MEM | DW, address, from, offset, 0);
    }

    /** Stores a number in one byte. */
    public Assembler storeByte(Register address, int offset, int value) {
        return add(ST | MEM | B, address, NONE, offset, value);
    }

    /** Stores a number in four bytes. */
    public Assembler storeWord(Register address, int offset, int value) {
        return add(ST | MEM | W, address, NONE, offset, value);
    }

    /** Stores a number in eight bytes, its sign extended. */
    public Assembler storeDouble(Register address, int offset, int value) {
        return add(ST | MEM | DW, address, NONE, offset, value);
    }

    /** Adds a register to eight bytes of memory, atomically. */
    public Assembler atomicAdd(Register address, int offset, Register what) {
        return add(STX | ATOMIC | DW, address, what, offset, ADD);
    }

    /**
     * Loads a map, as an argument of a helper. The map must stay open until the program is loaded.
     */
    public Assembler loadMap(Register to, BpfMap map) {
        return loadMap(to, map.fd());
    }

    /** Loads the map of a descriptor. */
    Assembler loadMap(Register to, int fd) {
        append(encode(LD | IMM | DW, to.number(), BPF_PSEUDO_MAP_FD, 0, fd));
        append(0);
        return this;
    }

    /** Calls a helper. Its arguments are in R1 to R5, its result is in R0. */
    public Assembler call(HelperFunction helper) {
        return add(JMP | CALL, NONE, NONE, 0, helper.number());
    }

    /** Returns R0 from the program. */
    public Assembler exit() {
        return add(JMP | EXIT, NONE, NONE, 0, 0);
    }

    /** Jumps. */
    public Assembler jump(String label) {
        return jump(JMP | JA, NONE, NONE, 0, label);
    }

    /** Jumps when a register is 0. */
    public Assembler jumpIfZero(Register what, String label) {
        return jumpIfEqual(what, 0, label);
    }

    /** Jumps unless a register is 0. */
    public Assembler jumpIfNotZero(Register what, String label) {
        return jumpIfNotEqual(what, 0, label);
    }

    /** Jumps when a register equals a number. Its sign is extended to 64 bits. */
    public Assembler jumpIfEqual(Register what, int value, String label) {
        return jump(JMP | JEQ | K, what, NONE, value, label);
    }

    /** Jumps when two registers are equal. */
    public Assembler jumpIfEqual(Register what, Register other, String label) {
        return jump(JMP | JEQ | X, what, other, 0, label);
    }

    /** Jumps unless a register equals a number. Its sign is extended to 64 bits. */
    public Assembler jumpIfNotEqual(Register what, int value, String label) {
        return jump(JMP | JNE | K, what, NONE, value, label);
    }

    /** Jumps unless two registers are equal. */
    public Assembler jumpIfNotEqual(Register what, Register other, String label) {
        return jump(JMP | JNE | X, what, other, 0, label);
    }

    /** Jumps when a register is greater than another. Both are unsigned. */
    public Assembler jumpIfGreater(Register what, Register other, String label) {
        return jump(JMP | JGT | X, what, other, 0, label);
    }

    /** Jumps when a register is greater than a number. Both are signed. */
    public Assembler jumpIfSignedGreater(Register what, int value, String label) {
        return jump(JMP | JSGT | K, what, NONE, value, label);
    }

    /**
     * Gives the next instruction a name.
     *
     * @throws IllegalArgumentException when another instruction has that name
     */
    public Assembler label(String label) {
        if (labels.putIfAbsent(label, count) != null) {
            throw new IllegalArgumentException("label '" + label + "' stands in two places");
        }
        return this;
    }

    /**
     * The program. Each element is one instruction, in the byte order of a little-endian machine.
     *
     * @throws IllegalStateException when a jump names an unknown label, a label behind the last
     *     instruction, or one that is more than 32,767 instructions away
     */
    public long[] instructions() {
        long[] program = Arrays.copyOf(instructions, count);
        jumps.forEach((at, label) -> {
            int target = labels.getOrDefault(label, count);
            // An offset counts from the instruction behind the jump.
            int offset = target - at - 1;
            if (target == count || offset != (short) offset) {
                throw new IllegalStateException("instruction " + at + " cannot jump to '" + label + "'");
            }
            program[at] |= (offset & 0xffffL) << 16;
        });
        return program;
    }

    private Assembler jump(int opcode, Register what, Register other, int value, String label) {
        jumps.put(count, label);
        return add(opcode, what, other, 0, value);
    }

    private Assembler add(int opcode, Register to, Register from, int offset, int immediate) {
        append(encode(opcode, to.number(), from.number(), offset, immediate));
        return this;
    }

    private void append(long instruction) {
        if (count == instructions.length) {
            instructions = Arrays.copyOf(instructions, 2 * count);
        }
        instructions[count++] = instruction;
    }

    private static long encode(int opcode, int to, int from, int offset, int immediate) {
        if (offset != (short) offset) {
            throw new IllegalArgumentException("offset " + offset + " has more than 16 bits");
        }
        return opcode | (long) to << 8 | (long) from << 12 | (offset & 0xffffL) << 16 | (long) immediate << 32;
    }
}
