package io.meshnet.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The result of an ADD: a delegate's, or the {@code prevResult} of a chain.
 *
 * @param version the version that it is of
 * @param json the result as it came
 */
record AddResult(SpecVersion version, ObjectNode json) {

    /**
     * @param expected the version when the result does not say
     * @param what names the result in messages
     */
    static AddResult of(ObjectNode json, SpecVersion expected, String what) throws CniException {
        JsonNode version = json.path("cniVersion");
        if (NetworkConfig.absent(version) || "".equals(version.textValue())) {
            return new AddResult(expected, json);
        }
        String text = version.asText(Json.kind(version));
        SpecVersion known = SpecVersion.of(text).orElseThrow(() -> NetworkConfig.incompatible(what, text));
        return new AddResult(known, json);
    }

    /** The result as {@code wanted} writes it; every field as it came when it is of that version already. */
    ObjectNode as(SpecVersion wanted) throws CniException {
        ObjectNode converted = version.form() == wanted.form()
                ? json.deepCopy()
                : wanted.form().fromList(version.form().toList(json));
        return converted.put("cniVersion", wanted.text());
    }
}
