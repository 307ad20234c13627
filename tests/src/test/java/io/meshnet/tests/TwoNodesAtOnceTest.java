package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.tests.LinkWatch.Event;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Both nodes act on the same links in the same moment: both get an ADD, both are asked for their ends by the other. No ADD fails, each
 * link is there exactly once, and what the kernel tells of it meanwhile shows that each end was made once, never deleted, and never lost
 * its carrier again.
 */
class TwoNodesAtOnceTest {
    private static final List<String> INTERFACES = List.of("eth1", "eth2");
    private static final Executor AT_ONCE = Thread::startVirtualThread;

    @RegisterExtension
    static final Lab LAB = new Lab();

    @TempDir
    private Path directory;

    @RepeatedTest(10)
    void make_each_link_once(RepetitionInfo round) {
        int uid = 100 + 2 * round.getCurrentRepetition();
        LAB.upload(new Topology()
                .link(uid, end("pod1", "eth1", "10.1.1.1/24"), end("pod2", "eth1", "10.1.1.2/24"))
                .link(uid + 1, end("pod1", "eth2", "10.1.2.1/24"), end("pod2", "eth2", "10.1.2.2/24")));
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node2());
        try (LinkWatch watch1 = LinkWatch.begin(pod1.netns(), directory.resolve("1"));
                LinkWatch watch2 = LinkWatch.begin(pod2.netns(), directory.resolve("2"))) {
            // A call for a pod that is not known yet may be refused.
            addWhileEachAsksTheOther(pod1, pod2, uid);
            eventually(() -> assertThat(pod1.pings("10.1.1.2")).isTrue());
            eventually(() -> assertThat(pod2.pings("10.1.2.1")).isTrue());
            var before = ends(pod1, pod2);

            IntStream.range(0, 3)
                    .forEach(_ -> atOnce(asks(pod1, pod2, uid))
                            .forEach(answer -> assertThat(answer).isEqualTo(200)));

            assertThat(ends(pod1, pod2)).isEqualTo(before);
            assertThat(pod1.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
            assertThat(pod2.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
            assertMadeOnce(pod1, watch1);
            assertMadeOnce(pod2, watch2);
        }
    }

    private static void addWhileEachAsksTheOther(Pod pod1, Pod pod2, int uid) {
        Stream<Supplier<Integer>> adds = Stream.of(pod1, pod2)
                .map(pod -> () -> pod.add().succeeded().outcome().status());
        atOnce(Stream.concat(adds, asks(pod1, pod2, uid).stream()).toList());
    }

    /** The calls by which each node asks the other for its end of either link; each gives the status of the answer. */
    private static List<Supplier<Integer>> asks(Pod pod1, Pod pod2, int uid) {
        return IntStream.range(0, INTERFACES.size())
                .boxed()
                .flatMap(index -> Stream.of(ask(pod2, pod1, index, uid, 1), ask(pod1, pod2, index, uid, 2)))
                .toList();
    }

    private static Supplier<Integer> ask(Pod from, Pod to, int index, int uid, int last) {
        String body = new OriginalTunnel(
                        to.netnsPath(),
                        INTERFACES.get(index),
                        "10.1.%d.%d/24".formatted(index + 1, last),
                        from.node().address(),
                        5000 + uid + index)
                .body();
        return () -> to.node().http("PUT", "/vtep", body).status();
    }

    private static List<Integer> atOnce(List<Supplier<Integer>> calls) {
        List<CompletableFuture<Integer>> answers = calls.stream()
                .map(call -> CompletableFuture.supplyAsync(call, AT_ONCE))
                .toList();
        return answers.stream().map(CompletableFuture::join).toList();
    }

    /** What tells one end from another: node, name, ifindex, port, wire. */
    private static Set<String> ends(Pod... pods) {
        return Stream.of(pods)
                .flatMap(pod -> INTERFACES.stream().map(ifname -> {
                    ObservedLink link = pod.link(ifname);
                    return "%s %s %d %d %s"
                            .formatted(
                                    pod.name(),
                                    ifname,
                                    link.ifindex(),
                                    link.peer(),
                                    pod.node().wireOf(pod, ifname));
                }))
                .collect(Collectors.toSet());
    }

    private static void assertMadeOnce(Pod pod, LinkWatch watch) {
        for (String ifname : INTERFACES) {
            List<Event> events = watch.seen(ifname);
            assertThat(events)
                    .as("%s in %s", ifname, pod.name())
                    .isNotEmpty()
                    .noneMatch(Event::deleted)
                    .allMatch(event -> event.ifindex() == pod.link(ifname).ifindex());
            assertThat(events.stream().dropWhile(event -> !event.carrier()))
                    .as("%s in %s, once it has a carrier", ifname, pod.name())
                    .isNotEmpty()
                    .allMatch(Event::carrier);
        }
    }
}
