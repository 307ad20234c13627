package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.UUID;

/**
 * One incarnation of a pod as a runtime keeps it: a network namespace and a container id.
 *
 * @param name the pod's name
 * @param node where it runs
 * @param netns its namespace, as {@code ip netns} names it
 * @param containerId the id of its infrastructure container
 */
record Pod(String name, Node node, String netns, String containerId) {

    static Pod of(String name, Node node, String netns) {
        return new Pod(name, node, netns, UUID.randomUUID().toString().replace("-", ""));
    }

    /** The path that the runtime hands to plugins. */
    String netnsPath() {
        return "/var/run/netns/" + netns;
    }

    CniAnswer add() {
        return add(node.config());
    }

    CniAnswer add(JsonNode config) {
        return call("ADD").config(config).answer();
    }

    CniAnswer del() {
        return call("DEL").answer();
    }

    CniAnswer check(JsonNode config) {
        return call("CHECK").config(config).answer();
    }

    /** A call of the plugin for this pod, yet to be made. */
    CniCall call(String command) {
        return new CniCall(
                node,
                Map.of(
                        "CNI_COMMAND",
                        command,
                        "CNI_CONTAINERID",
                        containerId,
                        "CNI_NETNS",
                        netnsPath(),
                        "CNI_IFNAME",
                        "eth0",
                        "CNI_ARGS",
                        "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=%s;K8S_POD_INFRA_CONTAINER_ID=%s"
                                .formatted(name, containerId),
                        "CNI_PATH",
                        node.cniPath()),
                node.config().toString());
    }

    /** The links in the pod by their names. */
    Map<String, ObservedLink> links() {
        return ObservedLink.in(netns);
    }

    /** One link of the pod, which has to be there. */
    ObservedLink link(String ifname) {
        ObservedLink link = links().get(ifname);
        if (link == null) {
            throw new AssertionError("no " + ifname + " in " + name);
        }
        return link;
    }

    /** Runs {@code ip} in the pod, as its user might. */
    void ip(String... arguments) {
        Command.ip(arguments).inside(netns).output();
    }

    /** Puts a bridge in the place of an interface that meshnet made; its daemon hears of that only when it is done. */
    void obstruct(String ifname) {
        node.freeze();
        ip("link", "delete", ifname);
        ip("link", "add", ifname, "type", "bridge");
        node.thaw();
    }

    /** Leaves something on a device that one made anew would lack, even with the same name, MAC and ifindex. */
    void brand(String ifname) {
        ip("link", "set", ifname, "txqueuelen", Integer.toString(ObservedLink.BRAND));
    }

    /** Sets a kernel parameter of the pod. */
    void sysctl(String key, String value) {
        Command.of("sh", "-c", "printf %s \"$1\" > \"/proc/sys/$0\"", key.replace('.', '/'), value)
                .inside(netns)
                .output();
    }

    /** Whether an address answers one echo request from this pod within a second. */
    boolean pings(String address) {
        return pings(netns, address);
    }

    /** The same from any namespace. */
    static boolean pings(String netns, String address) {
        return Command.of("ping", "-n", "-c", "1", "-W", "1", address)
                        .inside(netns)
                        .run()
                        .status()
                == 0;
    }
}
