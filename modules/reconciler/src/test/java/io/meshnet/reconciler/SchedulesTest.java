package io.meshnet.reconciler;

import static io.meshnet.reconciler.Examples.NODE1;
import static io.meshnet.reconciler.Examples.NODE2;
import static io.meshnet.reconciler.Examples.POD1;
import static io.meshnet.reconciler.Examples.POD2;
import static io.meshnet.reconciler.Examples.POD3;
import static io.meshnet.reconciler.Examples.end;
import static io.meshnet.reconciler.Examples.link;
import static io.meshnet.reconciler.Examples.mirrored;

import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.NumericAddress;
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
 * Whatever happens, in whatever order: once it has calmed down, every declared link whose two pods run exists exactly once and as
 * declared, and nothing else of ours does. A schedule that fails is printed with its seed and made as short as it can be.
 */
class SchedulesTest {

    private static final NodeIdentity NODE3 =
            new NodeIdentity("node3", NumericAddress.parse("10.0.0.3"), 2, 4789, 1450);

    private static final List<PodName> PODS = List.of(POD1, POD2, POD3);

    private static final DeclaredLink LINK1 =
            link(1, end(POD1, "eth1", "10.1.0.1/24"), end(POD2, "eth1", "10.1.0.2/24"));
    private static final DeclaredLink LINK2 =
            link(2, end(POD2, "eth2", "10.2.0.2/24"), end(POD3, "eth1", "10.2.0.3/24"));
    private static final DeclaredLink LINK3 = link(3, end(POD3, "eth2", ""), end(POD1, "eth2", ""));
    private static final DeclaredLink PARALLEL = link(4, end(POD1, "eth3", ""), end(POD2, "eth3", "10.4.0.2/30"));
    private static final DeclaredLink READDRESSED =
            link(1, end(POD1, "eth1", "10.9.0.1/24"), end(POD2, "eth1", "10.9.0.2/24"));
    private static final DeclaredLink RENAMED =
            link(2, end(POD2, "up0", "10.2.0.2/24"), end(POD3, "eth1", "10.2.0.3/24"));
    private static final DeclaredLink ELSEWHERE = link(3, end(POD3, "eth2", ""), end(POD2, "eth9", ""));

    /** What each pod may declare, from edit to edit. */
    private static final List<List<List<DeclaredLink>>> EDITS = List.of(
            List.of(List.of(LINK1, mirrored(LINK3), PARALLEL), List.of(READDRESSED), List.of(LINK1), List.of()),
            List.of(
                    List.of(mirrored(LINK1), LINK2),
                    List.of(mirrored(READDRESSED), RENAMED, mirrored(ELSEWHERE)),
                    List.of(mirrored(LINK1)),
                    List.of()),
            List.of(List.of(mirrored(LINK2), LINK3), List.of(mirrored(RENAMED), ELSEWHERE), List.of(LINK3), List.of()));

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

    /** @param last the edit that every pod ends up with: while two pods disagree, what they disagree on stays as it was */
    private static void run(List<Step> schedule, int last, List<NodeIdentity> nodes) {
        ModelWorld world = new ModelWorld(nodes);
        declare(world, 0);
        schedule.forEach(step -> step.take(world));
        declare(world, last);
        world.settle();
        world.assertRight(PODS);
    }

    private static void declare(ModelWorld world, int edit) {
        for (int i = 0; i < PODS.size(); i++) {
            world.declare(PODS.get(i), EDITS.get(i).get(edit));
        }
    }

    @Provide
    Arbitrary<List<Step>> schedules() {
        Arbitrary<Integer> any = Arbitraries.integers().between(0, 99);
        Arbitrary<Integer> pod = Arbitraries.integers().between(0, PODS.size() - 1);
        Arbitrary<Boolean> flip = Arbitraries.of(true, false);
        Arbitrary<Step> step = Arbitraries.frequencyOf(
                Tuple.of(6, Combinators.combine(pod, any).as((p, node) -> new Step.Add(PODS.get(p), node))),
                Tuple.of(3, Combinators.combine(any, any).as(Step.Delete::new)),
                Tuple.of(1, any.map(Step.DeleteAgain::new)),
                Tuple.of(6, Combinators.combine(any, any, flip).as(Step.Deliver::new)),
                Tuple.of(2, Combinators.combine(any, any).as(Step.Lose::new)),
                Tuple.of(4, Combinators.combine(any, flip).as(Step.Put::new)),
                Tuple.of(1, any.map(Step.LosePut::new)),
                Tuple.of(1, any.map(Step.Follow::new)),
                Tuple.of(
                        2,
                        Combinators.combine(any, pod, Arbitraries.integers().between(0, 4), flip)
                                .as((node, p, steps, half) -> new Step.Crash(node, PODS.get(p), steps, half))),
                Tuple.of(1, any.map(Step.Reboot::new)),
                Tuple.of(2, Combinators.combine(any, any, any).as(Step.Tamper::new)),
                Tuple.of(1, any.map(Step.NodeDies::new)),
                Tuple.of(
                        3,
                        Combinators.combine(pod, Arbitraries.integers().between(0, 3))
                                .as((p, edit) ->
                                        new Step.Edit(PODS.get(p), EDITS.get(p).get(edit)))));
        return step.list().ofMaxSize(40);
    }
}
