package io.meshnet.bpf;

/**
 * A register of the BPF machine (Documentation/bpf/standardization/instruction-set.rst, "Registers
 * and calling convention"). A call takes its arguments in R1 to R5 and destroys them, and returns
 * in R0; R6 to R9 survive it.
 */
public enum Register {
    /** The result of a call and of the program. */
    R0(0),
    /** First argument; at the start the context of the program. */
    R1(1),
    /** Second argument. */
    R2(2),
    /** Third argument. */
    R3(3),
    /** Fourth argument. */
    R4(4),
    /** Fifth argument. */
    R5(5),
    /** Survives calls. */
    R6(6),
    /** Survives calls. */
    R7(7),
    /** Survives calls. */
    R8(8),
    /** Survives calls. */
    R9(9),
    /** The end of the stack frame of 512 bytes, read-only. */
    R10(10);

    private final int number;

    Register(int number) {
        this.number = number;
    }

    /** Its number in an instruction. */
    int number() {
        return number;
    }
}
