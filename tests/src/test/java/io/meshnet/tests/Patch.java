package io.meshnet.tests;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The patch namespace of a node, which has the patch side of each interface that meshnet made for a pod. A mount holds it while no
 * daemon runs.
 *
 * @param mount a path to the mount
 */
record Patch(Path mount) {

    /** The smallest ifindex of a port. */
    static final int FIRST_PORT = 1 << 24;

    /** The one device for all tunnels of the node. */
    static final String TUNNEL = "vxlan";

    /** Whether there is a namespace. */
    boolean exists() {
        Outcome type = Command.of("stat", "-f", "-c", "%T", mount.toString()).run();
        return type.status() == 0 && type.out().strip().equals("nsfs");
    }

    /** Removes the mount, if there is one; the namespace goes with it unless a daemon holds it. */
    void unmount() {
        while (exists()) {
            Command.of("umount", mount.toString()).output();
        }
    }

    /** Everything that is in the namespace, by name. */
    Map<String, ObservedLink> links() {
        return exists() ? ObservedLink.in(mount) : Map.of();
    }

    /** All ports, in the order of their ifindexes; what else is in the namespace is among them, save loopback and tunnel. */
    List<ObservedLink> ports() {
        return links().entrySet().stream()
                .filter(link -> !Set.of("lo", TUNNEL).contains(link.getKey()))
                .map(Map.Entry::getValue)
                .sorted(Comparator.comparingInt(ObservedLink::ifindex))
                .toList();
    }

    /** The interfaces that the ports say they serve: {@code pod:interface}. */
    Set<String> served() {
        return ports().stream()
                .map(port -> port.alias().split(" ", -1))
                .map(words ->
                        words[words.length - 1].replaceFirst(".*/", "") + ":" + (words.length > 1 ? words[1] : ""))
                .collect(Collectors.toSet());
    }

    /** The patch side of an interface of a pod on this node. */
    ObservedLink port(Pod pod, String ifname) {
        int ifindex = pod.link(ifname).peer();
        Optional<ObservedLink> port =
                ports().stream().filter(each -> each.ifindex() == ifindex).findFirst();
        return port.orElseThrow(() -> new AssertionError("no port " + ifindex + " of " + pod.name() + ":" + ifname));
    }

    /** Runs a command in the namespace, as root of the node may. */
    String run(String... words) {
        return Command.of(words).inside(mount).output();
    }
}
