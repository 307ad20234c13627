package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Consumer;

/**
 * One incarnation of a pod on a node that runs the original.
 *
 * @param name the pod's name
 * @param node where it runs
 * @param netns its namespace, as {@code ip netns} names it
 */
record OriginalPod(String name, OriginalNode node, String netns) {
    private static final int VNI_BASE = 5000;

    private String netnsPath() {
        return "/var/run/netns/" + netns;
    }

    /**
     * ADD: says where the pod runs, by two puts, then for each of its links makes this end and asks the peer's daemon for the other
     * if the peer is alive, and otherwise leaves it to the peer. In between it takes its time, in which others may be quicker.
     */
    void add() {
        node.etcd().put(key("src_ip"), node.address());
        node.etcd().put(key("net_ns"), netnsPath());
        idle();
        forEachLink(link -> {
            String peer = link.path("peer_pod").asText();
            String vtep = node.etcd().get("/" + peer + "/src_ip");
            String peerNetns = node.etcd().get("/" + peer + "/net_ns");
            if (vtep.isEmpty() || peerNetns.isEmpty()) {
                node.etcd().put(key("skipped/" + peer), "true");
                return;
            }
            int vni = VNI_BASE + link.path("uid").asInt();
            node.make(new OriginalTunnel(
                    netnsPath(),
                    link.path("local_intf").asText(),
                    link.path("local_ip").asText(),
                    vtep,
                    vni));
            node.ask(
                    vtep,
                    new OriginalTunnel(
                            peerNetns,
                            link.path("peer_intf").asText(),
                            link.path("peer_ip").asText(),
                            node.address(),
                            vni));
        });
    }

    private static void idle() {
        try {
            Thread.sleep(500);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** DEL: says that the pod does not run, and takes its links away. */
    void del() {
        node.etcd().put(key("src_ip"), "");
        node.etcd().put(key("net_ns"), "");
        forEachLink(link -> Command.ip("link", "delete", link.path("local_intf").asText())
                .inside(netns)
                .run());
    }

    private void forEachLink(Consumer<JsonNode> action) {
        Json.parse(node.etcd().get(key("links"))).forEach(action);
    }

    private String key(String item) {
        return "/" + name + "/" + item;
    }

    /** The interface, which has to be there. */
    ObservedLink link(String ifname) {
        ObservedLink link = ObservedLink.in(netns).get(ifname);
        if (link == null) {
            throw new AssertionError("no " + ifname + " in " + name);
        }
        return link;
    }

    boolean has(String ifname) {
        return ObservedLink.in(netns).containsKey(ifname);
    }

    boolean pings(String address) {
        return Pod.pings(netns, address);
    }
}
