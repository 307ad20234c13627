package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A random schedule: some steps, up to three of them at once, then what a runtime does to end it, then what has to hold. Everything
 * random is drawn before it is done, so that a seed gives the same steps again; how those at once interleave it does not fix. After each
 * step of a pod that runs, its declared interfaces are there, and have the ifindexes that they had from the first on.
 */
final class Schedule {

    private static final List<String> PODS = List.of("pod1", "pod2", "pod3");
    private static final int MOST_STEPS = 5;
    private static final int RESTARTS_ARE_ONE_IN = 4;

    private final Underlay underlay;
    private final Etcd etcd;
    private final List<Node> nodes;
    private final List<Topology> edits;
    private final Random random;
    private final List<String> history = Collections.synchronizedList(new ArrayList<>());

    /** Every container that the runtimes have, the last of a pod last; and those that were deleted. */
    private final Map<String, List<Pod>> containers = new LinkedHashMap<>();

    private final List<Pod> deleted = new ArrayList<>();

    /** The last container of each pod that was added, while it lives; of several older ones any may be the pod after it. */
    private final Map<String, Pod> newest = new LinkedHashMap<>();

    /** The list of links that each pod has at present. */
    private final Map<String, JsonNode> lists = new ConcurrentHashMap<>();

    /** The ifindex of each interface that was seen, by container, interface and uid. */
    private final Map<String, Integer> ifindexes = new ConcurrentHashMap<>();

    /** What pods did to interfaces of theirs and undo in the end, since nobody else does. */
    private final List<Undoing> undoings = Collections.synchronizedList(new ArrayList<>());

    private record Undoing(Pod pod, String ifname) {}

    private final List<Pod> all = new ArrayList<>();

    Schedule(Underlay underlay, Etcd etcd, List<Node> nodes, List<Topology> edits, long seed) {
        this.underlay = underlay;
        this.etcd = etcd;
        this.nodes = nodes;
        this.edits = edits;
        this.random = Random.from(new SplittableRandom(seed)); // which makes something else of each of a row of seeds
    }

    /** What was done, step by step. */
    List<String> history() {
        return List.copyOf(history);
    }

    void run() {
        try {
            edit(edits.getFirst());
            PODS.forEach(pod -> containers.put(pod, new ArrayList<>()));
            int steps = 2 + random.nextInt(MOST_STEPS - 1);
            for (int i = 0; i < steps; i++) {
                together(draw(1 + random.nextInt(3)));
                newest.values().forEach(this::assertConstant);
            }
            Topology last = edits.get(random.nextInt(edits.size()));
            edit(last);
            deleteSuperseded();
            Map<String, Pod> running = running();
            eventually(() -> {
                undo(last, running);
                new Expected(last, running).assertHolds();
            });
            running.values().forEach(this::assertConstant);
            assertPlacements(running);
        } finally {
            clear();
        }
    }

    /** Steps that may happen at once: no two of one pod, as a runtime does not overlap them. */
    private List<Runnable> draw(int count) {
        List<String> pods = new ArrayList<>(PODS);
        Collections.shuffle(pods, random);
        return pods.stream().limit(count).map(this::step).toList();
    }

    private void together(List<Runnable> steps) {
        CompletableFuture.allOf(steps.stream()
                        .map(step -> CompletableFuture.runAsync(step, Thread::startVirtualThread))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }

    private Runnable step(String pod) {
        Optional<Pod> current = containers.get(pod).stream().reduce((_, later) -> later);
        return switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4, 5, 6 -> add(pod);
            case 7, 8, 9 -> current.<Runnable>map(this::delete).orElseGet(() -> add(pod));
            case 10 -> deleteEarlier(pod);
            case 11, 12, 13 -> current.<Runnable>map(this::tamper).orElseGet(() -> add(pod));
            case 14, 15 -> current.<Runnable>map(this::update).orElseGet(() -> add(pod));
            case 16, 17, 18 -> {
                int edit = random.nextInt(edits.size());
                yield () -> {
                    history.add("the list of " + pod + " is edited to number " + edit);
                    declare(pod, edits.get(edit));
                };
            }
            default -> {
                Node node = nodes.get(random.nextInt(nodes.size()));
                yield random.nextInt(RESTARTS_ARE_ONE_IN) == 0 ? restart(node) : add(pod);
            }
        };
    }

