package io.meshnet.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.meshnet.netlink.Allocation;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Maps in the kernel. */
class BpfMapTest {

    private static final int ENOENT = 2;
    private static final int E2BIG = 7;
    private static final int EINVAL = 22;

    private final BpfMap map = BpfMap.hash("table", Integer.BYTES, Long.BYTES, 1000);

    @AfterEach
    void closeMap() {
        map.close();
    }

    private void put(int key, long value) {
        map.key().putInt(0, key);
        map.value().putLong(0, value);
        map.put();
    }

    private boolean get(int key) {
        map.key().putInt(0, key);
        return map.get();
    }

    private boolean remove(int key) {
        map.key().putInt(0, key);
        return map.remove();
    }

    @Test
    void aNewMapHasTheRequestedProperties() {
        assertThat(map.name()).isEqualTo("table");
        assertThat(map.keyBytes()).isEqualTo(4);
        assertThat(map.valueBytes()).isEqualTo(8);
        assertThat(map.maxEntries()).isEqualTo(1000);
        assertThat(map.id()).isPositive();
        assertThat(map.fd()).isPositive();
        assertThat(map).hasToString("table (map " + map.id() + ")");
    }

    @Test
    void anEntryIsPutReplacedAndRemoved() {
        assertThat(get(7)).isFalse();

        put(7, 70);
        put(8, 80);
        put(7, 71);

        map.value().putLong(0, 0);
        assertThat(get(7)).isTrue();
        assertThat(map.value().getLong(0)).isEqualTo(71);
        assertThat(remove(7)).isTrue();
        assertThat(remove(7)).isFalse();
        assertThat(get(7)).isFalse();
        assertThat(get(8)).isTrue();
    }

    @Test
    void theSameMapIsOpenedByItsId() {
        put(7, 70);
        try (BpfMap again = BpfMap.open(map.id())) {
            assertThat(again.name()).isEqualTo("table");
            assertThat(again.id()).isEqualTo(map.id());
            again.key().putInt(0, 7);
            assertThat(again.get()).isTrue();
            assertThat(again.value().getLong(0)).isEqualTo(70);
        }
    }

    @Test
    void anIterationVisitsEveryKeyOnce() {
        assertThat(map.first()).isFalse();
        IntStream.range(0, 1000).forEach(key -> put(key, key));

        Set<Integer> seen = new HashSet<>();
        int steps = 0;
        for (boolean more = map.first(); more; more = map.next()) {
            assertThat(map.get()).isTrue();
            assertThat(map.value().getLong(0)).isEqualTo(map.key().getInt(0));
            seen.add(map.key().getInt(0));
            steps++;
        }

        assertThat(seen).hasSize(1000);
        assertThat(steps).isEqualTo(1000);
    }

    @Test
    void anIterationRestartsAfterARemovedKey() {
        IntStream.range(0, 10).forEach(key -> put(key, key));
        map.first();
        int first = map.key().getInt(0);
        map.next();
        int second = map.key().getInt(0);

        assertThat(map.remove()).isTrue();
        assertThat(map.next()).isTrue();

        assertThat(second).isNotEqualTo(first);
        assertThat(map.key().getInt(0)).isEqualTo(first);
    }

    @Test
    void aLoopThatRemovesEveryKeyItSeesEndsWithAnEmptyMap() {
        IntStream.range(0, 1000).forEach(key -> put(key, key));
        int removed = 0;
        for (boolean more = map.first(); more; more = map.next()) {
            removed += map.remove() ? 1 : 0;
        }
        assertThat(removed).isEqualTo(1000);
        assertThat(map.first()).isFalse();
    }

    @Test
    void anArrayStartsWithZeroesAndRefusesRemoval() {
        try (BpfMap array = BpfMap.array("numbers", Long.BYTES, 2)) {
            array.key().putInt(0, 1);
            array.value().putLong(0, 5);
            assertThat(array.get()).isTrue();
            assertThat(array.value().getLong(0)).isZero();
            array.value().putLong(0, 5);
            array.put();
            assertThat(array.get()).isTrue();
            assertThat(array.value().getLong(0)).isEqualTo(5);
            assertThat(catchThrowableOfType(BpfException.class, array::remove).errno())
                    .isEqualTo(EINVAL);
            assertThat(array.first()).isTrue();
            assertThat(array.next()).isTrue();
            assertThat(array.next()).isFalse();
        }
    }

    @Test
    void refusalsAreThrown() {
        IntStream.range(0, 1000).forEach(key -> put(key, key));
        assertThat(catchThrowableOfType(BpfException.class, () -> put(1000, 0)))
                .hasMessage("put an entry into BPF map table: E2BIG (the map is full, or an argument too long)")
                .returns(E2BIG, BpfException::errno)
                .returns("", BpfException::log);
        assertThat(catchThrowableOfType(BpfException.class, () -> BpfMap.open(Integer.MAX_VALUE))
                        .errno())
                .isEqualTo(ENOENT);
        assertThat(catchThrowableOfType(BpfException.class, () -> BpfMap.hash("none", 4, 4, 0)))
                .hasMessage("create BPF map none: EINVAL (invalid argument)")
                .returns("create BPF map none", BpfException::operation);
        for (String name : new String[] {"", "sixteen_letters_", "a-b"}) {
            assertThatIllegalArgumentException().isThrownBy(() -> BpfMap.hash(name, 4, 4, 1));
        }
    }

    @Test
    void anotherThreadMayUseTheMap() {
        put(7, 70);
        assertThat(CompletableFuture.supplyAsync(() -> get(7)).join()).isTrue();
    }

    @Test
    void aClosedMapRefusesAccess() {
        BpfMap closed = BpfMap.hash("closed", Integer.BYTES, Long.BYTES, 1);
        closed.close();
        closed.close();

        assertThatIllegalStateException().isThrownBy(closed::put);
        assertThatIllegalStateException().isThrownBy(() -> closed.key().putInt(0, 1));
    }

    @Test
    void operationsAllocateNothing() throws Exception {
        put(1, 1);
        long allocated = Long.MAX_VALUE;
        // the compiler takes its time on a busy machine, so give it some
        for (int round = 0; round < 200 && allocated > 0; round++) {
            long before = Allocation.ofThisThread();
            for (int i = 0; i < 2000; i++) {
                put(i & 63, i);
                get(i & 63);
                remove(i & 63);
                map.first();
            }
            allocated = (Allocation.ofThisThread() - before) / 2000;
        }
        assertThat(allocated).as("bytes allocated for put, get, remove, first").isZero();
    }

    @Test
    void idsAreUnique() {
        Set<BpfMap> maps = IntStream.range(0, 50)
                .mapToObj(i -> BpfMap.hash("m" + i, 4, 4, 1))
                .collect(Collectors.toSet());
        assertThat(maps).extracting(BpfMap::id).doesNotHaveDuplicates();
        maps.forEach(BpfMap::close);
    }
}
