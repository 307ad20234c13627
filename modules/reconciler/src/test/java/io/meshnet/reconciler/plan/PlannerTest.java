package io.meshnet.reconciler.plan;

import static io.meshnet.reconciler.state.Examples.NODE1;
import static io.meshnet.reconciler.state.Examples.NODE2;
import static io.meshnet.reconciler.state.Examples.POD1;
import static io.meshnet.reconciler.state.Examples.POD2;
import static io.meshnet.reconciler.state.Examples.POD3;
import static io.meshnet.reconciler.state.Examples.UID11;
import static io.meshnet.reconciler.state.Examples.UID13;
import static io.meshnet.reconciler.state.Examples.UID21;
import static io.meshnet.reconciler.state.Examples.end;
import static io.meshnet.reconciler.state.Examples.link;
import static io.meshnet.reconciler.state.Examples.mirrored;
import static io.meshnet.reconciler.state.Examples.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.meshnet.reconciler.ModelKernel;
import io.meshnet.reconciler.ModelKernel.Namespace;
import io.meshnet.reconciler.ModelPanel;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.DesiredLinks;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.Examples;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.LinkStatus.Phase;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The planner from plan to plan, each carried out on a model of the kernel. {@link
 * PlannerDifferencesTest} has single comparisons.
 */
class PlannerTest {

    private static final EndId POD1_ETH1 = new EndId(POD1, "eth1");
    private static final EndId POD1_ETH2 = new EndId(POD1, "eth2");
    private static final EndId POD2_ETH1 = new EndId(POD2, "eth1");
    private static final EndId POD2_ETH2 = new EndId(POD2, "eth2");

    private final Cluster cluster = Examples.triangle();
    private final ModelKernel kernel = new ModelKernel();
    private final Map<PodName, Namespace> pods = new HashMap<>(Map.of(POD1, kernel.create(), POD2, kernel.create()));
    private final ModelPanel panel = new ModelPanel(kernel, pod -> Optional.ofNullable(pods.get(pod)));

    @Test
    void theFirstPodGetsItsPortsBeforeItsPeerIsThere() {
        assertThat(reconcile(POD1))
                .hasToString("[the interface default/pod1:eth1, the interface default/pod1:eth2,"
                        + " a wire from default/pod1:eth2 to node 10.0.0.2 with VNI 5013]");

        assertThat(plan(POD1).actions()).isEmpty();
        assertThat(plan(POD1).statuses())
                .extracting(LinkStatus::phase, LinkStatus::reason)
                .containsExactly(
                        tuple(Phase.WAITING, "the interface default/pod2:eth1 is not made yet"),
                        tuple(Phase.IN_PLACE, ""));
        assertThat(port(POD1_ETH1).isUp()).isFalse();
        assertThat(port(POD1_ETH2).isUp()).isTrue();
    }

    @Test
    void theSecondPodConnectsBothAndThenAllIsLeftAlone() {
        reconcile(POD1);
        assertThat(reconcile(POD2))
                .hasToString("[the interface default/pod2:eth1, the interface default/pod2:eth2,"
                        + " a wire from default/pod2:eth1 to default/pod1:eth1,"
                        + " a wire from default/pod2:eth2 to node 10.0.0.2 with VNI 5021]");

        assertSettled();
        assertThat(plan(POD1).statuses()).extracting(LinkStatus::phase).containsOnly(Phase.IN_PLACE);
        assertThat(plan(POD2).statuses()).extracting(LinkStatus::phase).containsOnly(Phase.IN_PLACE);
    }

    @Test
    void anInterfaceIsMadeAsDeclared() {
        assertThat(plan(POD1).actions().getFirst()).isInstanceOfSatisfying(Action.MakePort.class, make -> {
            assertThat(make.spec().end()).isEqualTo(POD1_ETH1);
            assertThat(make.spec().ifindex()).isEqualTo(100_022);
            assertThat(make.spec().mark().alias()).isEqualTo("meshnet eth1 11 12.12.12.1/24 auto/1450 default/pod1");
        });
    }

