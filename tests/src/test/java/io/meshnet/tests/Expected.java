package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What has to be in the namespaces of some pods, by a topology whose lists agree and by where its pods run.
 *
 * @param topology the links
 * @param running the pods that run
 */
record Expected(Topology topology, Map<String, Pod> running) {

    private static final int VNI_BASE = 5000;

    /**
     * Makes sure that every link whose two pods run is there once, at both ends as declared, and nothing else.
     *
     * @param others interfaces that may be there as well
     */
    void assertHolds(String... others) {
        Map<String, Map<String, ObservedLink>> seen = new HashMap<>();
        running.forEach((name, pod) -> seen.put(name, pod.links()));
        running.forEach((name, pod) -> {
            Set<String> allowed = new HashSet<>(List.of(others));
            allowed.add("lo");
            for (JsonNode link : links(name)) {
                String ifname = link.path("local_intf").asText();
                allowed.add(ifname);
                assertLink(pod, link, seen);
            }
            assertThat(seen.get(name).keySet()).as("links in %s", name).isSubsetOf(allowed);
        });
    }

    private JsonNode links(String pod) {
        return Json.parse(topology.keys().getOrDefault("/" + pod + "/links", "[]"));
    }

    private void assertLink(Pod pod, JsonNode link, Map<String, Map<String, ObservedLink>> seen) {
        String ifname = link.path("local_intf").asText();
        String what = pod.name() + ":" + ifname;
        ObservedLink near = seen.get(pod.name()).get(ifname);
        Pod peer = running.get(link.path("peer_pod").asText());
        if (peer == null) {
            assertThat(near == null || (near.kind().equals("vxlan") && !near.carrier()))
                    .as("%s, whose peer does not run, is gone or without carrier: %s", what, near)
                    .isTrue();
            return;
        }
        assertThat(near).as(what).isNotNull();
        assertThat(near.carrier()).as("%s has a carrier: %s", what, near).isTrue();
        String address = link.path("local_ip").asText();
        assertThat(near.addresses())
                .as("addresses of %s", what)
                .isEqualTo(address.isEmpty() ? List.of() : List.of(address));
        if (peer.node().name().equals(pod.node().name())) {
            ObservedLink far = seen.get(peer.name()).get(link.path("peer_intf").asText());
            assertThat(near.kind()).as("kind of %s", what).isEqualTo("veth");
            assertThat(far).as("the peer of %s", what).isNotNull();
            assertThat(near.peer()).as("peer of %s", what).isEqualTo(far.ifindex());
        } else {
            assertThat(near.kind()).as("kind of %s", what).isEqualTo("vxlan");
            assertThat(near.vni())
                    .as("VNI of %s", what)
                    .isEqualTo(VNI_BASE + link.path("uid").asInt());
            assertThat(near.remote())
                    .as("remote of %s", what)
                    .isEqualTo(peer.node().address());
        }
    }
}
