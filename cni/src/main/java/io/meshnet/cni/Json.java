package io.meshnet.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reading and writing JSON so that what is only passed through keeps its digits. */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();
    private static final ObjectReader READER = MAPPER.readerFor(JsonNode.class);
    private static final ObjectWriter WRITER = MAPPER.writer();

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /**
     * The object that {@code bytes}, UTF-8, hold.
     *
     * @param what names the bytes in the message
     * @throws CniException with code 6 for anything else
     */
    static ObjectNode readObject(byte[] bytes, String what) throws CniException {
        try {
            return readObject(
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString(),
                    what);
        } catch (CharacterCodingException e) {
            throw new CniException(CniException.UNDECODABLE, what + " is not UTF-8", "", e);
        }
    }

    /** The same for text. */
    static ObjectNode readObject(String text, String what) throws CniException {
        try {
            if (text.isBlank()) {
                throw new CniException(CniException.UNDECODABLE, what + " is empty");
            }
            JsonNode node = READER.readValue(text);
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw new CniException(
                    CniException.UNDECODABLE,
                    what + " must be a JSON object, not " + kind(node) + ": " + excerpt(text));
        } catch (IOException e) {
            throw new CniException(CniException.UNDECODABLE, what + " is no JSON: " + reason(e), "", e);
        }
    }

    static String write(JsonNode node) {
        try {
            return WRITER.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("a JSON tree that cannot be written", e);
        }
    }

    /** How messages call what a node is. */
    static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case ARRAY -> "an array";
            case BOOLEAN -> "a boolean";
            case NULL -> "null";
            case NUMBER -> "a number";
            case OBJECT -> "an object";
            case STRING -> "a string";
            default -> "nothing";
        };
    }

    /** The beginning of a text, for a message. */
    static String excerpt(String text) {
        String stripped = text.strip();
        return stripped.length() <= 200 ? stripped : stripped.substring(0, 200) + "...";
    }

    private static String reason(IOException e) {
        if (e instanceof JsonProcessingException json) {
            var where = json.getLocation();
            String at = where == null ? "" : " (line " + where.getLineNr() + ", column " + where.getColumnNr() + ")";
            return json.getOriginalMessage() + at;
        }
        return String.valueOf(e.getMessage());
    }
}
