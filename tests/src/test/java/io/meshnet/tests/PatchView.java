package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What root on a node sees of the node's patch namespace, in which meshnet's side of every link is.
 *
 * @param node the node
 */
record PatchView(Node node) {

    /** Ports have indexes from here on. */
    static final int FIRST_PORT = 1 << 24;

    /** The one device for all tunnels of the node. */
    static final String TUNNEL = "vxlan";

    /** Where the namespace is mounted. */
    Path path() {
        return node.patchMount();
    }

    /** Whether there is a namespace, be it in the mount namespace of the tests or of the node. */
    boolean exists() {
        Outcome type = Command.of("stat", "-f", "-c", "%T", path().toString()).run();
        return type.status() == 0 && type.out().strip().equals("nsfs");
    }

    /** Whether anything is mounted there. */
    boolean isMounted() {
        return isMounted(path());
    }

    private static boolean isMounted(Path path) {
        return Mounts.in(path).contains(path);
    }

    /** Takes the mount away, as an operator does by mistake; lazily, since the daemon has it open. */
    void unmount() {
        unmount(path());
    }

    /** Takes away as many mounts as there are, be it none. */
    static void unmount(Path path) {
        while (isMounted(path)) {
            Command.of("umount", "--lazy", path.toString()).output();
        }
    }

    /** Which namespace is mounted. */
    Object identity() {
        try {
            return Files.getAttribute(path(), "unix:ino");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All devices in the namespace, by their names; none while there is no namespace. */
    Map<String, ObservedLink> links() {
        return exists() ? ObservedLink.in(path()) : Map.of();
    }

    /** What is there beside loopback and tunnel: the ports, and what should not be there. */
    List<ObservedLink> remains() {
        return links().entrySet().stream()
                .filter(link -> !Set.of("lo", TUNNEL).contains(link.getKey()))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** The interfaces that all this says it serves: {@code pod:interface}. */
    Set<String> served() {
        return remains().stream()
                .map(port -> port.alias().split(" ", -1))
                .map(words ->
                        words[words.length - 1].replaceFirst(".*/", "") + ":" + (words.length > 1 ? words[1] : ""))
                .collect(Collectors.toSet());
    }

    /** All ports, by their indexes. */
    Map<Integer, ObservedLink> ports() {
        return links().values().stream()
                .filter(link -> link.ifindex() >= FIRST_PORT)
                .collect(Collectors.toMap(ObservedLink::ifindex, link -> link));
    }

    /** The port of an interface of a pod, by what the port says of itself. */
    ObservedLink port(Pod pod, String ifname) {
        return ports().values().stream()
                .filter(link -> link.alias().startsWith("meshnet " + ifname + " ")
                        && link.alias().endsWith("default/" + pod.name()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no port of " + ifname + " of " + pod.name() + " in " + ports()));
    }

    /** Runs {@code ip} in the namespace. */
    void ip(String... arguments) {
        Command.ip(arguments).inside(path()).output();
    }

    /** Runs any command in the namespace. */
    String run(String... words) {
        return Command.of(words).inside(path()).output();
    }

    /** Waits until the daemon has inspected the node so many times: only an inspection mounts the namespace again. */
    void awaitInspections(int times) {
        for (int i = 0; i < times; i++) {
            unmount();
            eventually(() -> assertThat(isMounted()).as("%s is mounted", path()).isTrue());
        }
    }
}
