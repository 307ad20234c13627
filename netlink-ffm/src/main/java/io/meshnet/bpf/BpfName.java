package io.meshnet.bpf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Names of maps and programs. BPF_OBJ_NAME_LEN is 16, with the closing zero byte (bpf_obj_name_cpy
 * in kernel/bpf/syscall.c).
 */
final class BpfName {

    static final int BYTES = 16;

    private BpfName() {}

    /** @throws IllegalArgumentException when the kernel would refuse the name */
    static String require(String name) {
        if (!name.matches("[A-Za-z0-9_.]{1,15}")) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name of a BPF object: 1 to 15 letters, digits, underscores and dots");
        }
        return name;
    }

    static void write(MemorySegment memory, long offset, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    static String read(MemorySegment memory, long offset) {
        return memory.asSlice(offset, BYTES).getString(0, StandardCharsets.US_ASCII);
    }
}
