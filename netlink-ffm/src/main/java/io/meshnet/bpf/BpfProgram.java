package io.meshnet.bpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A BPF program for the frames of a device (BPF_PROG_TYPE_SCHED_CLS). It lives as long as a
 * descriptor or a filter refers to it.
 *
 * <p>Thread-safe, except {@link #close}: the opener closes it, after all other threads are done
 * with it. A method throws {@link BpfException} when the kernel refuses the operation. Programs
 * need CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN before Linux 5.8; {@link #open} needs
 * CAP_SYS_ADMIN.
 */
public final class BpfProgram implements AutoCloseable {

    /** enum bpf_prog_type. */
    private static final int BPF_PROG_TYPE_SCHED_CLS = 3;

    /**
     * A licence that is compatible with the GPL. Only programs with such a licence may call
     * bpf_check_mtu and some other helpers (gpl_only in net/core/filter.c,
     * license_is_gpl_compatible in include/linux/license.h).
     */
    private static final String LICENCE = "Dual BSD/GPL";

    /** union bpf_attr for BPF_PROG_LOAD, up to and with prog_name. */
    private static final int LOAD = 64;

    private static final int LOAD_NAME = 48;

    /**
     * The verifier returns EAGAIN when a signal is pending, as those of the JVM are. libbpf tries
     * as often (PROG_LOAD_ATTEMPTS).
     */
    private static final int ATTEMPTS = 5;

    private static final int LOG = 256 << 10;

    /** struct bpf_prog_info, up to and with name. */
    private static final int INFO = 80;

    private static final int INFO_ID = 4;
    private static final int INFO_TAG = 8;
    private static final int INFO_NR_MAP_IDS = 52;
    private static final int INFO_MAP_IDS = 56;
    private static final int INFO_NAME = 64;

    /** union bpf_attr.test, up to and with ctx_out. */
    private static final int TEST = 64;

    /** Room that a program may grow a frame by. */
    private static final int GROWTH = 256;

    private final int fd;
    private final int id;
    private final String name;
    private final long tag;
    private final List<Integer> mapIds;
    private boolean closed;

    /** Owns the descriptor, and closes it when the kernel does not describe the program. */
    private BpfProgram(int fd) {
        this.fd = fd;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = BpfSyscalls.callState(arena);
            MemorySegment info = arena.allocate(INFO, Long.BYTES);
            BpfObjects.describe(state, fd, info, "describe BPF program");
            id = info.get(JAVA_INT, INFO_ID);
            tag = Long.reverseBytes(info.get(JAVA_LONG, INFO_TAG));
            name = BpfName.read(info, INFO_NAME);
            mapIds = mapIds(arena, state, fd, info.get(JAVA_INT, INFO_NR_MAP_IDS));
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    /** Asks a second time, with room for the ids. The maps of a program never change. */
    private static List<Integer> mapIds(Arena arena, MemorySegment state, int fd, int count) {
        MemorySegment ids = arena.allocate(JAVA_INT, count);
        MemorySegment info = arena.allocate(INFO, Long.BYTES);
        info.set(JAVA_INT, INFO_NR_MAP_IDS, count);
        info.set(JAVA_LONG, INFO_MAP_IDS, ids.address());
        BpfObjects.describe(state, fd, info, "list the maps of BPF program");
        List<Integer> all = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            all.add(ids.getAtIndex(JAVA_INT, i));
        }
        return List.copyOf(all);
    }

    /**
     * Loads a program: the kernel verifies it and compiles it to machine code. Its licence is
     * {@value #LICENCE}.
     *
     * @param name 1 to 15 letters, digits, underscores and dots
     * @throws BpfException EINVAL or EACCES with the verifier's log when the kernel refuses the
     *     program, EPERM without the capabilities
     */
    public static BpfProgram load(String name, Assembler code) {
        BpfName.require(name);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = BpfSyscalls.callState(arena);
            long[] instructions = code.instructions();
            MemorySegment attributes = arena.allocate(LOAD, Long.BYTES);
            attributes.set(JAVA_INT, 0, BPF_PROG_TYPE_SCHED_CLS);
            attributes.set(JAVA_INT, 4, instructions.length);
            attributes.set(
                    JAVA_LONG, 8, arena.allocateFrom(JAVA_LONG, instructions).address());
            attributes.set(JAVA_LONG, 16, arena.allocateFrom(LICENCE).address());
            BpfName.write(attributes, LOAD_NAME, name);
            int fd = load(state, attributes);
            if (fd >= 0) {
                return new BpfProgram(fd);
            }
            // Only the second attempt asks for the log: writing it makes the verifier several times slower.
            MemorySegment log = arena.allocate(LOG);
            attributes.set(JAVA_INT, 24, 1);
            attributes.set(JAVA_INT, 28, LOG);
            attributes.set(JAVA_LONG, 32, log.address());
            fd = load(state, attributes);
            if (fd >= 0) {
                return new BpfProgram(fd);
            }
            throw new BpfException("load BPF program " + name, -fd, log.getString(0));
        }
    }

    private static int load(MemorySegment state, MemorySegment attributes) {
        int fd = -BpfSyscalls.EAGAIN;
        for (int attempt = 0; attempt < ATTEMPTS && fd == -BpfSyscalls.EAGAIN; attempt++) {
            fd = BpfSyscalls.bpf(state, BpfSyscalls.PROG_LOAD, attributes);
        }
        return fd;
    }

    /**
     * Opens the program that has that id.
     *
     * @throws BpfException ENOENT when no program has that id
     */
    public static BpfProgram open(int id) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = BpfSyscalls.callState(arena);
            return new BpfProgram(BpfObjects.open(state, BpfSyscalls.PROG_GET_FD_BY_ID, id, "open BPF program " + id));
        }
    }

    /** Its id, unique among all programs of the kernel as long as it lives. */
    public int id() {
        return id;
    }

    /** Its descriptor; the program closes it. */
    public int fd() {
        return fd;
    }

    /** The name it was loaded with. */
    public String name() {
        return name;
    }

    /**
     * A hash of its instructions that does not depend on the maps; {@code tc filter show} prints it
     * as 16 hex digits.
     */
    public long tag() {
        return tag;
    }

    /** The ids of the maps that its instructions name, in the order of their first use. */
    public List<Integer> mapIds() {
        return mapIds;
    }

    /**
     * Runs it once on a frame, without a network (BPF_PROG_TEST_RUN). The kernel does not send the
     * frame anywhere, but what the program writes to its maps stays there.
     *
     * @param frame 14 to about 3,500 bytes from the Ethernet header on; the kernel keeps it in one
     *     page
     * @param context further properties of the frame
     * @throws BpfException EINVAL when the kernel refuses the length of the frame or the context
     */
    public TestRun run(byte[] frame, TestContext context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment in = arena.allocateFrom(JAVA_BYTE, frame);
            MemorySegment out = arena.allocate(frame.length + GROWTH);
            MemorySegment skb = arena.allocate(SkBuff.BYTES, Long.BYTES);
            skb.set(JAVA_INT, SkBuff.IFINDEX, context.ifindex());
            skb.set(JAVA_INT, SkBuff.MARK, context.mark());
            skb.set(JAVA_INT, SkBuff.GSO_SIZE, context.gsoSize());
            skb.set(JAVA_INT, SkBuff.GSO_SEGS, context.gsoSegments());
            skb.set(JAVA_INT, SkBuff.WIRE_LEN, context.wireLength());
            MemorySegment attributes = arena.allocate(TEST, Long.BYTES);
            attributes.set(JAVA_INT, 0, fd);
            attributes.set(JAVA_INT, 8, frame.length);
            attributes.set(JAVA_INT, 12, (int) out.byteSize());
            attributes.set(JAVA_LONG, 16, in.address());
            attributes.set(JAVA_LONG, 24, out.address());
            attributes.set(JAVA_INT, 40, SkBuff.BYTES);
            attributes.set(JAVA_LONG, 48, skb.address());
            int error = BpfSyscalls.bpf(BpfSyscalls.callState(arena), BpfSyscalls.PROG_TEST_RUN, attributes);
            if (error < 0) {
                throw new BpfException("test BPF program " + name, -error);
            }
            int length = attributes.get(JAVA_INT, 12);
            return new TestRun(
                    attributes.get(JAVA_INT, 4), out.asSlice(0, length).toArray(JAVA_BYTE));
        }
    }

    /** Its name and id, for messages. */
    @Override
    public String toString() {
        return name + " (program " + id + ")";
    }

    /** Closes the descriptor. A second call does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try (Arena arena = Arena.ofConfined()) {
                BpfSyscalls.close(BpfSyscalls.callState(arena), fd);
            }
        }
    }
}
