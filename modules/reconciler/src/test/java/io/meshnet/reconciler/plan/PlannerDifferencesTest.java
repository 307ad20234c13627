package io.meshnet.reconciler.plan;

import static io.meshnet.reconciler.state.Examples.NODE1;
import static io.meshnet.reconciler.state.Examples.NODE2;
import static io.meshnet.reconciler.state.Examples.POD1;
import static io.meshnet.reconciler.state.Examples.POD3;
import static io.meshnet.reconciler.state.Examples.UID11;
import static io.meshnet.reconciler.state.Examples.UID13;
import static io.meshnet.reconciler.state.Examples.end;
import static io.meshnet.reconciler.state.Examples.link;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkStatus.Phase;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/**
 * One link at a time: what the planner makes of each single difference between what should be and
 * what is there.
 */
class PlannerDifferencesTest {

    private static final int NEAR = 1 << 24;
    private static final int FAR = NEAR + 1;
    private static final int OTHER = NEAR + 2;
    private static final int TUNNEL = 1 << 23;
    private static final InetAddress REMOTE = NODE2.vtep();

    private static final DesiredLink LOCAL = desired(UID11, new DesiredLink.ToEnd(EndId.of(UID11.peer())));
    private static final DesiredLink DISTANT = desired(UID13, new DesiredLink.ToNode(REMOTE));

    private static DesiredLink desired(DeclaredLink link, DesiredLink.Wire wire) {
        return new DesiredLink(PodLink.of(link), link.local(), wire);
    }

    private static ObservedPort port(int ifindex, Optional<PortMark> mark, boolean isUp) {
        return new ObservedPort(ifindex, "port" + ifindex, 7, mark, isUp, 100_000, 0);
    }

    private static ObservedPort port(int ifindex, DeclaredLink link, LinkEnd end, boolean isUp) {
        return port(ifindex, Optional.of(PortSpec.mark(NODE1, PodLink.of(link), end)), isUp);
    }

    private static PortWire toPort(int target) {
        return new PortWire(target, 0, Optional.empty(), false, 0);
    }

    private static PortWire toNode(int vni, InetAddress remote, boolean isFragmenting) {
        return new PortWire(TUNNEL, vni, Optional.of(remote), isFragmenting, 0);
    }

    private static ObservedPorts.Builder seen(ObservedPort... own) {
        return new ObservedPorts.Builder(List.of(own));
    }

    private static Plan plan(DesiredLink desired, ObservedPorts.Builder seen) {
        return Planner.plan(NODE1, List.of(desired), seen.build(Optional.empty()));
    }

    private static Plan local(boolean isNearUp, boolean isFarUp, PortWire there, PortWire back) {
        ObservedPort near = port(NEAR, UID11, UID11.local(), isNearUp);
        ObservedPort far = port(FAR, UID11, UID11.peer(), isFarUp);
        ObservedPorts.Builder seen = seen(near).far(EndId.of(UID11.peer()), far);
        if (there != null) {
            seen.wire(near, there);
        }
        if (back != null) {
            seen.wire(far, back);
        }
        return plan(LOCAL, seen);
    }

    @Test
    void twoPortsAreConnectedWhenBothWiresLeadToEachOtherAndBothAreUp() {
        assertThat(local(true, true, toPort(FAR), toPort(NEAR)).actions()).isEmpty();

        for (Plan lacking : List.of(
                local(false, true, toPort(FAR), toPort(NEAR)),
                local(true, false, toPort(FAR), toPort(NEAR)),
                local(true, true, null, toPort(NEAR)),
                local(true, true, toPort(FAR), null),
                local(true, true, toPort(OTHER), toPort(NEAR)),
                local(true, true, toPort(FAR), toPort(OTHER)),
                local(true, true, new PortWire(FAR, 5011, Optional.of(REMOTE), false, 0), toPort(NEAR)))) {
            assertThat(lacking.actions())
                    .containsExactly(
                            new Action.Connect(LOCAL.link().id(), EndId.of(UID11.local()), EndId.of(UID11.peer())));
            assertThat(lacking.lacking())
                    .containsEntry(LOCAL.link().id(), "it lacks a wire from default/pod1:eth1 to default/pod2:eth1");
            assertThat(lacking.statuses().getFirst().phase()).isEqualTo(Phase.IN_PLACE);
        }
    }

