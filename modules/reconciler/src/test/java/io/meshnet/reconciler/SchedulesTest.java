package io.meshnet.reconciler;

import static io.meshnet.reconciler.state.Examples.NODE1;
import static io.meshnet.reconciler.state.Examples.NODE2;
import static io.meshnet.reconciler.state.Examples.POD1;
import static io.meshnet.reconciler.state.Examples.POD2;
import static io.meshnet.reconciler.state.Examples.POD3;
import static io.meshnet.reconciler.state.Examples.end;
import static io.meshnet.reconciler.state.Examples.link;
import static io.meshnet.reconciler.state.Examples.mirrored;

import io.meshnet.reconciler.state.Examples;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;

/**
 * Runs random schedules of events on a model of nodes, store and kernels. After any schedule the
 * nodes come to rest: every declared interface of a running pod is there as declared, every link
 * whose two pods run carries frames, and the patch namespaces have nothing else. No interface is
 * ever replaced without need. jqwik prints the seed of a schedule that fails, and makes it shorter.
 */
class SchedulesTest {

    private static final NodeIdentity NODE3 = Examples.node(3);

    private static final List<PodName> PODS = List.of(POD1, POD2, POD3);

    private static final DeclaredLink LINK1 =
            link(1, end(POD1, "eth1", "10.1.0.1/24"), end(POD2, "eth1", "10.1.0.2/24"));
    private static final DeclaredLink LINK2 =
            link(2, end(POD2, "eth2", "10.2.0.2/24"), end(POD3, "eth1", "10.2.0.3/24"));
    private static final DeclaredLink LINK3 = link(3, end(POD3, "eth2", ""), end(POD1, "eth2", ""));
    private static final DeclaredLink DECLARED3 = link(3, end(POD3, "eth2", ""), end(POD1, "eth2", ""), 1450);
    private static final DeclaredLink PARALLEL = link(4, end(POD1, "eth3", ""), end(POD2, "eth3", "10.4.0.2/30"));
    private static final DeclaredLink READDRESSED =
            link(1, end(POD1, "eth1", "10.9.0.1/24"), end(POD2, "eth1", "10.9.0.2/24"), 1400);
    private static final DeclaredLink LARGE =
            link(1, end(POD1, "eth1", "10.1.0.1/24"), end(POD2, "eth1", "10.1.0.2/24"), 9000);
    private static final DeclaredLink LOOP = link(5, end(POD1, "lo1", "10.5.0.1/30"), end(POD1, "lo2", ""));
    private static final DeclaredLink RENAMED =
            link(2, end(POD2, "up0", "10.2.0.2/24"), end(POD3, "eth1", "10.2.0.3/24"));
    private static final DeclaredLink ELSEWHERE = link(3, end(POD3, "eth2", ""), end(POD2, "eth9", ""));

    /** What each pod may declare, from edit to edit. */
    private static final List<List<List<DeclaredLink>>> EDITS = List.of(
            List.of(
                    List.of(LINK1, mirrored(LINK3), PARALLEL, LOOP),
                    List.of(READDRESSED),
                    List.of(LARGE, LOOP),
                    List.of()),
            List.of(
                    List.of(mirrored(LINK1), LINK2),
                    List.of(mirrored(READDRESSED), RENAMED, mirrored(ELSEWHERE)),
                    List.of(mirrored(LARGE)),
                    List.of()),
            List.of(
                    List.of(mirrored(LINK2), LINK3),
                    List.of(mirrored(RENAMED), ELSEWHERE),
                    List.of(DECLARED3),
                    List.of()));

    @Property(tries = 3000)
    void two_nodes_come_to_rest_with_every_link_in_place(
            @ForAll("schedules") List<Step> schedule, @ForAll @IntRange(max = 3) int last) {
        run(schedule, last, List.of(NODE1, NODE2));
    }

    @Property(tries = 3000)
    void three_nodes_come_to_rest_with_every_link_in_place(
            @ForAll("schedules") List<Step> schedule, @ForAll @IntRange(max = 3) int last) {
        run(schedule, last, List.of(NODE1, NODE2, NODE3));
    }

