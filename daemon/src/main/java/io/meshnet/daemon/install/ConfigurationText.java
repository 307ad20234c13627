package io.meshnet.daemon.install;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The text of a configuration file. What is only passed through keeps its order and its digits. */
final class ConfigurationText {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private static final DefaultIndenter INDENTER = new DefaultIndenter("  ", "\n");

    private ConfigurationText() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /**
     * The object in a file.
     *
     * @throws InstallException.NoOriginal naming the file, and line and column where it is no JSON
     */
    static ObjectNode read(Path file) throws InstallException {
        try {
            if (!Files.isRegularFile(file)) {
                // A FIFO would hold whoever opens it.
                throw unreadable(file, Files.exists(file) ? "is not a regular file" : "is a link to nothing", null);
            }
            JsonNode node = MAPPER.readTree(Files.readAllBytes(file));
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw unreadable(file, node.isMissingNode() ? "is empty" : "must hold one JSON object", null);
        } catch (JsonProcessingException e) {
            JsonLocation where = e.getLocation();
            String at = where == null ? "" : ", line " + where.getLineNr() + ", column " + where.getColumnNr();
            throw unreadable(file, "is no JSON" + at + ": " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw unreadable(file, "cannot be read: " + e, e);
        }
    }

    static byte[] write(ObjectNode json) {
        try {
            DefaultPrettyPrinter printer =
                    new DefaultPrettyPrinter().withObjectIndenter(INDENTER).withArrayIndenter(INDENTER);
            return (MAPPER.writer(printer).writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("a JSON tree that cannot be written", e);
        }
    }

    static InstallException.NoOriginal unreadable(Path file, String what, Throwable cause) {
        return new InstallException.NoOriginal(file + " " + what, false, cause);
    }
}