    @Test
    void aWireIsCutWhileThePeersPortIsMissing() {
        ObservedPort near = port(NEAR, UID11, UID11.local(), true);

        Plan plan = plan(LOCAL, seen(near).wire(near, toPort(FAR)));

        assertThat(plan.actions()).containsExactly(new Action.Cut(LOCAL.link().id(), near));
        assertThat(plan.statuses().getFirst().phase()).isEqualTo(Phase.WAITING);
    }

    private static Plan distant(boolean isUp, PortWire wire, TunnelWire tunnel) {
        ObservedPort near = port(NEAR, UID13, UID13.local(), isUp);
        ObservedPorts.Builder seen = seen(near).owner(near);
        if (wire != null) {
            seen.wire(near, wire);
        }
        if (tunnel != null) {
            seen.tunnel(5013, tunnel);
        }
        return plan(DISTANT, seen);
    }

    @Test
    void aPortIsConnectedWithANodeWhenWireAndTunnelAgreeAndItIsUp() {
        PortWire wire = toNode(5013, REMOTE, false);
        TunnelWire tunnel = new TunnelWire(NEAR, REMOTE, 0);
        InetAddress elsewhere = NumericAddress.parse("10.0.0.9");
        assertThat(distant(true, wire, tunnel).actions()).isEmpty();

        for (Plan lacking : List.of(
                distant(false, wire, tunnel),
                distant(true, null, tunnel),
                distant(true, wire, null),
                distant(true, toPort(FAR), tunnel),
                distant(true, toNode(5014, REMOTE, false), tunnel),
                distant(true, toNode(5013, elsewhere, false), tunnel),
                distant(true, toNode(5013, REMOTE, true), tunnel),
                distant(true, wire, new TunnelWire(FAR, REMOTE, 0)),
                distant(true, wire, new TunnelWire(NEAR, elsewhere, 0)))) {
            assertThat(lacking.actions())
                    .containsExactly(
                            new Action.ConnectNode(DISTANT.link().id(), EndId.of(UID13.local()), 5013, REMOTE, false));
        }
    }

    @Test
    void framesThatWereTooBigAreARemarkOnALinkInPlace() {
        Plan plan = distant(
                true, new PortWire(TUNNEL, 5013, Optional.of(REMOTE), false, 3), new TunnelWire(NEAR, REMOTE, 0));

        assertThat(plan.actions()).isEmpty();
        assertThat(plan.statuses().getFirst().phase()).isEqualTo(Phase.IN_PLACE);
        assertThat(plan.statuses().getFirst().reason()).isEqualTo("too big for the underlay: 1450");
    }

    @Test
    void aVniThatAnotherPodHasIsAnObstacle() {
        ObservedPort near = port(NEAR, UID13, UID13.local(), true);
        DeclaredLink other = link(13, end(POD3, "eth8", ""), end(POD3, "eth9", ""));
        ObservedPort owner = port(OTHER, other, other.local(), true);

        Plan plan = plan(
                DISTANT,
                seen(near)
                        .wire(near, toNode(5013, REMOTE, false))
                        .tunnel(5013, new TunnelWire(OTHER, REMOTE, 0))
                        .owner(owner));

        assertThat(plan.actions()).containsExactly(new Action.Cut(DISTANT.link().id(), near));
        assertThat(plan.statuses().getFirst().phase()).isEqualTo(Phase.FAILED);
        assertThat(plan.statuses().getFirst().reason()).isEqualTo("VNI 5013 is taken by default/pod3:eth8");
    }

