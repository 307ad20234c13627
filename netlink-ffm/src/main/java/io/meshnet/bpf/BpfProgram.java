package io.meshnet.bpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A BPF program for the frames of a device (BPF_PROG_TYPE_SCHED_CLS). It lives as long as a descriptor or a filter refers to it.
 *
 * <p>Thread-safe, except {@link #close}: the opener closes it, after all other threads are done
 * with it. Methods throw a {@link BpfException} when the kernel refuses. They need CAP_BPF and
 * CAP_NET_ADMIN, or CAP_SYS_ADMIN before Linux 5.8; opening by an id needs CAP_SYS_ADMIN.
 */
public final class BpfProgram implements AutoCloseable {

    /** enum bpf_prog_type. */
    private static final int BPF_PROG_TYPE_SCHED_CLS = 3;

    /**
     * The kernel gives some helpers, bpf_check_mtu among them, only to programs with a licence that is compatible with the GPL
     * (gpl_only in net/core/filter.c, license_is_gpl_compatible in include/linux/license.h).
     */
    private static final String LICENCE = "Dual BSD/GPL";

    /** union bpf_attr for BPF_PROG_LOAD, up to and with prog_name. */
    private static final int LOAD = 64;

    private static final int LOAD_NAME = 48;

    /**
     * The verifier gives up when a signal is pending, and the JVM uses signals itself. libbpf makes
     * as many attempts (PROG_LOAD_ATTEMPTS).
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

    /** How many bytes a program may add to a frame. */
    private static final int GROWTH = 256;

    private final int fd;
    private final int id;
    private final String name;
    private final long tag;
    private final List<Integer> mapIds;
    private boolean closed;

    /** Takes the descriptor, and closes it when the program cannot be described. */
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

    /** The kernel writes the ids to where a second request points; a program's maps never change. */
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
     * Has a program verified and loaded. Its licence is {@value #LICENCE}.
     *
     * @param name 1 to 15 letters, digits, underscores and dots
     * @throws BpfException with the verifier's log: EINVAL or EACCES when the kernel does not take the program, EPERM without the
     *     capabilities
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
            // The first attempt asks for no log: with it the verifier takes several times as long.
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
     * @throws BpfException ENOENT when there is none (any longer)
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

    /** A hash of its instructions without the maps in them, as {@code bpftool prog} and {@code tc filter} print it in hex. */
    public long tag() {
        return tag;
    }

    /** The ids of the maps that its instructions name, in the order in which they first do. */
    public List<Integer> mapIds() {
        return mapIds;
    }

    /**
     * Runs the program once on a test frame, which is not sent anywhere (BPF_PROG_TEST_RUN). What
     * the program changes in its maps stays changed.
     *
     * @param frame from its Ethernet header on, 14 bytes to some 3,500, which has to fit a page of the kernel
     * @param context what else the program sees of the frame
     * @throws BpfException EINVAL for a frame of another length, or a context the kernel does not take
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

    /** Name and id, for error messages. */
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
