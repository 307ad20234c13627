package io.meshnet.bpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Gives a program a path in a BPF file system, by which {@code tc} finds it (BPF_OBJ_PIN). */
public final class Pin {

    private static final int BPF_OBJ_PIN = 6;

    private Pin() {}

    /** Gives a program a path. */
    public static void pin(BpfProgram program, Path path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(16, Long.BYTES);
            attributes.set(JAVA_LONG, 0, arena.allocateFrom(path.toString()).address());
            attributes.set(JAVA_INT, 8, program.fd());
            int error = BpfSyscalls.bpf(BpfSyscalls.callState(arena), BPF_OBJ_PIN, attributes);
            if (error < 0) {
                throw new BpfException("pin", -error);
            }
        }
    }
}