    private Runnable add(String name) {
        Node node = nodes.get(random.nextInt(nodes.size()));
        Pod pod = Pod.of(name, node, underlay.addNamespace(name));
        containers.get(name).add(pod);
        newest.put(name, pod);
        all.add(pod);
        return () -> {
            history.add("ADD of " + pod.name() + " on " + node.name() + " as " + pod.containerId());
            addUntilDone(pod);
            links(pod).forEach((ifname, uid) -> assertSame(pod, ifname, uid));
        };
    }

    /** As kubelet does: an ADD that failed is followed by a DEL and, in time, by another ADD. */
    private void addUntilDone(Pod pod) {
        eventually(() -> {
            CniAnswer answer = pod.call("ADD").config(pod.node().chained()).direct();
            if (answer.outcome().status() != 0) {
                history.add("failed: " + answer);
                pod.call("DEL").config(pod.node().chained()).direct();
            }
            assertThat(answer.outcome().status()).as("%s", answer).isZero();
        });
    }

    private Runnable delete(Pod pod) {
        containers.get(pod.name()).remove(pod);
        newest.remove(pod.name(), pod);
        synchronized (deleted) {
            deleted.add(pod);
        }
        boolean vanishes = random.nextInt(3) == 0;
        return () -> {
            history.add("DEL of " + pod.name() + " on " + pod.node().name() + " as " + pod.containerId()
                    + (vanishes ? ", its namespace gone before" : ""));
            if (vanishes) {
                underlay.removeNamespace(pod.netns());
            }
            deleteUntilDone(pod);
            underlay.removeNamespace(pod.netns());
        };
    }

    private void deleteUntilDone(Pod pod) {
        eventually(() -> {
            CniAnswer answer = pod.call("DEL").config(pod.node().chained()).direct();
            assertThat(answer.outcome().status()).as("%s", answer).isZero();
        });
    }

    /** A container that was deleted before, or one that was superseded. */
    private Runnable deleteEarlier(String pod) {
        List<Pod> superseded = containers.get(pod);
        if (superseded.size() > 1) {
            return delete(superseded.getFirst());
        }
        Optional<Pod> again =
                deleted.stream().filter(each -> each.name().equals(pod)).findFirst();
        return () -> again.ifPresent(each -> {
            history.add("DEL once more of " + each.name() + " as " + each.containerId());
            deleteUntilDone(each);
        });
    }

    private Runnable tamper(Pod pod) {
        String ifname = List.of("eth1", "eth2", "eth3", "up0").get(random.nextInt(4));
        List<String> how = switch (random.nextInt(3)) {
            case 0 -> List.of("link", "delete", ifname);
            case 1 -> List.of("link", "set", ifname, "down");
            default -> List.of("address", "flush", "dev", ifname);
        };
        return () -> {
            history.add("in " + pod.name() + ": ip " + String.join(" ", how));
            undoings.add(new Undoing(pod, ifname));
            var _ = Command.ip(how.toArray(String[]::new)).inside(pod.netns()).run();
        };
    }

    /** The interfaces that the list of a pod declares, and the uid of each one's link. */
    private Map<String, Integer> links(Pod pod) {
        Map<String, Integer> links = new LinkedHashMap<>();
        lists.getOrDefault(pod.name(), Json.array())
                .forEach(link -> links.put(
                        link.path("local_intf").asText(), link.path("uid").asInt()));
        return links;
    }

    /** Makes sure that a pod has all interfaces that its own list declares, and that each has the ifindex that it had before. */
    private void assertConstant(Pod pod) {
        links(pod).forEach((ifname, uid) -> eventually(() -> assertSame(pod, ifname, uid)));
    }

