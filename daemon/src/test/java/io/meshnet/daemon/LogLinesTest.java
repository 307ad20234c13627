package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.PodName;
import java.io.IOException;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LogLinesTest {

    private static final PodName POD = PodName.of("pod1");
    private static final PodLink LINK = PodLink.of(new DeclaredLink(
            11, new LinkEnd(POD, "eth1", Optional.empty()), new LinkEnd(PodName.of("pod2"), "eth1", Optional.empty())));

    @Test
    void aLineIsAnObjectWithThePodAndTheLinkThatItIsAbout() throws IOException {
        JsonNode line = line(entry("pod {0}: {1} says \"hello\"\n", POD, LINK));

        assertThat(line.path("pod").asText()).isEqualTo("default/pod1");
        assertThat(line.path("link").asText()).isEqualTo("link 11 default/pod1:eth1 - default/pod2:eth1");
        assertThat(line.path("level").asText()).isEqualTo("INFO");
        assertThat(line.path("message").asText())
                .startsWith("pod default/pod1: link 11")
                .endsWith("\"hello\"\n");
    }

    @Test
    void aLineAboutNeitherNamesNeither() throws IOException {
        JsonNode line = line(entry("started"));

        assertThat(line.has("pod")).isFalse();
        assertThat(line.has("link")).isFalse();
    }

    @Test
    void whatWentWrongIsInTheLine() throws IOException {
        LogRecord entry = entry("failed");
        entry.setThrown(new IllegalStateException("on purpose"));

        assertThat(line(entry).path("error").asText()).contains("on purpose", "LogLinesTest");
    }

    private static LogRecord entry(String message, Object... parameters) {
        LogRecord entry = new LogRecord(Level.INFO, message);
        entry.setParameters(parameters);
        return entry;
    }

    private static JsonNode line(LogRecord entry) throws IOException {
        String text = new LogLines().format(entry);
        assertThat(text).endsWith("}\n");
        assertThat(text.strip()).doesNotContain("\n");
        return new ObjectMapper().readTree(text);
    }
}
