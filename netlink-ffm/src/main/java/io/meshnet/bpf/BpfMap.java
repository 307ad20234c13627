package io.meshnet.bpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A BPF map: a table that programs in the kernel read and write at the same time as this process. It lives as long as a descriptor or a
 * program refers to it.
 *
 * <p>The map owns two buffers, one for a key and one for a value, so that no operation allocates
 * memory:
 *
 * <pre>{@code
 * map.key().putInt(0, ifindex);
 * map.value().putLong(0, count);
 * map.put();
 * }</pre>
 *
 * Not thread-safe, but not bound to a thread. The opener closes it, after all other threads are done
 * with it; then the buffers refuse every access. Methods throw a {@link BpfException} when the
 * kernel refuses. They need CAP_BPF, or CAP_SYS_ADMIN before Linux 5.8; opening by an id needs
 * CAP_SYS_ADMIN.
 */
public final class BpfMap implements AutoCloseable {

    /** enum bpf_map_type. */
    private static final int BPF_MAP_TYPE_HASH = 1;

    private static final int BPF_MAP_TYPE_ARRAY = 2;

    /** Entries of a hash take memory when they are put, not when the map is made. */
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
     * The kernel requires zeroes behind the last field of a command (CHECK_ATTR). The last field of
     * BPF_MAP_DELETE_ELEM is the key.
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

    /** Takes the descriptor, and closes it when the map cannot be described. */
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
     * Makes a hash table. It is empty. The kernel allocates memory for an entry when the entry is
     * put (BPF_MAP_TYPE_HASH with BPF_F_NO_PREALLOC).
     *
     * @param name 1 to 15 letters, digits, underscores and dots; the kernel does not demand that it is unique
     * @param keyBytes 1 to 512
     * @param valueBytes above 0
     * @param maxEntries above 0; a further entry is refused with E2BIG
     */
    public static BpfMap hash(String name, int keyBytes, int valueBytes, int maxEntries) {
        return create(name, BPF_MAP_TYPE_HASH, keyBytes, valueBytes, maxEntries, BPF_F_NO_PREALLOC);
    }

    /**
     * Makes an array of values, all of them zero at first. Its keys are four bytes, an index from 0 in host order; an entry is neither
     * made nor removed (BPF_MAP_TYPE_ARRAY).
     *
     * @param name 1 to 15 letters, digits, underscores and dots; the kernel does not demand that it is unique
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
     * @throws BpfException ENOENT when there is none (any longer)
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

    /** The key of the next operation, in host order; always the same buffer. Its position and limit are left alone. */
    public ByteBuffer key() {
        return key;
    }

    /** The value that is put or was got, in host order; always the same buffer. Its position and limit are left alone. */
    public ByteBuffer value() {
        return value;
    }

    /** Makes or replaces the entry of {@link #key} with {@link #value}, in one step for programs that read it (BPF_ANY). */
    public void put() {
        int error = BpfSyscalls.bpf(state, BpfSyscalls.MAP_UPDATE_ELEM, entry);
        if (error < 0) {
            throw failure("put an entry into", error);
        }
    }

    /** Fills {@link #value} from the entry of {@link #key}; false when there is none, and then the value is as before. */
    public boolean get() {
        return found(BpfSyscalls.bpf(state, BpfSyscalls.MAP_LOOKUP_ELEM, entry), "get an entry of");
    }

    /** Removes the entry of {@link #key}; false when there is none. */
    public boolean remove() {
        return found(BpfSyscalls.bpf(state, BpfSyscalls.MAP_DELETE_ELEM, removal), "remove an entry of");
    }

    /** Fills {@link #key} with the first key; false when the map is empty. The order of keys means nothing. */
    public boolean first() {
        iteration.set(JAVA_LONG, ENTRY_KEY, 0);
        return found(BpfSyscalls.bpf(state, BpfSyscalls.MAP_GET_NEXT_KEY, iteration), "iterate over");
    }

    /**
     * Replaces {@link #key} by the key behind it; false when it is the last.
     *
     * <p>From a key that is not in the map, since it was removed meanwhile, the kernel goes on with
     * the first key (htab_map_get_next_key in kernel/bpf/hashtab.c). So a loop may see keys twice
     * if it removes keys, or if others remove keys meanwhile. It ends when it removes every key
     * that it sees, or when keys are removed only after the loop.
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

    /** Name and id, for error messages. */
    @Override
    public String toString() {
        return name + " (map " + id + ")";
    }

    /** Closes the descriptor and frees the buffers. A second call does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            BpfSyscalls.close(state, fd);
            arena.close();
        }
    }
}
