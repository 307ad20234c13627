package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** A link as {@code ip -j -d address} shows it. */
record ObservedLink(JsonNode json) {

    /** The group of links that no one gave one. */
    static final String NO_GROUP = "default";

    /** A length of the queue that nobody gives by himself. */
    static final int BRAND = 777;

    /**
     * What a user knows a link by and what is configured of it.
     *
     * @param addresses in CIDR notation, sorted
     * @param up whether it was set up
     */
    record Likeness(
            int ifindex,
            String kind,
            String mac,
            int mtu,
            String alias,
            String group,
            List<String> addresses,
            boolean up) {}

    /** All links of a namespace by their names. */
    static Map<String, ObservedLink> in(String netns) {
        return in(Path.of("/run/netns", netns));
    }

    /** The same for a namespace that a path leads to. */
    static Map<String, ObservedLink> in(Path netns) {
        return shownBy(Command.ip("-j", "-d", "address", "show").inside(netns));
    }

    /** The links that a command shows, by their names. */
    static Map<String, ObservedLink> shownBy(Command command) {
        var links = new HashMap<String, ObservedLink>();
        Json.parse(command.output())
                .forEach(link -> links.put(link.path("ifname").asText(), new ObservedLink(link)));
        return Map.copyOf(links);
    }

    int ifindex() {
        return json.path("ifindex").asInt();
    }

    /** The ifindex of the other end, in its namespace: of an interface that meshnet made, that of its port; 0 for a link that has none. */
    int peer() {
        return json.path("link_index").asInt();
    }

    /** veth, bridge and others; empty for the loopback. */
    String kind() {
        return json.path("linkinfo").path("info_kind").asText();
    }

    int mtu() {
        return json.path("mtu").asInt();
    }

    String alias() {
        return json.path("ifalias").asText();
    }

    String group() {
        return json.path("group").asText();
    }

    String mac() {
        return json.path("address").asText();
    }

    int vni() {
        return data().path("id").asInt();
    }

    String remote() {
        return data().path("remote").asText();
    }

    int port() {
        return data().path("port").asInt();
    }

    /** Whether frames can pass: up, with a carrier. */
    boolean carrier() {
        List<String> flags = texts(json.path("flags"));
        return flags.contains("UP") && flags.contains("LOWER_UP") && !flags.contains("NO-CARRIER");
    }

    /** RFC 2863's state as the kernel has it: UP, DOWN, UNKNOWN and others. */
    String operationalState() {
        return json.path("operstate").asText();
    }

    /** Whether the kernel says that it is set up and has no carrier. */
    boolean saysNoCarrier() {
        return texts(json.path("flags")).contains("NO-CARRIER");
    }

    /** Whether it is the very device that {@link Pod#brand} was called for. */
    boolean branded() {
        return json.path("txqlen").asInt() == BRAND;
    }

    Likeness likeness() {
        return new Likeness(
                ifindex(),
                kind(),
                mac(),
                mtu(),
                alias(),
                group(),
                addresses().stream().sorted().toList(),
                texts(json.path("flags")).contains("UP"));
    }

    /** The addresses that a user gave, in CIDR notation; those the kernel made up of the MAC are left out. */
    List<String> addresses() {
        return StreamSupport.stream(json.path("addr_info").spliterator(), false)
                .filter(address -> !address.path("scope").asText().equals("link"))
                .map(address -> address.path("local").asText() + "/"
                        + address.path("prefixlen").asText())
                .toList();
    }

    /** Whether an address that a user gave is still being checked for duplicates, and cannot be used. */
    boolean tentative() {
        return StreamSupport.stream(json.path("addr_info").spliterator(), false)
                .filter(address -> !address.path("scope").asText().equals("link"))
                .anyMatch(address -> address.path("tentative").asBoolean());
    }

    private JsonNode data() {
        return json.path("linkinfo").path("info_data");
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
