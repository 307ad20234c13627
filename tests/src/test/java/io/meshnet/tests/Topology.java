package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/** A topology as a user writes it into etcd: per pod a list of links, each in the view of that pod. */
final class Topology {
    private final Map<String, ArrayNode> pods = new TreeMap<>();

    /** One end of a link; the address may be empty. */
    record End(String pod, String ifname, String address) {}

    static End end(String pod, String ifname, String address) {
        return new End(pod, ifname, address);
    }

    /** pod1, pod2 and pod3, each linked with both others. */
    static Topology triangle() {
        return new Topology()
                .link(11, end("pod1", "eth1", "12.12.12.1/24"), end("pod2", "eth1", "12.12.12.2/24"))
                .link(13, end("pod1", "eth2", "13.13.13.1/24"), end("pod3", "eth1", "13.13.13.3/24"))
                .link(21, end("pod2", "eth2", "23.23.23.2/24"), end("pod3", "eth2", "23.23.23.3/24"));
    }

    /** One link between pod1 and pod2, uid 11. */
    static Topology pair() {
        return new Topology().link(11, end("pod1", "eth1", "12.12.12.1/24"), end("pod2", "eth1", "12.12.12.2/24"));
    }

    /** Adds a link to the lists of both its pods. */
    Topology link(int uid, End one, End other) {
        list(one.pod()).add(view(uid, one, other));
        list(other.pod()).add(view(uid, other, one));
        return this;
    }

    /** Declares the MTU of a link in both lists. */
    Topology mtu(int uid, int bytes) {
        for (ArrayNode list : pods.values()) {
            for (JsonNode link : list) {
                if (link.path("uid").asInt() == uid) {
                    ((ObjectNode) link).put("mtu", bytes);
                }
            }
        }
        return this;
    }

    /** The links of each pod, as JSON. */
    Map<String, String> keys() {
        var keys = new TreeMap<String, String>();
        pods.forEach((pod, links) -> keys.put("/" + pod + "/links", links.toString()));
        return keys;
    }

    private ArrayNode list(String pod) {
        return pods.computeIfAbsent(pod, _ -> Json.array());
    }

    private static ObjectNode view(int uid, End local, End peer) {
        ObjectNode link = Json.object()
                .put("uid", uid)
                .put("peer_pod", peer.pod())
                .put("local_intf", local.ifname())
                .put("peer_intf", peer.ifname());
        if (!local.address().isEmpty()) {
            link.put("local_ip", local.address());
        }
        if (!peer.address().isEmpty()) {
            link.put("peer_ip", peer.address());
        }
        return link;
    }
}