    @Test
    void aPeerThatIsGoneTakesTheWireAlongAndLeavesTheInterface() {
        settle();
        ObservedPort near = port(POD1_ETH1);
        ObservedPort far = port(POD1_ETH2);

        cluster.put(stopped(POD2, mirrored(UID11), UID21));
        cluster.put(stopped(POD3, mirrored(UID13), mirrored(UID21)));

        assertThat(reconcile(POD1)).hasOnlyElementsOfType(Action.Cut.class).hasSize(2);
        assertThat(port(POD1_ETH1)).isEqualTo(near.withUp(false));
        assertThat(port(POD1_ETH2)).isEqualTo(far.withUp(false));
        assertThat(plan(POD1).actions()).isEmpty();
        assertThat(plan(POD1).statuses()).extracting(LinkStatus::phase).containsOnly(Phase.WAITING);
    }

    @Test
    void aPeerThatMovesHereAndAwayIsFollowedByTheWireAlone() {
        settle();
        ObservedPort port = port(POD1_ETH2);
        pods.put(POD3, kernel.create());

        cluster.put(running(POD3, NODE1, mirrored(UID13), mirrored(UID21)));
        assertThat(reconcile(POD1)).hasToString("[the end of the wire on port " + port.name() + "]");
        assertThat(reconcile(POD3))
                .hasToString("[the interface default/pod3:eth1, the interface default/pod3:eth2,"
                        + " a wire from default/pod3:eth1 to default/pod1:eth2,"
                        + " a wire from default/pod3:eth2 to default/pod2:eth2]");
        assertSettled();
        assertThat(port(POD1_ETH2)).isEqualTo(port);

        cluster.put(running(POD3, Examples.node(3), mirrored(UID13), mirrored(UID21)));
        assertThat(reconcile(POD1)).hasToString("[a wire from default/pod1:eth2 to node 10.0.0.3 with VNI 5013]");
        assertThat(reconcile(POD2)).hasToString("[a wire from default/pod2:eth2 to node 10.0.0.3 with VNI 5021]");
        assertSettled();
        assertThat(port(POD1_ETH2)).isEqualTo(port);
    }

    @Test
    void aTunnelFollowsItsPeerToAnotherNode() {
        settle();

        cluster.put(running(POD3, Examples.node(3), mirrored(UID13), mirrored(UID21)));

        assertThat(reconcile(POD1)).hasToString("[a wire from default/pod1:eth2 to node 10.0.0.3 with VNI 5013]");
        assertThat(reconcile(POD2)).hasOnlyElementsOfType(Action.ConnectNode.class);
        assertSettled();
    }

    @Test
    void aChangedAddressIsAppliedAndNothingElseIsTouched() {
        settle();
        ObservedPort before = port(POD1_ETH1);

        declare(link(11, end(POD1, "eth1", "12.12.12.9/24"), UID11.peer()));

        assertThat(plan(POD1).actions()).singleElement().isInstanceOfSatisfying(Action.Apply.class, apply -> {
            assertThat(apply.port()).isEqualTo(before);
            assertThat(apply.before()).isEqualTo(before.mark().orElseThrow());
            assertThat(apply.after().address()).hasValue(Prefix.parse("12.12.12.9/24"));
            assertThat(apply.after().mtu()).isEqualTo(1450);
        });
        assertThat(plan(POD2).actions()).isEmpty();
        settle();
        assertThat(port(POD1_ETH1).ifindex()).isEqualTo(before.ifindex());
        assertThat(port(POD1_ETH1).podIfindex()).isEqualTo(before.podIfindex());
    }