    private void assertSame(Pod pod, String ifname, int uid) {
        int ifindex = pod.link(ifname).ifindex();
        Integer before = ifindexes.putIfAbsent(pod.containerId() + " " + ifname + " " + uid, ifindex);
        assertThat(ifindex).as("ifindex of %s in %s", ifname, pod.name()).isEqualTo(before == null ? ifindex : before);
    }

    /** Pods set up what they had set down, and give back what addresses they had taken. */
    private void undo(Topology topology, Map<String, Pod> running) {
        for (Undoing each : List.copyOf(undoings)) {
            Pod pod = each.pod();
            if (!pod.equals(running.get(pod.name()))) {
                continue;
            }
            for (JsonNode link : Json.parse(topology.keys().getOrDefault("/" + pod.name() + "/links", "[]"))) {
                String address = link.path("local_ip").asText();
                if (link.path("local_intf").asText().equals(each.ifname())) {
                    var _ = Command.ip("link", "set", each.ifname(), "up")
                            .inside(pod.netns())
                            .run();
                    if (!address.isEmpty()) {
                        var _ = Command.ip("address", "replace", address, "dev", each.ifname())
                                .inside(pod.netns())
                                .run();
                    }
                }
            }
        }
    }

    /** An update of a peer's daemon that is late: it may name a node where the peer no longer is. */
    private Runnable update(Pod pod) {
        Node peer = nodes.get(random.nextInt(nodes.size()));
        int uid = List.of(11, 13, 21).get(random.nextInt(3));
        String ifname = List.of("eth1", "eth2").get(random.nextInt(2));
        ObjectNode body = Json.object()
                .put("net_ns", pod.netnsPath())
                .put("link_name", ifname)
                .put("link_ip", "")
                .put("peer_vtep", peer.address())
                .put("vni", 5000 + uid);
        return () -> {
            history.add("PUT on " + pod.node().name() + " for " + pod.name() + ": " + body);
            var _ = pod.node().http("PUT", "/vtep", body.toString());
        };
    }

    private Runnable restart(Node node) {
        return () -> {
            synchronized (node) {
                history.add(node.name() + "'s daemon is killed and started");
                node.kill();
                node.start();
            }
        };
    }

    private void edit(Topology topology) {
        history.add("all lists are edited to number " + edits.indexOf(topology));
        together(
                PODS.stream().<Runnable>map(pod -> () -> declare(pod, topology)).toList());
    }

    private void declare(String pod, Topology topology) {
        String key = "/" + pod + "/links";
        String list = topology.keys().getOrDefault(key, "[]");
        etcd.put(key, list);
        lists.put(pod, Json.parse(list));
    }

    /** A runtime deletes in the end whatever it has replaced. */
    private void deleteSuperseded() {
        List<Runnable> deletions = new ArrayList<>();
        containers.values().forEach(some -> {
            while (some.size() > 1) {
                deletions.add(delete(some.getFirst()));
            }
        });
        together(deletions);
    }

    private Map<String, Pod> running() {
        Map<String, Pod> running = new LinkedHashMap<>();
        containers.forEach((name, some) -> some.stream().findFirst().ifPresent(pod -> running.put(name, pod)));
        return running;
    }

    private void assertPlacements(Map<String, Pod> running) {
        eventually(() -> {
            for (String pod : PODS) {
                String container = etcd.get("/" + pod + "/container_id");
                assertThat(container)
                        .as("container id of %s in etcd", pod)
                        .isEqualTo(Optional.ofNullable(running.get(pod))
                                .map(Pod::containerId)
                                .orElse(""));
            }
        });
    }

    private void clear() {
        together(all.stream()
                .<Runnable>map(pod -> () -> {
                    deleteUntilDone(pod);
                    underlay.removeNamespace(pod.netns());
                })
                .toList());
        etcd.clear();
        for (Node node : nodes) {
            eventually(() -> assertThat(node.strayLinks())
                    .as("stray links on %s", node.name())
                    .isEmpty());
            eventually(() -> assertThat(node.patch().remains())
                    .as("ports on %s", node.name())
                    .isEmpty());
        }
    }
}
