package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** A connected topology by chance, the same for the same seed: links of either address family, several between the same two pods too. */
final class RandomTopology {
    private static final int FIRST_UID = 300;

    /** One link. */
    record Line(int uid, Topology.End one, Topology.End other) {}

    private final Random random;
    private final List<String> pods;
    private final List<Line> lines = new ArrayList<>();
    private final Map<String, Integer> interfaces = new HashMap<>();

    /** @param more how many links beside those that it takes to connect all pods */
    RandomTopology(long seed, int pods, int more) {
        random = new Random(seed);
        this.pods = IntStream.range(0, pods).mapToObj("p%02d"::formatted).toList();
        for (int pod = 1; pod < pods; pod++) {
            link(pod, random.nextInt(pod));
        }
        for (int link = 0; link < more; link++) {
            int pod = random.nextInt(pods);
            link(pod, (pod + 1 + random.nextInt(pods - 1)) % pods);
        }
    }

    private void link(int one, int other) {
        int uid = FIRST_UID + lines.size();
        lines.add(new Line(uid, end(pods.get(one), uid, 1), end(pods.get(other), uid, 2)));
    }

    private Topology.End end(String pod, int uid, int host) {
        int number = interfaces.merge(pod, 1, Integer::sum);
        String address = uid % 2 == 0
                ? "10.%d.%d.%d/24".formatted(100 + uid / 250, uid % 250, host)
                : "fd00:%d::%d/64".formatted(uid, host);
        return Topology.end(pod, "eth" + number, address);
    }

    List<String> pods() {
        return pods;
    }

    List<Line> lines() {
        return lines;
    }

    Topology topology() {
        Topology topology = new Topology();
        lines.forEach(line -> topology.link(line.uid(), line.one(), line.other()));
        return topology;
    }

    /** Makes sure that every link is there as it should be, at both of its ends, and no other. */
    void assertInPlace(Map<String, Sandbox> running) {
        Map<String, Map<String, ObservedLink>> observed = new HashMap<>();
        pods.forEach(pod -> observed.put(pod, running.get(pod).links()));
        Map<String, String> wires = new HashMap<>();
        running.values().stream().map(pod -> pod.node().node()).distinct().forEach(node -> wires.putAll(node.wires()));
        for (Line line : lines) {
            assertEnd(line, line.one(), line.other(), running, observed, wires);
            assertEnd(line, line.other(), line.one(), running, observed, wires);
        }
        for (String pod : pods) {
            // Beside its links each has lo and eth0.
            assertThat(observed.get(pod)).as("links of %s", pod).hasSize(2 + interfaces.getOrDefault(pod, 0));
        }
    }

    private static void assertEnd(
            Line line,
            Topology.End end,
            Topology.End peer,
            Map<String, Sandbox> running,
            Map<String, Map<String, ObservedLink>> observed,
            Map<String, String> wires) {
        ObservedLink link = observed.get(end.pod()).get(end.ifname());
        String what = "link %d at %s:%s".formatted(line.uid(), end.pod(), end.ifname());
        assertThat(link).as(what).isNotNull();
        assertThat(link.addresses()).as(what).containsExactly(end.address());
        assertThat(link.carrier()).as(what).isTrue();
        assertThat(link.kind()).as(what).isEqualTo("veth");
        RuntimeNode peerNode = running.get(peer.pod()).node();
        String wire = wires.get(end.pod() + ":" + end.ifname());
        if (running.get(end.pod()).node() == peerNode) {
            ObservedLink other = observed.get(peer.pod()).get(peer.ifname());
            assertThat(other).as(what + ", its peer").isNotNull();
            assertThat(wire).as(what).isEqualTo("port " + other.peer());
        } else {
            int vni = 5000 + line.uid();
            assertThat(wire)
                    .as(what)
                    .isEqualTo("VNI " + vni + " to " + peerNode.node().address());
        }
        assertThat(link.mtu()).as(what).isEqualTo(1450);
    }

    /** Makes sure that frames pass over every link. */
    void assertReachable(Map<String, Sandbox> running) {
        for (Line line : lines) {
            String peer = line.other().address().replaceFirst("/.*", "");
            assertThat(running.get(line.one().pod()).pings(peer))
                    .as("link %d: %s pings %s", line.uid(), line.one(), peer)
                    .isTrue();
        }
    }
}