    @Test
    void aDeclaredMtuIsAppliedAtBothEndsAndAWithdrawnOneAsWell() {
        settle();

        declare(link(11, UID11.local(), UID11.peer(), 9000));
        assertThat(reconcile(POD1)).hasOnlyElementsOfType(Action.Apply.class).hasSize(1);
        assertThat(reconcile(POD2)).hasOnlyElementsOfType(Action.Apply.class).hasSize(1);
        assertThat(port(POD1_ETH1).mark().orElseThrow().mtu()).isEqualTo(9000);
        assertSettled();

        declare(UID11);
        settle();
        assertThat(port(POD1_ETH1).mark().orElseThrow().alias()).contains("auto/1450");
    }

    @Test
    void anMtuThatIsDeclaredAsTheNodeChoseItChangesTheMark() {
        settle();

        declare(link(11, UID11.local(), UID11.peer(), 1450));

        assertThat(reconcile(POD1)).hasOnlyElementsOfType(Action.Apply.class).hasSize(1);
        settle();
        assertThat(port(POD1_ETH1).mark().orElseThrow().isMtuDeclared()).isTrue();
    }

    @Test
    void anotherLinkOnTheSameInterfaceTakesThePortOver() {
        settle();
        ObservedPort before = port(POD1_ETH1);
        DeclaredLink other = link(12, UID11.local(), UID11.peer());

        cluster.put(running(POD1, NODE1, other, UID13));
        cluster.put(running(POD2, NODE1, mirrored(other), UID21));

        assertThat(reconcile(POD1)).hasOnlyElementsOfType(Action.Apply.class).hasSize(1);
        settle();
        assertThat(port(POD1_ETH1).ifindex()).isEqualTo(before.ifindex());
    }

    @Test
    void aLinkThatTheTopologyDroppedTakesItsPortsAlong() {
        settle();
        ObservedPort stale = port(POD1_ETH2);

        cluster.put(running(POD1, NODE1, UID11));
        cluster.put(running(POD3, NODE2, mirrored(UID21)));

        assertThat(reconcile(POD1)).containsExactly(new Action.DeletePort(stale, "which no link has any more"));
        assertSettled();
        assertThat(panel.port(POD1_ETH2)).isEmpty();
    }

    @Test
    void aLinkThatIsAddedLiveGetsItsPorts() {
        settle();
        DeclaredLink added = link(30, end(POD1, "eth3", ""), end(POD2, "eth3", ""));

        cluster.put(running(POD1, NODE1, UID11, UID13, added));

        assertThat(reconcile(POD1)).hasOnlyElementsOfType(Action.MakePort.class).hasSize(1);
        assertThat(reconcile(POD2))
                .hasToString("[the interface default/pod2:eth3, a wire from default/pod2:eth3 to default/pod1:eth3]");
        assertSettled();
    }

    @Test
    void aDisputedLinkStaysAsItIs() {
        settle();
        ObservedPort before = port(POD1_ETH1);

        cluster.put(running(POD2, NODE1, link(11, end(POD2, "eth7", ""), end(POD1, "eth1", "")), UID21));

        assertThat(plan(POD1).actions()).isEmpty();
        assertThat(plan(POD1).statuses().getFirst().phase()).isEqualTo(Phase.DISPUTED);
        assertThat(port(POD1_ETH1)).isEqualTo(before);
    }

    @Test
    void aDisputedLinkGivesThePodTheInterfaceThatItDeclaresItselfAndNoOther() {
        DeclaredLink claim = link(99, end(POD2, "eth9", ""), end(POD1, "eth1", ""));
        cluster.put(running(POD1, NODE1, UID11));
        cluster.put(running(POD2, NODE1, claim));
        cluster.put(running(POD3, NODE2));

        List<Action> ofDeclarer = reconcile(POD2);
        assertThat(ofDeclarer)
                .filteredOn(action -> action.link().orElseThrow().uid() == 99)
                .singleElement()
                .isInstanceOf(Action.MakePort.class);
        assertThat(reconcile(POD1))
                .noneMatch(action -> action.link().filter(id -> id.uid() == 99).isPresent());
        assertThat(plan(POD1).statuses())
                .filteredOn(status -> status.link().uid() == 99)
                .extracting(LinkStatus::phase)
                .containsExactly(Phase.DISPUTED);
    }

