package io.meshnet.bpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The operations that maps and programs share: opening by an id, and reading the struct that
 * describes the object.
 */
final class BpfObjects {

    private BpfObjects() {}

    /**
     * Opens an object by its id (BPF_MAP_GET_FD_BY_ID, BPF_PROG_GET_FD_BY_ID).
     *
     * @param operation the operation of a {@link BpfException}
     * @return the descriptor, which the caller closes
     */
    static int open(MemorySegment state, int command, int id, String operation) {
        try (Arena arena = Arena.ofConfined()) {
            // union bpf_attr: __u32 map_id or prog_id, next_id, open_flags
            MemorySegment attributes = arena.allocate(12, Long.BYTES);
            attributes.set(JAVA_INT, 0, id);
            int fd = BpfSyscalls.bpf(state, command, attributes);
            if (fd < 0) {
                throw new BpfException(operation, -fd);
            }
            return fd;
        }
    }

    /**
     * Fills a {@code struct bpf_map_info} or {@code struct bpf_prog_info} (BPF_OBJ_GET_INFO_BY_FD).
     *
     * @param operation the operation of a {@link BpfException}
     */
    static void describe(MemorySegment state, int fd, MemorySegment info, String operation) {
        try (Arena arena = Arena.ofConfined()) {
            // union bpf_attr.info: __u32 bpf_fd, __u32 info_len, __aligned_u64 info
            MemorySegment attributes = arena.allocate(16, Long.BYTES);
            attributes.set(JAVA_INT, 0, fd);
            attributes.set(JAVA_INT, 4, (int) info.byteSize());
            attributes.set(JAVA_LONG, 8, info.address());
            int error = BpfSyscalls.bpf(state, BpfSyscalls.OBJ_GET_INFO_BY_FD, attributes);
            if (error < 0) {
                throw new BpfException(operation, -error);
            }
        }
    }
}
