package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What has to be in the namespaces of some pods and of their nodes, by a topology whose lists agree and by where its pods run.
 *
 * @param topology the links
 * @param running the pods that run
 */
record Expected(Topology topology, Map<String, Pod> running) {

    private static final int VNI_BASE = 5000;

    /**
     * Makes sure that every pod has each of its interfaces and no other; that it has a carrier, a wire and frames that pass if the peer
     * runs, and no carrier and no wire if it does not; and that the nodes have the patch sides of these interfaces and nothing else.
     *
     * @param others interfaces that may be in the pods as well
     */
    void assertHolds(String... others) {
        Map<String, Map<String, ObservedLink>> seen = new HashMap<>();
        running.forEach((name, pod) -> seen.put(name, pod.links()));
        Map<String, String> wires = new HashMap<>();
        nodes().forEach(node -> wires.putAll(node.wires()));
        Map<Node, Set<String>> served = new HashMap<>();
        running.forEach((name, pod) -> {
            Set<String> allowed = new HashSet<>(List.of(others));
            allowed.add("lo");
            for (JsonNode link : links(name)) {
                String ifname = link.path("local_intf").asText();
                allowed.add(ifname);
                served.computeIfAbsent(pod.node(), _ -> new HashSet<>()).add(name + ":" + ifname);
                assertLink(pod, link, seen, wires.getOrDefault(name + ":" + ifname, ""));
            }
            assertThat(seen.get(name).keySet()).as("links in %s", name).isSubsetOf(allowed);
        });
        nodes().forEach(node -> assertThat(node.patch().served())
                .as("ports on %s", node.name())
                .isEqualTo(served.getOrDefault(node, Set.of())));
    }

    private Set<Node> nodes() {
        return running.values().stream().map(Pod::node).collect(Collectors.toSet());
    }

    private JsonNode links(String pod) {
        return Json.parse(topology.keys().getOrDefault("/" + pod + "/links", "[]"));
    }

    private void assertLink(Pod pod, JsonNode link, Map<String, Map<String, ObservedLink>> seen, String wire) {
        String ifname = link.path("local_intf").asText();
        String what = pod.name() + ":" + ifname;
        ObservedLink near = seen.get(pod.name()).get(ifname);
        assertThat(near).as(what).isNotNull();
        assertThat(near.kind()).as("kind of %s", what).isEqualTo("veth");
        String address = link.path("local_ip").asText();
        assertThat(near.addresses())
                .as("addresses of %s", what)
                .isEqualTo(address.isEmpty() ? List.of() : List.of(address));
        Pod peer = running.get(link.path("peer_pod").asText());
        assertThat(near.carrier()).as("%s has a carrier: %s", what, near).isEqualTo(peer != null);
        if (peer == null) {
            assertThat(wire).as("wire of %s, whose peer does not run", what).isEmpty();
            return;
        }
        if (peer.node().name().equals(pod.node().name())) {
            ObservedLink far = seen.get(peer.name()).get(link.path("peer_intf").asText());
            assertThat(far).as("the peer of %s", what).isNotNull();
            assertThat(wire).as("wire of %s", what).isEqualTo("port " + far.peer());
        } else {
            int vni = VNI_BASE + link.path("uid").asInt();
            assertThat(wire)
                    .as("wire of %s", what)
                    .isEqualTo("VNI " + vni + " to " + peer.node().address());
        }
        String far = link.path("peer_ip").asText().replaceFirst("/.*", "");
        if (!address.isEmpty() && !far.isEmpty()) {
            assertThat(pod.pings(far)).as("%s pings %s", what, far).isTrue();
        }
    }
}
