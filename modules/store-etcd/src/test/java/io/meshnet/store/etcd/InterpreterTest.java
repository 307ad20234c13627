package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.ByteSequence;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.PodName;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is remembered of one reading of a pod's links until the next. */
class InterpreterTest {
    private static final PodName POD1 = PodName.of("pod1");
    private static final PodName POD2 = PodName.of("pod2");
    private static final String LINKS = """
            [{"uid": 1, "peer_pod": "pod9", "local_intf": "eth1", "local_ip": "", "peer_intf": "eth1", "peer_ip": ""}]""";

    private final Interpreter interpreter = new Interpreter();

    @Test
    void theSameTextIsReadOnce() {
        Declaration first = interpreter.declaration(POD1, text(LINKS));

        assertThat(first).isInstanceOf(Declaration.Links.class);
        assertThat(interpreter.declaration(POD1, text(LINKS))).isSameAs(first);
    }

    @Test
    void anotherTextIsReadAnew() {
        Declaration first = interpreter.declaration(POD1, text(LINKS));

        assertThat(interpreter.declaration(POD1, text(LINKS.replace("eth1", "eth2"))))
                .isInstanceOf(Declaration.Links.class)
                .isNotEqualTo(first);
        assertThat(interpreter.declaration(POD1, text("["))).isInstanceOf(Declaration.Broken.class);
        assertThat(interpreter.declaration(POD1, text(LINKS))).isEqualTo(first);
    }

    @Test
    void oneTextMeansSomethingElseOfAnotherPod() {
        Declaration first = interpreter.declaration(POD1, text(LINKS));

        assertThat(interpreter.declaration(POD2, text(LINKS))).isNotEqualTo(first);
    }

    @Test
    void ofWhatIsGoneNothingIsKept() {
        Declaration first = interpreter.declaration(POD1, text(LINKS));

        assertThat(interpreter.declaration(POD1, Optional.empty())).isEqualTo(new Declaration.Absent());
        assertThat(interpreter.declaration(POD1, text(LINKS))).isEqualTo(first).isNotSameAs(first);
    }

    private static Optional<ByteSequence> text(String text) {
        return Optional.of(ByteSequence.from(text, StandardCharsets.UTF_8));
    }
}
