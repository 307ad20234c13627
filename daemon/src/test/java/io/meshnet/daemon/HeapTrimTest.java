package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeapTrimTest {

    private static final long SETTLED = 20 << 20;
    private static final long GROWN = SETTLED + HeapTrim.SLACK + 1;

    @Test
    void aHeapThatGrewIsCollectedOnceItHasStoppedGrowing() {
        assertThat(HeapTrim.due(SETTLED, SETTLED, GROWN)).isFalse();
        assertThat(HeapTrim.due(SETTLED, GROWN, GROWN)).isTrue();
    }

    @Test
    void aHeapThatIsAsLargeAsItHasToBeIsLeftAlone() {
        assertThat(HeapTrim.due(SETTLED, SETTLED, SETTLED)).isFalse();
        assertThat(HeapTrim.due(SETTLED, SETTLED + HeapTrim.SLACK, SETTLED + HeapTrim.SLACK))
                .isFalse();
    }
}
