package io.meshnet.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The configuration that a plugin gets on its standard input: what the specification knows of it, and access to the rest. */
public final class NetworkConfig {
    private static final String ADVICE = "correct the network's file in the runtime's directory of CNI configurations,"
            + " /etc/cni/net.d unless it is configured otherwise";
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");

    private final ObjectNode json;
    private final SpecVersion cniVersion;
    private final String name;
    private final String type;

    private NetworkConfig(ObjectNode json, SpecVersion cniVersion, String name, String type) {
        this.json = json;
        this.cniVersion = cniVersion;
        this.name = name;
        this.type = type;
    }

    /**
     * Reads and checks what the specification says of every configuration.
     *
     * @throws CniException with code 6 for what is no JSON object, 1 for a version that is not known, 7 for a missing or wrong field
     */
    public static NetworkConfig decode(byte[] bytes) throws CniException {
        ObjectNode json = Json.readObject(bytes, "the network configuration");
        JsonNode version = json.path("cniVersion");
        if (!absent(version) && !version.isTextual()) {
            throw new CniException(
                    CniException.UNDECODABLE,
                    "\"cniVersion\" in the network configuration must be a string, not " + Json.kind(version));
        }
        JsonNode name = json.path("name");
        if (absent(name) || "".equals(name.textValue())) {
            throw invalid("\"name\" is missing in the network configuration");
        }
        if (!name.isTextual()) {
            throw invalid("\"name\" in the network configuration must be a string, not " + Json.kind(name));
        }
        if (!NAME.matcher(name.textValue()).matches()) {
            throw invalid(
                    "\"name\" in the network configuration must begin with a letter or digit and consist of letters,"
                            + " digits, \"_\", \".\" and \"-\": \"" + name.textValue() + "\"");
        }
        String wanted = version.asText("");
        SpecVersion known = SpecVersion.of(wanted).orElseThrow(() -> incompatible("the network configuration", wanted));
        String type = new NetworkConfig(json, known, name.textValue(), "").text("type", "");
        return new NetworkConfig(json, known, name.textValue(), type);
    }

    /** The version that the configuration asks for; 0.1.0 when it does not say. */
    public SpecVersion cniVersion() {
        return cniVersion;
    }

    /** The name of the network; never empty. */
    public String name() {
        return name;
    }

    /** The name of the plugin's executable; empty when the configuration does not say. */
    public String type() {
        return type;
    }

    /**
     * A text of the plugin's own; a number counts as its decimal text, so that {@code "2379"} and {@code 2379} are the same.
     *
     * @return {@code fallback} when the field is missing or null
     * @throws CniException with code 7 for anything else than a string or a number
     */
    public String text(String field, String fallback) throws CniException {
        JsonNode value = json.path(field);
        if (absent(value)) {
            return fallback;
        }
        if (value.isTextual() || value.isNumber()) {
            return value.asText();
        }
        throw wrong(field, "a string", value);
    }

    /**
     * A switch of the plugin's own.
     *
     * @return {@code fallback} when the field is missing or null
     * @throws CniException with code 7 for anything else than a boolean
     */
    public boolean flag(String field, boolean fallback) throws CniException {
        JsonNode value = json.path(field);
        if (absent(value)) {
            return fallback;
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        throw wrong(field, "true or false", value);
    }

    /** An object of the configuration; empty when the field is missing or null. */
    Optional<ObjectNode> object(String field) throws CniException {
        JsonNode value = json.path(field);
        if (absent(value)) {
            return Optional.empty();
        }
        if (value instanceof ObjectNode object) {
            return Optional.of(object);
        }
        throw wrong(field, "an object", value);
    }

    /** The attachments that a GC has to leave alone. */
    Set<AttachmentId> validAttachments() throws CniException {
        JsonNode list = json.path(AttachmentId.VALID);
        if (!list.isArray()) {
            throw wrong(AttachmentId.VALID, "an array", list);
        }
        Set<AttachmentId> valid = new HashSet<>();
        for (JsonNode each : list) {
            JsonNode container = each.path("containerID");
            JsonNode ifname = each.path("ifname");
            if (!container.isTextual() || !ifname.isTextual()) {
                throw invalid("every entry of \"" + AttachmentId.VALID
                        + "\" needs the strings \"containerID\" and \"ifname\": " + Json.excerpt(Json.write(each)));
            }
            valid.add(new AttachmentId(container.textValue(), ifname.textValue()));
        }
        return Set.copyOf(valid);
    }

    private CniException wrong(String field, String wanted, JsonNode value) {
        return invalid("\"" + field + "\" in the configuration of network \"" + name + "\" must be " + wanted + ", not "
                + Json.kind(value));
    }

    static boolean absent(JsonNode value) {
        return value.isMissingNode() || value.isNull();
    }

    static CniException invalid(String why) {
        return new CniException(CniException.INVALID_CONFIG, why, ADVICE);
    }

    static CniException incompatible(String whose, String version) {
        return new CniException(
                CniException.INCOMPATIBLE_VERSION,
                "\"cniVersion\" of " + whose + " is \"" + version + "\", which is not supported",
                "supported are " + String.join(", ", SpecVersion.texts()));
    }
}
