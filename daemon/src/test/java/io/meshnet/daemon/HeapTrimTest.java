package io.meshnet.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In a JVM with the daemon's collector, whose sizes another's garbage does not change. */
class HeapTrimTest {

    private static final long MEGABYTE = 1 << 20;

    @Test
    void aHeapThatGrewForABurstIsGivenBack() throws Exception {
        List<Long> sizes = sizesOf("-XX:-ShrinkHeapInSteps");

        assertThat(sizes.get(1)).as("after the burst").isGreaterThan(sizes.get(0) + 24 * MEGABYTE);
        assertThat(sizes.get(2)).as("after the tick").isLessThan(sizes.get(0) + 8 * MEGABYTE);
    }

    @Test
    void inStepsTheFirstCollectionWouldGiveNothingBack() throws Exception {
        List<Long> sizes = sizesOf("-XX:+ShrinkHeapInSteps");

        assertThat(sizes.get(2)).isGreaterThan(sizes.get(0) + 24 * MEGABYTE);
    }

    private static List<Long> sizesOf(String option) throws Exception {
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xms8m",
                        "-Xmx256m",
                        "-XX:MinHeapFreeRatio=10",
                        "-XX:MaxHeapFreeRatio=20",
                        option,
                        "-cp",
                        home(HeapTrim.class) + ":" + home(HeapTrimTest.class),
                        HeapTrimTest.class.getName() + "$Burst")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String printed = new String(java.getInputStream().readAllBytes(), UTF_8).strip();
        assertThat(java.waitFor()).isZero();
        return Arrays.stream(printed.split(" ")).map(Long::valueOf).toList();
    }

    private static Path home(Class<?> type) throws Exception {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** Prints the size of the heap before and after a burst, and after the tick that follows. */
    static final class Burst {

        @SuppressWarnings("unused") // it only has to live
        private static volatile byte[][] held;

        public static void main(String[] arguments) {
            Runtime runtime = Runtime.getRuntime();
            HeapTrim heap = new HeapTrim();
            long before = runtime.totalMemory();
            held = new byte[32 * 1024][1024];
            long grown = runtime.totalMemory();
            held = null;
            heap.tick();
            System.out.printf("%d %d %d%n", before, grown, runtime.totalMemory());
        }
    }
}