    @Test
    void aLoopHasTwoPortsAndOneWire() {
        DeclaredLink loop = link(5, end(POD1, "eth1", "10.5.5.1/30"), end(POD1, "eth2", "10.5.5.2/30"));
        cluster.put(running(POD1, NODE1, loop));
        cluster.put(running(POD2, NODE1));
        cluster.put(running(POD3, NODE2));

        assertThat(reconcile(POD1))
                .hasToString("[the interface default/pod1:eth1, the interface default/pod1:eth2,"
                        + " a wire from default/pod1:eth1 to default/pod1:eth2]");

        Plan after = plan(POD1);
        assertThat(after.actions()).isEmpty();
        assertThat(after.statuses()).extracting(LinkStatus::phase).containsExactly(Phase.IN_PLACE, Phase.IN_PLACE);
        assertThat(after.statuses(Map.of())).hasSize(1);
        assertThat(port(POD1_ETH1).isUp() && port(POD1_ETH2).isUp()).isTrue();
    }

    @Test
    void anEndThatAPodDeletesIsMadeAgainAndConnectedFromEitherSide() {
        settle();
        ObservedPort survivor = port(POD2_ETH1);
        kernel.deleteAsPod(port(POD1_ETH1).ifindex());
        panel.notice();

        assertThat(plan(POD2).actions()).isEmpty();
        assertThat(plan(POD2).statuses().getFirst().phase()).isEqualTo(Phase.WAITING);
        assertThat(reconcile(POD1))
                .hasToString("[the interface default/pod1:eth1, a wire from default/pod1:eth1 to default/pod2:eth1]");
        assertSettled();
        assertThat(port(POD2_ETH1)).isEqualTo(survivor);
    }

    @Test
    void aDaemonThatStartsFindsNothingToDo() {
        settle();

        ModelPanel started = new ModelPanel(kernel, pod -> Optional.ofNullable(pods.get(pod)));

        for (PodName pod : List.of(POD1, POD2)) {
            assertThat(Planner.plan(NODE1, desired(pod), started.look(pods.get(pod), desired(pod)))
                            .actions())
                    .isEmpty();
        }
        assertThat(port(POD2_ETH2).isUp()).isTrue();
    }

    private static PodRecord stopped(PodName pod, DeclaredLink... links) {
        PodRecord idle = Examples.idle(pod, links);
        return new PodRecord(pod, idle.declaration(), Optional.empty(), 9);
    }

    /** Link 11 is declared anew, by both of its pods. */
    private void declare(DeclaredLink link) {
        cluster.put(running(POD1, NODE1, link, UID13));
        cluster.put(running(POD2, NODE1, mirrored(link), UID21));
    }

    private ObservedPort port(EndId end) {
        return panel.port(end).orElseThrow();
    }

    private List<DesiredLink> desired(PodName pod) {
        return DesiredLinks.of(cluster, NODE1, pod).orElseThrow();
    }

    private Plan plan(PodName pod) {
        return Planner.plan(NODE1, desired(pod), panel.look(pods.get(pod), desired(pod)));
    }

    private List<Action> reconcile(PodName pod) {
        List<Action> actions = plan(pod).actions();
        assertThat(panel.run(pods.get(pod), actions)).isEmpty();
        return actions;
    }

    private void settle() {
        reconcile(POD1);
        reconcile(POD2);
        assertSettled();
    }

    private void assertSettled() {
        for (PodName pod : pods.keySet()) {
            if (DesiredLinks.isHere(cluster, NODE1, pod)) {
                assertThat(plan(pod).actions()).as("left to do for %s", pod).isEmpty();
            }
        }
    }
}
