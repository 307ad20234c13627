package io.meshnet.tests;

import java.nio.file.Path;
import java.util.Map;

/**
 * A pod as a container runtime made it.
 *
 * @param pod its name
 * @param node where it runs
 * @param id the runtime's name of it, and the incarnation
 * @param path of its network namespace on its node
 * @param address of its first interface, as the runtime tells it
 */
record Sandbox(String pod, RuntimeNode node, String id, String path, String address) {

    /** The links in the pod by their names. */
    Map<String, ObservedLink> links() {
        return ObservedLink.in(netns());
    }

    /** One link of the pod, which has to be there. */
    ObservedLink link(String ifname) {
        ObservedLink link = links().get(ifname);
        if (link == null) {
            throw new AssertionError("no " + ifname + " in " + pod);
        }
        return link;
    }

    /** Whether an address answers one echo request from this pod within a second. */
    boolean pings(String address) {
        return Command.of("ping", "-n", "-c", "1", "-W", "1", address)
                        .inside(netns())
                        .run()
                        .status()
                == 0;
    }

    private Path netns() {
        return node.machine().path(path);
    }
}
