package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.NetnsId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetnsTagTest {

    private static final NetnsId IDENTITY = new NetnsId(4, 4026532567L, 17);

    private final NetnsTag tag = new NetnsTag("3c0ffee0-0000-4000-8000-000000000000");

    @Test
    void aNamespaceOfThisBootIsReadAsItWasWritten() {
        assertThat(tag.read(tag.write(IDENTITY))).hasValue(IDENTITY);
    }

    @Test
    void aNamespaceOfAnEarlierBootIsNoneOfThisOne() {
        String earlier = new NetnsTag("another").write(IDENTITY);

        assertThat(tag.read(earlier)).isPresent();
        assertThat(tag.read(earlier)).isNotEqualTo(tag.read(tag.write(IDENTITY)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "/4:5:6",
                "boot/4:5",
                "boot/4:5:x",
                "3c0ffee0-0000-4000-8000-000000000000/4:5:99999999999999999999"
            })
    void aTextThatIsNoTagSaysNothing(String text) {
        assertThat(tag.read(text)).isEmpty();
    }

    @Test
    void theKernelTellsThisBoot() throws ConfigurationException {
        assertThat(NetnsTag.ofThisBoot().bootId()).isNotBlank();
    }
}
