package io.meshnet.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The plugin that makes the pod's first interface, as the field {@code delegate} configures it.
 *
 * @param type the name of its executable
 * @param version the version of its own configuration; a result of that version is what it answers
 * @param json its configuration, completed with what it takes from the outer one
 */
record Delegation(String type, SpecVersion version, ObjectNode json) {
    private static final String FIELD = "delegate";

    /**
     * What {@code config} delegates, with {@code cniVersion}, {@code name} and {@code runtimeConfig} of the outer configuration where
     * it has none of its own.
     *
     * @return empty when there is no such field
     * @throws CniException with code 7 when it is no configuration of a plugin, 1 when its version is not known
     */
    static Optional<Delegation> of(NetworkConfig config) throws CniException {
        Optional<ObjectNode> field = config.object(FIELD);
        if (field.isEmpty()) {
            return Optional.empty();
        }
        ObjectNode json = field.get().deepCopy();
        String type = text(json, "type");
        if (type.isEmpty()) {
            throw NetworkConfig.invalid(
                    "\"type\" is missing in \"delegate\": it names the executable of the main plugin");
        }
        if (type.indexOf('/') >= 0 || type.indexOf('\0') >= 0 || type.equals(".") || type.equals("..")) {
            throw NetworkConfig.invalid(
                    "\"type\" in \"delegate\" must be the name of an executable without a path: \"" + type + "\"");
        }
        if (type.equals(config.type())) {
            throw NetworkConfig.invalid("\"type\" in \"delegate\" is \"" + type + "\", the plugin itself");
        }
        if (text(json, "cniVersion").isEmpty()) {
            json.put("cniVersion", config.cniVersion().text());
        }
        if (text(json, "name").isEmpty()) {
            json.put("name", config.name());
        }
        Optional<ObjectNode> capabilities = config.object("runtimeConfig");
        if (capabilities.isPresent() && NetworkConfig.absent(json.path("runtimeConfig"))) {
            json.set("runtimeConfig", capabilities.get().deepCopy());
        }
        String version = text(json, "cniVersion");
        SpecVersion known =
                SpecVersion.of(version).orElseThrow(() -> NetworkConfig.incompatible("\"delegate\"", version));
        return Optional.of(new Delegation(type, known, json));
    }

    /** Whether the delegate's version has the command at all. */
    boolean knows(Command command) {
        return version.atLeast(command.since());
    }

    /** The same with a field set. */
    Delegation with(String field, JsonNode value) {
        ObjectNode more = json.deepCopy();
        more.set(field, value.deepCopy());
        return new Delegation(type, version, more);
    }

    /** The standard input of the delegate. */
    byte[] input() {
        return Json.write(json).getBytes(StandardCharsets.UTF_8);
    }

    private static String text(ObjectNode json, String field) throws CniException {
        JsonNode value = json.path(field);
        if (NetworkConfig.absent(value)) {
            return "";
        }
        if (value.isTextual()) {
            return value.textValue();
        }
        throw NetworkConfig.invalid("\"" + field + "\" in \"delegate\" must be a string, not " + Json.kind(value));
    }
}
