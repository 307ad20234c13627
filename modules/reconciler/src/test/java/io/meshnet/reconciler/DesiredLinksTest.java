package io.meshnet.reconciler;

import static io.meshnet.reconciler.Examples.NODE1;
import static io.meshnet.reconciler.Examples.NODE2;
import static io.meshnet.reconciler.Examples.POD1;
import static io.meshnet.reconciler.Examples.POD2;
import static io.meshnet.reconciler.Examples.POD3;
import static io.meshnet.reconciler.Examples.UID11;
import static io.meshnet.reconciler.Examples.UID13;
import static io.meshnet.reconciler.Examples.UID21;
import static io.meshnet.reconciler.Examples.cluster;
import static io.meshnet.reconciler.Examples.end;
import static io.meshnet.reconciler.Examples.idle;
import static io.meshnet.reconciler.Examples.link;
import static io.meshnet.reconciler.Examples.mirrored;
import static io.meshnet.reconciler.Examples.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodRecord;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DesiredLinksTest {

    @Test
    void theTriangleIsAVethOnTheOneNodeAndTwoTunnelsBetweenTheTwo() {
        Cluster triangle = Examples.triangle();

        assertThat(DesiredLinks.of(triangle, NODE1, POD1).orElseThrow())
                .containsExactly(
                        new Desired.Veth(PodLink.of(UID11)),
                        new Desired.Vxlan(PodLink.of(UID13), UID13.local(), NODE2.vtep()));
        assertThat(DesiredLinks.of(triangle, NODE1, POD2).orElseThrow())
                .containsExactly(
                        new Desired.Veth(PodLink.of(UID11)),
                        new Desired.Vxlan(PodLink.of(UID21), UID21.local(), NODE2.vtep()));
        assertThat(DesiredLinks.of(triangle, NODE2, POD3).orElseThrow())
                .containsExactly(
                        new Desired.Vxlan(PodLink.of(UID13), UID13.peer(), NODE1.vtep()),
                        new Desired.Vxlan(PodLink.of(UID21), UID21.peer(), NODE1.vtep()));
    }

    @Test
    void aNodeHasNothingToSayOfPodsThatRunElsewhere() {
        assertThat(DesiredLinks.of(Examples.triangle(), NODE2, POD1)).isEmpty();
        assertThat(DesiredLinks.of(cluster(idle(POD1, UID11)), NODE1, POD1)).isEmpty();
    }

    @Test
    void aLinkWaitsForAPeerThatRunsNowhere() {
        Cluster cluster = cluster(running(POD1, NODE1, UID11), idle(POD2, mirrored(UID11)));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1).orElseThrow())
                .singleElement()
                .isInstanceOfSatisfying(
                        Desired.Waiting.class,
                        waiting -> assertThat(waiting.reason()).contains("default/pod2"));
    }

    @Test
    void oneSidesDeclarationIsEnough() {
        PodRecord silent =
                new PodRecord(POD2, new Declaration.Absent(), Optional.of(Examples.placement(POD2, NODE1)), 1);
        Cluster cluster = cluster(running(POD1, NODE1, UID11), silent);

        assertThat(DesiredLinks.of(cluster, NODE1, POD1)).hasValue(List.of(new Desired.Veth(PodLink.of(UID11))));
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).hasValue(List.of(new Desired.Veth(PodLink.of(UID11))));
    }

    @Test
    void eachEndHasTheAddressThatEitherSideTellsOfIt() {
        DeclaredLink near = link(11, end(POD1, "eth1", "12.12.12.1/24"), end(POD2, "eth1", ""));
        DeclaredLink far = link(11, end(POD2, "eth1", "12.12.12.2/24"), end(POD1, "eth1", ""));
        Cluster cluster = cluster(running(POD1, NODE1, near), running(POD2, NODE1, far));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1)).hasValue(List.of(new Desired.Veth(PodLink.of(UID11))));
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).hasValue(List.of(new Desired.Veth(PodLink.of(UID11))));
    }

    @Test
    void sidesThatContradictEachOtherAreDisputedOnBothOfThem() {
        DeclaredLink other = link(11, end(POD2, "eth7", ""), end(POD1, "eth1", ""));
        Cluster cluster = cluster(running(POD1, NODE1, UID11), running(POD2, NODE1, other));

        for (var pod : List.of(POD1, POD2)) {
            assertThat(DesiredLinks.of(cluster, NODE1, pod).orElseThrow())
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Desired.Disputed.class,
                            disputed -> assertThat(disputed.reason()).contains("/pod1/links", "/pod2/links", "eth7"));
        }
    }

    @Test
    void aStrangersClaimOnAnInterfaceHarmsOnlyTheStranger() {
        DeclaredLink claim = link(99, end(POD3, "eth1", ""), end(POD1, "eth1", ""));
        Cluster cluster = cluster(
                running(POD1, NODE1, UID11), running(POD2, NODE1, mirrored(UID11)), running(POD3, NODE1, claim));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1).orElseThrow())
                .hasOnlyElementsOfTypes(Desired.Veth.class, Desired.Disputed.class)
                .contains(new Desired.Veth(PodLink.of(UID11)))
                .hasSize(2);
        assertThat(DesiredLinks.of(cluster, NODE1, POD3).orElseThrow())
                .singleElement()
                .isInstanceOf(Desired.Disputed.class);
    }

    @Test
    void twoStrangersClaimsOnASilentPodsInterfaceAreBothDisputed() {
        DeclaredLink one = link(1, end(POD1, "eth1", ""), end(POD3, "eth1", ""));
        DeclaredLink two = link(2, end(POD2, "eth1", ""), end(POD3, "eth1", ""));
        PodRecord silent =
                new PodRecord(POD3, new Declaration.Absent(), Optional.of(Examples.placement(POD3, NODE1)), 1);
        Cluster cluster = cluster(running(POD1, NODE1, one), running(POD2, NODE1, two), silent);

        for (var pod : List.of(POD1, POD2, POD3)) {
            assertThat(DesiredLinks.of(cluster, NODE1, pod).orElseThrow())
                    .isNotEmpty()
                    .hasOnlyElementsOfType(Desired.Disputed.class);
        }
    }

    @Test
    void aBrokenDeclarationLeavesThePodsLinksAsTheyAreAndItsPeersLinksToThem() {
        PodRecord broken = new PodRecord(
                POD1, new Declaration.Broken("not JSON"), Optional.of(Examples.placement(POD1, NODE1)), 1);
        Cluster cluster = cluster(broken, running(POD2, NODE1, mirrored(UID11)));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1)).isEmpty();
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).hasValue(List.of(new Desired.Veth(PodLink.of(UID11))));
    }

    @Test
    void aLinkBetweenTwoInterfacesOfOnePodIsAVeth() {
        DeclaredLink loop = link(5, end(POD1, "eth1", ""), end(POD1, "eth2", ""));

        assertThat(DesiredLinks.of(cluster(running(POD1, NODE1, loop)), NODE1, POD1))
                .hasValue(List.of(new Desired.Veth(PodLink.of(loop))));
    }

    @Test
    void aPlacementByTheOriginalIsToldByItsVtep() {
        Placement original = new Placement(NODE1.vtep(), "/proc/42/ns/net", "", "");
        PodRecord pod2 = new PodRecord(POD2, new Declaration.Links(List.of(mirrored(UID11))), Optional.of(original), 1);
        Cluster cluster = cluster(running(POD1, NODE2, UID11), pod2);

        assertThat(DesiredLinks.of(cluster, NODE2, POD1))
                .hasValue(List.of(new Desired.Vxlan(PodLink.of(UID11), UID11.local(), NODE1.vtep())));
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).isPresent();
    }

    @Test
    void aPeerBehindAVtepOfAnotherFamilyIsWaitedForAndHarmsNoOtherLink() {
        NodeIdentity ipv6 = new NodeIdentity("node2", NumericAddress.parse("fd00::2"), 2, 4789, 1450);
        Cluster cluster = cluster(
                running(POD1, NODE1, UID11, UID13),
                running(POD2, NODE1, mirrored(UID11)),
                running(POD3, ipv6, mirrored(UID13)));

        List<Desired> desired = DesiredLinks.of(cluster, NODE1, POD1).orElseThrow();

        assertThat(desired.getFirst()).isEqualTo(new Desired.Veth(PodLink.of(UID11)));
        assertThat(desired.getLast())
                .isInstanceOfSatisfying(
                        Desired.Waiting.class,
                        waiting -> assertThat(waiting.reason()).contains("fd00::2", "family"));
    }

    @Test
    void nodesBehindOneAddressAreStillTwoNodes() {
        NodeIdentity twin = new NodeIdentity("node2", NODE1.vtep(), 2, 4789, 1450);
        Cluster cluster = cluster(running(POD1, NODE1, UID13), running(POD3, twin, mirrored(UID13)));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1).orElseThrow())
                .singleElement()
                .isInstanceOf(Desired.Vxlan.class);
    }

    @Test
    void whatIsAskedForSomeInterfacesOnlyIsPartOfTheWhole() {
        DeclaredLink claim = link(99, end(POD3, "eth9", ""), end(POD1, "eth1", ""));
        Cluster cluster = cluster(
                running(POD1, NODE1, UID11, UID13), running(POD2, NODE1, mirrored(UID11)), running(POD3, NODE2, claim));
        List<Desired> whole = DesiredLinks.of(cluster, NODE1, POD1).orElseThrow();

        assertThat(whole).extracting(each -> each.link().uid()).containsExactly(11, 13, 99);
        assertThat(DesiredLinks.of(cluster, NODE1, POD1, Set.of("eth1", "eth7")))
                .hasValue(List.of(whole.get(0), whole.get(2)));
        assertThat(DesiredLinks.of(cluster, NODE1, POD1, Set.of("eth2"))).hasValue(List.of(whole.get(1)));
        assertThat(DesiredLinks.of(cluster, NODE1, POD1, Set.of())).hasValue(List.of());
        assertThat(DesiredLinks.of(cluster, NODE2, POD1, Set.of("eth1"))).isEmpty();
    }

    @Test
    void whatLeavesTheNodeIsPartOfTheWhole() {
        Cluster cluster = Examples.triangle();

        assertThat(DesiredLinks.leavingNode(cluster, NODE1, POD1).orElseThrow())
                .containsExactly(new Desired.Vxlan(PodLink.of(UID13), UID13.local(), NODE2.vtep()));
        assertThat(DesiredLinks.leavingNode(cluster, NODE2, POD3)).isEqualTo(DesiredLinks.of(cluster, NODE2, POD3));
        assertThat(DesiredLinks.leavingNode(cluster, NODE2, POD1)).isEmpty();
    }
}