    @Test
    void aVniIsFreeWhenItsPortIsGoneOrHalfMadeOrTheOtherEndOfTheLink() {
        ObservedPort near = port(NEAR, UID13, UID13.local(), true);
        TunnelWire tunnel = new TunnelWire(OTHER, REMOTE, 0);
        ObservedPort halfMade = port(OTHER, Optional.empty(), false);
        ObservedPort otherEnd = port(OTHER, UID13, UID13.peer(), true);

        for (ObservedPorts.Builder seen : List.of(
                seen(near).tunnel(5013, tunnel),
                seen(near).tunnel(5013, tunnel).owner(halfMade),
                seen(near).tunnel(5013, tunnel).owner(otherEnd))) {
            assertThat(plan(DISTANT, seen).actions())
                    .hasOnlyElementsOfType(Action.ConnectNode.class)
                    .hasSize(1);
        }
    }

    @Test
    void aVniThatAPeerAskedForIsTheTopologysWhenItNeedsIt() {
        ObservedPort near = port(NEAR, UID13, UID13.local(), true);
        PortMark mark = PortMark.of(
                new EndId(POD3, "eth8"), new PortMark.OfUpdate(5013, "10.0.0.2"), Optional.empty(), 1450, false);

        Plan plan = plan(
                DISTANT,
                seen(near).tunnel(5013, new TunnelWire(OTHER, REMOTE, 0)).owner(port(OTHER, Optional.of(mark), true)));

        assertThat(plan.actions())
                .hasOnlyElementsOfType(Action.ConnectNode.class)
                .hasSize(1);
    }

    @Test
    void withoutATunnelDeviceLinksToOtherNodesFailAndThePortsAreMade() {
        Plan plan = Planner.plan(
                NODE1, List.of(LOCAL, DISTANT), seen().build(Optional.of("no tunnel to other nodes: in use")));

        assertThat(plan.actions()).hasOnlyElementsOfType(Action.MakePort.class).hasSize(2);
        assertThat(plan.statuses().get(0).phase()).isEqualTo(Phase.WAITING);
        assertThat(plan.statuses().get(1).phase()).isEqualTo(Phase.FAILED);
        assertThat(plan.statuses().get(1).reason()).startsWith("no tunnel to other nodes");
    }

    @Test
    void aDeclaredMtuAboveTheUnderlaysIsSentInFragmentsOverIpv4() {
        DeclaredLink large = link(13, UID13.local(), UID13.peer(), 9000);

        assertThat(plan(desired(large, new DesiredLink.ToNode(REMOTE)), seen())
                        .actions()
                        .getLast())
                .isInstanceOfSatisfying(
                        Action.ConnectNode.class,
                        connect -> assertThat(connect.isFragmenting()).isTrue());
    }

    @Test
    void overIpv6SuchAnMtuIsAnObstacleWhoeverDeclaresIt() {
        InetAddress remote = NumericAddress.parse("fd00::2");
        NodeIdentity node = new NodeIdentity("node1", NumericAddress.parse("fd00::1"), 4789, 1430, OptionalInt.empty());
        NodeIdentity large =
                new NodeIdentity("node1", NumericAddress.parse("fd00::1"), 4789, 1430, OptionalInt.of(9000));
        DesiredLink declared = desired(link(13, UID13.local(), UID13.peer(), 9000), new DesiredLink.ToNode(remote));
        DesiredLink plain = desired(UID13, new DesiredLink.ToNode(remote));
        ObservedPorts nothing = seen().build(Optional.empty());

        for (Plan plan :
                List.of(Planner.plan(node, List.of(declared), nothing), Planner.plan(large, List.of(plain), nothing))) {
            assertThat(plan.actions()).hasOnlyElementsOfType(Action.MakePort.class);
            assertThat(plan.statuses().getFirst().phase()).isEqualTo(Phase.FAILED);
            assertThat(plan.statuses().getFirst().reason())
                    .isEqualTo("MTU 9000 is above the 1430 bytes that the underlay carries, and an IPv6 underlay does"
                            + " not fragment packets");
        }
        assertThat(Planner.plan(node, List.of(plain), nothing)
                        .statuses()
                        .getFirst()
                        .phase())
                .isEqualTo(Phase.IN_PLACE);
    }