    /**
     * @param last the edit that every pod ends up with: while two pods disagree, what they disagree
     *     on stays as it was
     */
    private static void run(List<Step> schedule, int last, List<NodeIdentity> nodes) {
        ModelWorld world = new ModelWorld(nodes);
        declare(world, 0);
        schedule.forEach(step -> step.take(world));
        declare(world, last);
        world.settle();
        ModelCheck.run(world, PODS);
    }

    private static void declare(ModelWorld world, int edit) {
        for (int i = 0; i < PODS.size(); i++) {
            world.declare(PODS.get(i), EDITS.get(i).get(edit));
        }
    }

    @Provide
    Arbitrary<List<Step>> schedules() {
        return Arbitraries.frequencyOf(Tuple.of(6, ofRuntimes()), Tuple.of(10, ofDaemons()), Tuple.of(4, ofPods()))
                .list()
                .ofMaxSize(40);
    }

    private static Arbitrary<Integer> any() {
        return Arbitraries.integers().between(0, 99);
    }

    private static Arbitrary<Integer> pod() {
        return Arbitraries.integers().between(0, PODS.size() - 1);
    }

    private static Arbitrary<Boolean> flip() {
        return Arbitraries.of(true, false);
    }

    private static Arbitrary<String> name() {
        return Arbitraries.of("eth1", "eth2", "eth3", "up0", "lo1");
    }

    private static Arbitrary<Step> add() {
        return Combinators.combine(pod(), any()).as((pod, node) -> new Step.Add(PODS.get(pod), node));
    }

    private static Arbitrary<Step> delete() {
        return Combinators.combine(any(), any(), flip()).as(Step.Delete::new);
    }

    private static Arbitrary<Step> deliver() {
        return Combinators.combine(any(), any(), flip()).as(Step.Deliver::new);
    }

    /** What runtimes, machines and users do. */
    private static Arbitrary<Step> ofRuntimes() {
        Arbitrary<Integer> edit = Arbitraries.integers().between(0, 3);
        return Arbitraries.frequencyOf(
                Tuple.of(6, add()),
                Tuple.of(3, delete()),
                Tuple.of(1, any().map(Step.DeleteAgain::new)),
                Tuple.of(1, Combinators.combine(any(), any()).as(Step.Vanish::new)),
                Tuple.of(1, any().map(Step.LosePatch::new)),
                Tuple.of(1, any().map(Step.Reboot::new)),
                Tuple.of(1, any().map(Step.NodeDies::new)),
                Tuple.of(
                        3,
                        Combinators.combine(pod(), edit)
                                .as((pod, number) -> new Step.Edit(
                                        PODS.get(pod), EDITS.get(pod).get(number)))));
    }

    /** What daemons are told, and how they end. */
    private static Arbitrary<Step> ofDaemons() {
        Arbitrary<Step> follow = any().map(Step.Follow::new);
        Arbitrary<Step> notice = any().map(Step.Notice::new);
        Arbitrary<Step> killed = Arbitraries.oneOf(add(), delete(), deliver(), follow, notice);
        Arbitrary<Integer> container = Arbitraries.integers().between(0, 5);
        Arbitrary<Integer> vni = Arbitraries.integers().between(5001, 5009);
        Arbitrary<Integer> steps = Arbitraries.integers().between(0, 30);
        return Arbitraries.frequencyOf(
                Tuple.of(6, deliver()),
                Tuple.of(2, Combinators.combine(any(), any()).as(Step.Lose::new)),
                Tuple.of(4, Combinators.combine(any(), flip()).as(Step.Put::new)),
                Tuple.of(1, any().map(Step.LosePut::new)),
                Tuple.of(1, Combinators.combine(any(), container, name(), vni).as(Step.Forge::new)),
                Tuple.of(2, follow),
                Tuple.of(2, notice),
                Tuple.of(4, Combinators.combine(any(), steps, killed).as(Step.Kill::new)));
    }

    /** What people in pods do. */
    private static Arbitrary<Step> ofPods() {
        return Arbitraries.frequencyOf(
                Tuple.of(
                        4,
                        Combinators.combine(any(), any(), any(), Arbitraries.of(Tampering.class))
                                .as(Step.Tamper::new)),
                Tuple.of(1, Combinators.combine(any(), any(), name()).as(Step.Foreign::new)));
    }
}
