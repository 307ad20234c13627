package io.meshnet.reconciler;

import static io.meshnet.reconciler.Examples.NODE1;
import static io.meshnet.reconciler.Examples.NODE2;
import static io.meshnet.reconciler.Examples.POD1;
import static io.meshnet.reconciler.Examples.POD2;
import static io.meshnet.reconciler.Examples.POD3;
import static io.meshnet.reconciler.Examples.UID11;
import static io.meshnet.reconciler.Examples.UID13;
import static io.meshnet.reconciler.Examples.end;
import static io.meshnet.reconciler.Examples.idle;
import static io.meshnet.reconciler.Examples.link;
import static io.meshnet.reconciler.Examples.mirrored;
import static io.meshnet.reconciler.Examples.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.netlink.Vxlan;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlannerTest {

    private final Cluster cluster = Examples.triangle();
    private final ModelKernel kernel = new ModelKernel(NODE1, POD1, POD2);

    @Test
    void theTriangleComesUpAndIsThenLeftAlone() {
        assertThat(reconcile(POD1)).hasSize(2);
        assertThat(reconcile(POD2)).hasSize(1);

        assertThat(kernel.device(POD1, "eth1").kind()).isEqualTo("veth");
        assertThat(kernel.device(POD2, "eth1").kind()).isEqualTo("veth");
        assertThat(kernel.device(POD1, "eth2").vxlan().orElseThrow().vni()).isEqualTo(5013);
        assertThat(kernel.device(POD2, "eth2").vxlan().orElseThrow().vni()).isEqualTo(5021);
        assertSettled();
    }

    @Test
    void aLinkStandsInPlaceOnceItsPlanWasCarriedOut() {
        assertThat(plan(POD1).states()).extracting(LinkState::phase).containsOnly(LinkState.Phase.IN_PLACE);
    }

    @Test
    void aPeerThatIsGoneTakesAVethAlongAndLeavesATunnelWithoutCarrier() {
        settle();
        int ifindex = kernel.device(POD1, "eth2").ifindex();

        cluster.put(idleAgain(POD2, mirrored(UID11)));
        cluster.put(idleAgain(POD3, mirrored(UID13)));
        settle();

        assertThat(kernel.device(POD1, "eth1")).isNull();
        assertThat(kernel.device(POD1, "eth2").protoDown()).isTrue();
        assertThat(kernel.device(POD1, "eth2").ifindex()).isEqualTo(ifindex);
        assertThat(plan(POD1).states()).extracting(LinkState::phase).containsOnly(LinkState.Phase.WAITING);
    }

    @Test
    void aTunnelFollowsItsPeerToAnotherNodeInPlace() {
        settle();
        int ifindex = kernel.device(POD1, "eth2").ifindex();
        NodeIdentity third = new NodeIdentity("node3", NumericAddress.parse("10.0.0.3"), 2, 4789, 1450);

        cluster.put(running(POD3, third, mirrored(UID13)));
        settle();

        assertThat(kernel.device(POD1, "eth2").vxlan().flatMap(Vxlan::remote)).hasValue(third.vtep());
        assertThat(kernel.device(POD1, "eth2").ifindex()).isEqualTo(ifindex);
    }

    @Test
    void aPeerThatMovesHereAndAwayTurnsTheTunnelIntoAVethAndBack() {
        settle();
        ModelKernel both = new ModelKernel(NODE1, POD1, POD2, POD3);
        cluster.put(running(POD3, NODE1, mirrored(UID13)));
        both.apply(plan(POD1, both).actions());
        assertThat(both.device(POD1, "eth2").kind()).isEqualTo("veth");
        assertThat(both.device(POD3, "eth1").kind()).isEqualTo("veth");

        cluster.put(running(POD3, NODE2, mirrored(UID13)));
        both.apply(plan(POD1, both).actions());
        assertThat(both.device(POD1, "eth2").kind()).isEqualTo("vxlan");
        assertThat(both.device(POD3, "eth1")).isNull();
    }

    @Test
    void anInterfaceOfTheUsersIsInTheWayAndIsNotTouched() {
        kernel.foreign(POD2, "eth1");

        assertThat(reconcile(POD1)).hasOnlyElementsOfType(Action.CreateVxlan.class);
        assertThat(plan(POD1).states())
                .filteredOn(state -> state.phase() == LinkState.Phase.FAILED)
                .singleElement()
                .satisfies(state -> assertThat(state.reason()).contains("default/pod2", "eth1", "did not make"));
        assertThat(kernel.device(POD2, "eth1").kind()).isEqualTo("bridge");
    }

    @Test
    void aLinkThatTheTopologyDroppedIsDeletedAndTheUsersInterfacesAreNot() {
        settle();
        kernel.foreign(POD1, "br0");

        cluster.put(running(POD1, NODE1, UID11));
        cluster.put(running(POD3, NODE2));
        settle();

        assertThat(kernel.devices(POD1)).containsOnlyKeys("eth1", "br0");
    }

    @Test
    void aChangedAddressIsExchangedAndTheUsersOwnIsKept() {
        settle();
        InterfaceAddress own = address("192.0.2.1", 32);
        kernel.address(POD1, "eth1", own);
        int ifindex = kernel.device(POD1, "eth1").ifindex();

        DeclaredLink moved = link(11, end(POD1, "eth1", "12.12.12.9/24"), UID11.peer());
        cluster.put(running(POD1, NODE1, moved, UID13));
        cluster.put(running(POD2, NODE1, mirrored(moved)));
        settle();

        assertThat(kernel.addresses(POD1, "eth1")).containsExactlyInAnyOrder(own, address("12.12.12.9", 24));
        assertThat(kernel.device(POD1, "eth1").ifindex()).isEqualTo(ifindex);
    }

    @Test
    void aHalfThatLostItsOtherHalfIsMadeAnew() {
        settle();
        Link before = kernel.device(POD1, "eth1");
        kernel.remove(POD2, "eth1");
        assertThat(kernel.device(POD1, "eth1")).isNull();

        settle();

        assertThat(kernel.device(POD1, "eth1")).isEqualTo(before);
    }

    @Test
    void aVethIntoAnotherNamespaceThanThePeersIsMadeAnew() {
        settle();
        Observed seen = kernel.observe();
        Observed elsewhere = new Observed(seen.pods(), java.util.Map.of(POD2, 42));

        List<Action> actions = Planner.plan(
                        NODE1, POD1, DesiredLinks.of(cluster, NODE1, POD1).orElseThrow(), elsewhere)
                .actions();

        assertThat(actions).anyMatch(action -> action instanceof Action.CreateVeth);
    }

    @Test
    void aDownDeviceIsRaisedAndAWrongMtuMended() {
        settle();
        ModelKernel larger = new ModelKernel(new NodeIdentity("node1", NODE1.vtep(), 2, 4789, 9000), POD1, POD2);
        larger.apply(plan(POD1, larger).actions());

        larger.apply(plan(POD1, larger).actions());

        assertThat(larger.device(POD1, "eth1").mtu()).isEqualTo(1450);
        assertThat(larger.device(POD2, "eth1").mtu()).isEqualTo(1450);
    }

    @Test
    void aTunnelFromAnAddressThatTheNodeNoLongerHasIsMadeAnew() {
        ModelKernel earlier =
                new ModelKernel(new NodeIdentity("node1", NumericAddress.parse("10.0.0.9"), 2, 4789, 1450), POD1, POD2);
        earlier.apply(plan(POD1, earlier).actions());
        assertThat(earlier.device(POD1, "eth2").vxlan().flatMap(Vxlan::local)).isNotEqualTo(Optional.of(NODE1.vtep()));

        assertThat(plan(POD1, earlier).actions())
                .hasExactlyElementsOfTypes(Action.Delete.class, Action.CreateVxlan.class);
    }

    @Test
    void whateverAPodWroteIntoAnAliasItsLinksAreMade() {
        settle();
        ModelKernel scribbled = new ModelKernel(NODE1, POD1, POD2);
        scribbled.apply(plan(POD1, scribbled).actions());
        scribbled.apply(List.of(new Action.Mark(
                "", POD1, scribbled.device(POD1, "eth2").ifindex(), "meshnet:13 x default/pod1:eth2 y")));

        scribbled.apply(plan(POD1, scribbled).actions());

        assertThat(plan(POD1, scribbled).actions()).isEmpty();
    }

    @Test
    void aLoopHasBothEndsInOnePod() {
        DeclaredLink loop = link(5, end(POD1, "eth1", "10.5.5.1/30"), end(POD1, "eth2", "10.5.5.2/30"));
        cluster.put(running(POD1, NODE1, loop));
        cluster.put(running(POD2, NODE1));
        cluster.put(running(POD3, NODE2));

        settle();

        assertThat(kernel.devices(POD1)).containsOnlyKeys("eth1", "eth2");
        assertThat(kernel.device(POD1, "eth1").peer())
                .isEqualTo(kernel.device(POD1, "eth2").ifindex());
    }

    @Test
    void aDisputedLinkStaysAsItIs() {
        settle();
        Link before = kernel.device(POD1, "eth1");

        cluster.put(running(POD2, NODE1, link(11, end(POD2, "eth7", ""), end(POD1, "eth1", ""))));
        settle();

        assertThat(kernel.device(POD1, "eth1")).isEqualTo(before);
    }

    @Test
    void aPeerWhoseNamespaceIsGoneIsWaitedFor() {
        ModelKernel alone = new ModelKernel(NODE1, POD1);

        Planner.Plan plan = plan(POD1, alone);

        assertThat(plan.actions()).noneMatch(action -> action instanceof Action.CreateVeth);
        assertThat(plan.states())
                .filteredOn(state -> state.link().uid() == 11)
                .singleElement()
                .satisfies(state -> assertThat(state.reason()).contains("namespace", "default/pod2"));
    }

    private static InterfaceAddress address(String address, int length) {
        return new InterfaceAddress(NumericAddress.parse(address), length);
    }

    private static io.meshnet.topology.PodRecord idleAgain(PodName pod, DeclaredLink... links) {
        var idle = idle(pod, links);
        return new io.meshnet.topology.PodRecord(pod, idle.declaration(), Optional.empty(), 9);
    }

    private Planner.Plan plan(PodName pod) {
        return plan(pod, kernel);
    }

    private Planner.Plan plan(PodName pod, ModelKernel on) {
        return Planner.plan(NODE1, pod, DesiredLinks.of(cluster, NODE1, pod).orElse(List.of()), on.observe());
    }

    private List<Action> reconcile(PodName pod) {
        List<Action> actions = plan(pod).actions();
        kernel.apply(actions);
        return actions;
    }

    private void settle() {
        reconcile(POD1);
        reconcile(POD2);
        assertSettled();
    }

    private void assertSettled() {
        assertThat(plan(POD1).actions()).isEmpty();
        assertThat(plan(POD2).actions()).isEmpty();
    }
}