    @Test
    void aHalfMadePortIsDeletedBeforeItsInterfaceIsMade() {
        ObservedPort halfMade = port(NEAR, Optional.empty(), false);

        assertThat(plan(LOCAL, seen(halfMade)).actions())
                .hasToString(
                        "[the deletion of port port16777216, which is half made, the interface default/pod1:eth1]");
    }

    @Test
    void theSecondPortOfAnInterfaceIsDeletedAndTheFirstIsKept() {
        ObservedPort first = port(NEAR, UID11, UID11.local(), false);
        ObservedPort second = port(OTHER, UID11, UID11.local(), false);

        assertThat(plan(LOCAL, seen(first, second)).actions())
                .containsExactly(new Action.DeletePort(second, "which is the second of interface eth1"));
    }

    @Test
    void aPortThatAnUpdateAskedForIsKeptUntilTheTopologyHasAUseForIt() {
        EndId end = new EndId(POD1, "eth1");
        PortMark mark = PortMark.of(
                end, new PortMark.OfUpdate(5999, "10.0.0.2"), Optional.empty(), 1450, /* isMtuDeclared= */ false);
        ObservedPort unforeseen = port(NEAR, Optional.of(mark), true);

        assertThat(Planner.plan(NODE1, List.of(), seen(unforeseen).build(Optional.empty()))
                        .actions())
                .isEmpty();
        Plan adopted = plan(LOCAL, seen(unforeseen).wire(unforeseen, toNode(5999, REMOTE, false)));
        assertThat(adopted.actions()).hasExactlyElementsOfTypes(Action.Cut.class, Action.Apply.class);
    }

    @Test
    void deletionsAndCutsComeBeforeWhatIsMadeAndConnectionsComeLast() {
        ObservedPort stale =
                port(OTHER, link(1, end(POD1, "old", ""), end(POD3, "old", "")), end(POD1, "old", ""), true);
        ObservedPort near = port(NEAR, UID11, UID11.local(), true);

        Plan plan =
                Planner.plan(NODE1, List.of(LOCAL, DISTANT), seen(near, stale).build(Optional.empty()));

        assertThat(plan.actions())
                .hasExactlyElementsOfTypes(
                        Action.DeletePort.class, Action.Cut.class, Action.MakePort.class, Action.ConnectNode.class);
    }

    @Test
    void anUnpluggedInterfaceThatIsDarkIsLeftAlone() {
        DesiredLink unplugged = desired(UID11, new DesiredLink.Unplugged("pod default/pod2 is not running anywhere"));
        ObservedPort dark = port(NEAR, UID11, UID11.local(), false);

        assertThat(plan(unplugged, seen(dark)).actions()).isEmpty();
        assertThat(plan(unplugged, seen(dark.withUp(true))).actions()).hasOnlyElementsOfType(Action.Cut.class);
        assertThat(plan(unplugged, seen(dark).wire(dark, toPort(FAR))).actions())
                .hasOnlyElementsOfType(Action.Cut.class);
        assertThat(plan(unplugged, seen()).actions()).hasOnlyElementsOfType(Action.MakePort.class);
    }

    @Test
    void theFailureOfALinkStandsOnceForBothEndsOfALoop() {
        DeclaredLink loop = link(5, end(POD1, "eth1", ""), end(POD1, "eth2", ""));
        DesiredLink first = desired(loop, new DesiredLink.ToEnd(EndId.of(loop.peer())));
        DesiredLink second = desired(loop.mirrored(), new DesiredLink.ToEnd(EndId.of(loop.local())));

        Plan plan = Planner.plan(NODE1, List.of(first, second), seen().build(Optional.empty()));

        assertThat(plan.statuses(Map.of(first.link().id(), "the name is taken")))
                .singleElement()
                .satisfies(status -> assertThat(status.reason()).isEqualTo("the name is taken"));
    }
}
