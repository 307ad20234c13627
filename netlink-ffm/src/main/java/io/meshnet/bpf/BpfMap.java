package io.meshnet.bpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A BPF map: a table that programs in the kernel read and write at the same time as this process.
 * It lives as long as a descriptor or a program refers to it.
 *
 * <p>The map owns one buffer for a key and one for a value. Callers write to them and read from
 * them, so no operation allocates:
 *
 * <pre>{@code
 * map.key().putInt(0, ifindex);
 * map.value().putLong(0, count);
 * map.put();
 * }</pre>
 *
 * Any thread may use it, one at a time: its memory belongs to a shared arena. The opener closes it,
 * after all other threads are done with it; afterwards the buffers throw IllegalStateException. A
 * method throws {@link BpfException} when the kernel refuses the operation. Maps need CAP_BPF, or
 * CAP_SYS_ADMIN before Linux 5.8; {@link #open} needs CAP_SYS_ADMIN.
 */
public final class BpfMap implements AutoCloseable {

    /** enum bpf_map_type. */
    private static final int BPF_MAP_TYPE_HASH = 1;

    private static final int BPF_MAP_TYPE_ARRAY = 2;

    /** The kernel allocates an entry when it is put, not when the map is made. */
    private static final int BPF_F_NO_PREALLOC = 1;

    /** union bpf_attr for BPF_MAP_CREATE, up to and with map_name. */
    private static final int CREATION = 44;

    private static final int CREATION_NAME = 28;

    /** struct bpf_map_info, up to and with name. */
    private static final int INFO = 40;

    private static final int INFO_ID = 4;
    private static final int INFO_KEY_SIZE = 8;
    private static final int INFO_VALUE_SIZE = 12;
    private static final int INFO_MAX_ENTRIES = 16;
    private static final int INFO_NAME = 24;

    /** union bpf_attr for the commands on an entry: map_fd, key, value or next_key, flags. */
    private static final int ENTRY = 32;

    private static final int ENTRY_KEY = 8;
    private static final int ENTRY_VALUE = 16;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = BpfSyscalls.callState(arena);
    private final MemorySegment entry = arena.allocate(ENTRY, Long.BYTES);
    /**
     * BPF_MAP_DELETE_ELEM refuses attributes that are not zero behind the key (CHECK_ATTR in
     * kernel/bpf/syscall.c).
     */
    private final MemorySegment removal = entry.asSlice(0, ENTRY_VALUE);

    private final MemorySegment iteration = arena.allocate(ENTRY, Long.BYTES);
    private final MemorySegment keyMemory;
    private final ByteBuffer key;
    private final ByteBuffer value;
    private final int fd;
    private final int id;
    private final String name;
    private final int keyBytes;
    private final int valueBytes;
    private final int maxEntries;
    private volatile boolean closed;

    /** Owns the descriptor, and closes it when the kernel does not describe the map. */
    private BpfMap(int fd) {
        this.fd = fd;
        try {
            MemorySegment info = arena.allocate(INFO, Long.BYTES);
            BpfObjects.describe(state, fd, info, "describe BPF map");
            id = info.get(JAVA_INT, INFO_ID);
            keyBytes = info.get(JAVA_INT, INFO_KEY_SIZE);
            valueBytes = info.get(JAVA_INT, INFO_VALUE_SIZE);
            maxEntries = info.get(JAVA_INT, INFO_MAX_ENTRIES);
            name = BpfName.read(info, INFO_NAME);
            keyMemory = arena.allocate(keyBytes, Long.BYTES);
            MemorySegment valueMemory = arena.allocate(valueBytes, Long.BYTES);
            key = keyMemory.asByteBuffer().order(ByteOrder.nativeOrder());
            value = valueMemory.asByteBuffer().order(ByteOrder.nativeOrder());
            entry.set(JAVA_INT, 0, fd);
            entry.set(JAVA_LONG, ENTRY_KEY, keyMemory.address());
            entry.set(JAVA_LONG, ENTRY_VALUE, valueMemory.address());
            iteration.set(JAVA_INT, 0, fd);
            iteration.set(JAVA_LONG, ENTRY_VALUE, keyMemory.address());
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    /**
     * Makes an empty hash table. The kernel allocates an entry when it is put (BPF_MAP_TYPE_HASH
     * with BPF_F_NO_PREALLOC).
     *
     * @param name 1 to 15 letters, digits, underscores and dots; several maps may have the same
     *     name
     * @param keyBytes 1 to 512
     * @param valueBytes above 0
     * @param maxEntries above 0; a further entry is refused with E2BIG
     */
    public static BpfMap hash(String name, int keyBytes, int valueBytes, int maxEntries) {
        return create(name, BPF_MAP_TYPE_HASH, keyBytes, valueBytes, maxEntries, BPF_F_NO_PREALLOC);
    }

    /**
     * Makes an array of values, all zero. A key is an index from 0, four bytes in host order. Every
     * entry exists from the start, and {@link #remove} is refused with EINVAL (BPF_MAP_TYPE_ARRAY).
     *
     * @param name 1 to 15 letters, digits, underscores and dots; several maps may have the same
     *     name
     * @param valueBytes above 0
     * @param maxEntries above 0
     */
    public static BpfMap array(String name, int valueBytes, int maxEntries) {
        return create(name, BPF_MAP_TYPE_ARRAY, Integer.BYTES, valueBytes, maxEntries, 0);
    }

    private static BpfMap create(String name, int type, int keyBytes, int valueBytes, int maxEntries, int flags) {
        BpfName.require(name);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(CREATION, Long.BYTES);
            attributes.set(JAVA_INT, 0, type);
            attributes.set(JAVA_INT, 4, keyBytes);
            attributes.set(JAVA_INT, 8, valueBytes);
            attributes.set(JAVA_INT, 12, maxEntries);
            attributes.set(JAVA_INT, 16, flags);
            BpfName.write(attributes, CREATION_NAME, name);
            int fd = BpfSyscalls.bpf(BpfSyscalls.callState(arena), BpfSyscalls.MAP_CREATE, attributes);
            if (fd < 0) {
                throw new BpfException("create BPF map " + name, -fd);
            }
            return new BpfMap(fd);
        }
    }

    /**
     * Opens the map that has that id.
     *
     * @throws BpfException ENOENT when no map has that id
     */
    public static BpfMap open(int id) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = BpfSyscalls.callState(arena);
            return new BpfMap(BpfObjects.open(state, BpfSyscalls.MAP_GET_FD_BY_ID, id, "open BPF map " + id));
        }
    }

    /** Its id, unique among all maps of the kernel as long as it lives. */
    public int id() {
        return id;
    }

    /** Its descriptor; the map closes it. */
    public int fd() {
        return fd;
    }

    /** The name it was made with. */
    public String name() {
        return name;
    }

    /** How long a key is. */
    public int keyBytes() {
        return keyBytes;
    }

    /** How long a value is. */
    public int valueBytes() {
        return valueBytes;
    }

    /** How many entries it has room for. */
    public int maxEntries() {
        return maxEntries;
    }

    /**
     * The key of the next operation, in host order. It is always the same buffer; operations ignore
     * its position and limit.
     */
    public ByteBuffer key() {
        return key;
    }

    /**
     * The value for {@link #put} and from {@link #get}, in host order. It is always the same
     * buffer; operations ignore its position.
     */
    public ByteBuffer value() {
        return value;
    }

    /**
     * Makes or replaces the entry of {@link #key} with {@link #value} (BPF_ANY). A program that
     * looks the key up finds the old or the new value, never none.
     *
     * @throws BpfException E2BIG when the map is full, ENOMEM
     */
    public void put() {
        int error = BpfSyscalls.bpf(state, BpfSyscalls.MAP_UPDATE_ELEM, entry);
        if (error < 0) {
            throw failure("put an entry into", error);
        }
    }

    /**
     * Fills {@link #value} from the entry of {@link #key}; returns false, and leaves the value,
     * when there is no entry.
     */
    public boolean get() {
        return found(BpfSyscalls.bpf(state, BpfSyscalls.MAP_LOOKUP_ELEM, entry), "get an entry of");
    }

    /** Removes the entry of {@link #key}; returns false when there is none. */
    public boolean remove() {
        return found(BpfSyscalls.bpf(state, BpfSyscalls.MAP_DELETE_ELEM, removal), "remove an entry of");
    }

    /**
     * Fills {@link #key} with the first key; returns false when the map is empty. Keys come in no
     * particular order.
     */
    public boolean first() {
        iteration.set(JAVA_LONG, ENTRY_KEY, 0);
        return found(BpfSyscalls.bpf(state, BpfSyscalls.MAP_GET_NEXT_KEY, iteration), "iterate over");
    }

    /**
     * Replaces {@link #key} by the next key; returns false when it was the last.
     *
     * <p>When {@link #key} is not in the map (any longer), the kernel starts again with the first
     * key (htab_map_get_next_key in kernel/bpf/hashtab.c). A loop sees each key exactly once if no
     * key is removed or added during the loop. A loop that removes every key it sees ends with an
     * empty map. A loop that removes only some keys can see keys twice: collect such keys, and
     * remove them after the loop.
     */
    public boolean next() {
        iteration.set(JAVA_LONG, ENTRY_KEY, keyMemory.address());
        return found(BpfSyscalls.bpf(state, BpfSyscalls.MAP_GET_NEXT_KEY, iteration), "iterate over");
    }

    private boolean found(int result, String operation) {
        if (result == -BpfSyscalls.ENOENT) {
            return false;
        }
        if (result < 0) {
            throw failure(operation, result);
        }
        return true;
    }

    private BpfException failure(String operation, int error) {
        return new BpfException(operation + " BPF map " + name, -error);
    }

    /** Its name and id, for messages. */
    @Override
    public String toString() {
        return name + " (map " + id + ")";
    }

    /** Closes the descriptor and frees the buffers. A second call does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            BpfSyscalls.close(state, fd);
            arena.close();
        }
    }
}
