package io.meshnet.topology;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Optional;

/** What reading any of our JSON has in common: the factory, and how a fault of the syntax reads. */
final class JsonText {
    static final JsonFactory FACTORY = new JsonFactory();

    private JsonText() {}

    /** Reads the parser's value into what the caller wants, problems included. */
    interface Reading {
        /** Leaves the parser at the last token of the value. */
        void read(JsonParser parser) throws IOException;
    }

    /**
     * Reads a text that holds exactly one value of one kind.
     *
     * @param wanted the kind: START_ARRAY or START_OBJECT
     * @param what the value is, in words
     * @return what is wrong with the text as such; empty if the value could be read to its end
     */
    static Optional<String> read(byte[] json, JsonToken wanted, String what, Reading reading) {
        try (JsonParser parser = FACTORY.createParser(json)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                return Optional.of("is empty, not " + what);
            }
            if (first != wanted) {
                return Optional.of("is " + described(parser) + ", not " + what);
            }
            reading.read(parser);
            return afterEnd(parser);
        } catch (JacksonException e) {
            return Optional.of("is not JSON: " + firstLine(e.getOriginalMessage()) + at(e.getLocation()));
        } catch (IOException e) {
            return Optional.of("is not JSON: " + e.getMessage());
        }
    }

    private static Optional<String> afterEnd(JsonParser parser) throws IOException {
        JsonLocation end = parser.currentLocation();
        boolean clean;
        try {
            clean = parser.nextToken() == null;
        } catch (JacksonException _) {
            clean = false;
        }
        return clean ? Optional.empty() : Optional.of("goes on after the end of its JSON value" + at(end));
    }

    /**
     * The parser's value as a message shows it: a text in quotes, a number as written, or what kind of container it is.
     */
    static String described(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_ARRAY -> "an array";
            case START_OBJECT -> "an object";
            case VALUE_STRING -> Quoted.of(parser.getText());
            default -> {
                String text = parser.getText();
                yield text.length() > 40 ? text.substring(0, 40) + "..." : text;
            }
        };
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    private static String at(JsonLocation location) {
        return location == null ? "" : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
    }
}
