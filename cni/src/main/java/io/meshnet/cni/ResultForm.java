package io.meshnet.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The shapes that the result of ADD had over the versions of the specification. Conversion goes by way of {@link #LIST}, which
 * can say whatever the others can. A result is never changed; what comes out shares nothing with what went in.
 */
enum ResultForm {
    /** 0.1.0 and 0.2.0: one address of each family, {@code ip4} and {@code ip6}, each with its routes. */
    PER_FAMILY {
        @Override
        ObjectNode toList(ObjectNode result) throws CniException {
            ObjectNode list = Json.object();
            ArrayNode ips = Json.object().arrayNode();
            ArrayNode routes = Json.object().arrayNode();
            for (String family : FAMILIES) {
                JsonNode given = result.path("ip" + family);
                if (NetworkConfig.absent(given)) {
                    continue;
                }
                ObjectNode ip = ips.addObject();
                ip.put("address", text(given, "ip", "ip" + family));
                copy(given, ip, "gateway");
                routes.addAll(objects(given, "routes"));
            }
            put(list, "ips", ips);
            put(list, "routes", routes);
            copy(result, list, "dns");
            return list;
        }

        @Override
        ObjectNode fromList(ObjectNode list) throws CniException {
            ObjectNode result = Json.object();
            for (ObjectNode ip : objects(list, "ips")) {
                String address = text(ip, "address", "ips");
                String field = "ip" + family(address);
                if (!result.has(field)) {
                    ObjectNode chosen = result.putObject(field).put("ip", address);
                    copy(ip, chosen, "gateway");
                }
            }
            if (result.isEmpty()) {
                throw unconvertible("it has no address, and versions before 0.3.0 need one");
            }
            for (ObjectNode route : objects(list, "routes")) {
                if (result.get("ip" + family(text(route, "dst", "routes"))) instanceof ObjectNode ip) {
                    ObjectNode kept = ip.withArray("routes").addObject();
                    copy(route, kept, "dst");
                    copy(route, kept, "gw");
                }
            }
            copy(list, result, "dns");
            return result;
        }
    },

    /** 0.3.0 to 0.4.0: lists of interfaces, addresses and routes; an address says its family in {@code version}. */
    VERSIONED_LIST {
        @Override
        ObjectNode toList(ObjectNode result) throws CniException {
            ObjectNode list = result.deepCopy();
            for (ObjectNode ip : objects(list, "ips")) {
                ip.remove("version");
            }
            return list;
        }

        @Override
        ObjectNode fromList(ObjectNode list) throws CniException {
            ObjectNode result = list.deepCopy();
            for (ObjectNode each : objects(result, "interfaces")) {
                each.retain("name", "mac", "sandbox");
            }
            for (ObjectNode ip : objects(result, "ips")) {
                ip.put("version", family(text(ip, "address", "ips")));
            }
            return result;
        }
    },

    /** 1.0.0 and later: the same lists without {@code version}; an interface may have more to say. */
    LIST {
        @Override
        ObjectNode toList(ObjectNode result) {
            return result.deepCopy();
        }

        @Override
        ObjectNode fromList(ObjectNode list) {
            return list;
        }
    };

    private static final List<String> FAMILIES = List.of("4", "6");

    /** A result of this form in the form of {@link #LIST}. */
    abstract ObjectNode toList(ObjectNode result) throws CniException;

    /** A result of the form of {@link #LIST} in this one; may change the argument. */
    abstract ObjectNode fromList(ObjectNode list) throws CniException;

    private static String family(String prefix) {
        return prefix.indexOf(':') < 0 ? "4" : "6";
    }

    private static void put(ObjectNode into, String field, ArrayNode array) {
        if (!array.isEmpty()) {
            into.set(field, array);
        }
    }

    private static void copy(JsonNode from, ObjectNode into, String field) {
        JsonNode value = from.path(field);
        if (!NetworkConfig.absent(value)) {
            into.set(field, value.deepCopy());
        }
    }

    private static String text(JsonNode from, String field, String where) throws CniException {
        JsonNode value = from.path(field);
        if (!value.isTextual()) {
            throw unconvertible("\"" + field + "\" in \"" + where + "\" must be a string, not " + Json.kind(value));
        }
        return value.textValue();
    }

    private static List<ObjectNode> objects(JsonNode from, String field) throws CniException {
        JsonNode value = from.path(field);
        if (NetworkConfig.absent(value)) {
            return List.of();
        }
        if (!value.isArray()) {
            throw unconvertible("\"" + field + "\" must be an array, not " + Json.kind(value));
        }
        List<ObjectNode> objects = new ArrayList<>();
        for (JsonNode each : value) {
            if (!(each instanceof ObjectNode object)) {
                throw unconvertible("every entry of \"" + field + "\" must be an object, not " + Json.kind(each));
            }
            objects.add(object);
        }
        return objects;
    }

    private static CniException unconvertible(String why) {
        return new CniException(CniException.UNDECODABLE, "a result that cannot be converted: " + why);
    }
}
