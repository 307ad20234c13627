package io.meshnet.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * One end of a link as the original makes it: a vxlan that is created in the node's namespace under its final name and moved into the
 * pod. What is there with the same VNI and remote stays; anything else of that name gives way.
 *
 * @param netns path of the pod's namespace
 * @param ifname the interface
 * @param address in CIDR notation, or empty
 * @param remote VTEP of the peer's node
 * @param vni the VNI
 */
record OriginalTunnel(String netns, String ifname, String address, String remote, int vni) {

    /** An end as the body of a {@code PUT /vtep} has it; throws an {@link AssertionError} when it is none. */
    static OriginalTunnel parse(String body) {
        var json = Json.parse(body);
        for (String member : new String[] {"net_ns", "link_name", "link_ip", "peer_vtep", "vni"}) {
            if (!json.hasNonNull(member)) {
                throw new AssertionError("no " + member + " in " + body);
            }
        }
        return new OriginalTunnel(
                json.path("net_ns").asText(),
                json.path("link_name").asText(),
                json.path("link_ip").asText(),
                json.path("peer_vtep").asText(),
                json.path("vni").asInt());
    }

    /** The body of the {@code PUT /vtep} that asks for it. */
    String body() {
        return Json.object()
                .put("net_ns", netns)
                .put("link_name", ifname)
                .put("link_ip", address)
                .put("peer_vtep", remote)
                .put("vni", vni)
                .toString();
    }

    /**
     * Makes it.
     *
     * @param node the namespace of the node, as {@code ip netns} names it
     * @param lock a file by which the node's plugin and its daemon keep out of each other's way
     * @return whether anything had to be done
     */
    boolean make(String node, Path lock) {
        try (FileChannel file = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = file.lock()) {
            Optional<ObservedLink> found = found();
            if (held.isValid() && found.filter(this::isRight).isPresent()) {
                return false;
            }
            found.ifPresent(_ -> inPod("link", "delete", ifname).output());
            Command.ip("link", "add", ifname, "type", "vxlan", "id", "" + vni, "remote", remote, "dstport", "4789")
                    .and("dev", Underlay.UPLINK)
                    .inside(node)
                    .output();
            Command.ip("link", "set", ifname, "netns", netns).inside(node).output();
            if (!address.isEmpty()) {
                inPod("address", "add", address, "dev", ifname).output();
            }
            inPod("link", "set", ifname, "up").output();
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether there is an interface of that name. */
    boolean exists() {
        return found().isPresent();
    }

    private Optional<ObservedLink> found() {
        return Optional.ofNullable(
                ObservedLink.shownBy(inPod("-j", "-d", "address", "show")).get(ifname));
    }

    private boolean isRight(ObservedLink link) {
        return link.kind().equals("vxlan") && link.vni() == vni && link.remote().equals(remote);
    }

    private Command inPod(String... arguments) {
        return Command.of("nsenter", "--net=" + netns, "--", "ip").and(arguments);
    }
}
