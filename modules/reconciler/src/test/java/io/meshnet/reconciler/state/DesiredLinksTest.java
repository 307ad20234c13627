package io.meshnet.reconciler.state;

import static io.meshnet.reconciler.state.Examples.NODE1;
import static io.meshnet.reconciler.state.Examples.NODE2;
import static io.meshnet.reconciler.state.Examples.POD1;
import static io.meshnet.reconciler.state.Examples.POD2;
import static io.meshnet.reconciler.state.Examples.POD3;
import static io.meshnet.reconciler.state.Examples.UID11;
import static io.meshnet.reconciler.state.Examples.UID13;
import static io.meshnet.reconciler.state.Examples.UID21;
import static io.meshnet.reconciler.state.Examples.cluster;
import static io.meshnet.reconciler.state.Examples.end;
import static io.meshnet.reconciler.state.Examples.idle;
import static io.meshnet.reconciler.state.Examples.link;
import static io.meshnet.reconciler.state.Examples.mirrored;
import static io.meshnet.reconciler.state.Examples.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.topology.Declaration;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodRecord;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DesiredLinksTest {

    @Test
    void theTriangleIsOneWireWithinANodeAndTwoBetweenTheNodes() {
        Cluster triangle = Examples.triangle();

        assertThat(DesiredLinks.of(triangle, NODE1, POD1).orElseThrow())
                .containsExactly(toEnd(UID11), toNode(UID13, NODE2));
        assertThat(DesiredLinks.of(triangle, NODE1, POD2).orElseThrow())
                .containsExactly(toEnd(mirrored(UID11)), toNode(UID21, NODE2));
        assertThat(DesiredLinks.of(triangle, NODE2, POD3).orElseThrow())
                .containsExactly(toNode(mirrored(UID13), NODE1), toNode(mirrored(UID21), NODE1));
    }

    @Test
    void aNodeHasNothingToSayOfPodsThatRunElsewhere() {
        assertThat(DesiredLinks.of(Examples.triangle(), NODE2, POD1)).isEmpty();
        assertThat(DesiredLinks.of(cluster(idle(POD1, UID11)), NODE1, POD1)).isEmpty();
    }

    @Test
    void anInterfaceIsUnpluggedWhileItsPeerRunsNowhere() {
        Cluster cluster = cluster(running(POD1, NODE1, UID11), idle(POD2, mirrored(UID11)));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1))
                .hasValueSatisfying(all -> assertThat(all)
                        .containsExactly(
                                desired(UID11, new DesiredLink.Unplugged("pod default/pod2 is not running anywhere"))));
    }

    @Test
    void anInterfaceIsUnpluggedWhileThePeersNodeIsNotAlive() {
        Cluster cluster = Examples.triangle();
        cluster.nodes(Set.of("node1"));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1).orElseThrow())
                .containsExactly(
                        toEnd(UID11),
                        desired(
                                UID13,
                                new DesiredLink.Unplugged("node node2, which pod default/pod3 runs on, is not alive")));
    }

    @Test
    void oneSidesDeclarationIsEnough() {
        PodRecord silent =
                new PodRecord(POD2, new Declaration.Absent(), Optional.of(Examples.placement(POD2, NODE1)), 1);
        Cluster cluster = cluster(running(POD1, NODE1, UID11), silent);

        assertThat(DesiredLinks.of(cluster, NODE1, POD1)).hasValue(List.of(toEnd(UID11)));
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).hasValue(List.of(toEnd(mirrored(UID11))));
    }

    @Test
    void eachEndHasTheAddressThatEitherSideTellsOfIt() {
        DeclaredLink near = link(11, end(POD1, "eth1", "12.12.12.1/24"), end(POD2, "eth1", ""));
        DeclaredLink far = link(11, end(POD2, "eth1", "12.12.12.2/24"), end(POD1, "eth1", ""));
        Cluster cluster = cluster(running(POD1, NODE1, near), running(POD2, NODE1, far));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1)).hasValue(List.of(toEnd(UID11)));
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).hasValue(List.of(toEnd(mirrored(UID11))));
    }

    @Test
    void sidesThatContradictEachOtherAreDisputedOnBothOfThem() {
        DeclaredLink other = link(11, end(POD2, "eth7", ""), end(POD1, "eth1", ""));
        Cluster cluster = cluster(running(POD1, NODE1, UID11), running(POD2, NODE1, other));

        for (var pod : List.of(POD1, POD2)) {
            assertThat(DesiredLinks.of(cluster, NODE1, pod).orElseThrow())
                    .singleElement()
                    .extracting(DesiredLink::wire)
                    .isInstanceOfSatisfying(DesiredLink.Disputed.class, disputed -> {
                        assertThat(disputed.reason()).contains("/pod1/links", "/pod2/links", "eth7");
                        assertThat(disputed.isDeclaredHere()).isTrue();
                    });
        }
    }

    @Test
    void aStrangersClaimOnAnInterfaceHarmsOnlyTheStranger() {
        DeclaredLink claim = link(99, end(POD3, "eth1", ""), end(POD1, "eth1", ""));
        Cluster cluster = cluster(
                running(POD1, NODE1, UID11), running(POD2, NODE1, mirrored(UID11)), running(POD3, NODE1, claim));

        List<DesiredLink> claimed = DesiredLinks.of(cluster, NODE1, POD1).orElseThrow();
        assertThat(claimed).hasSize(2).contains(toEnd(UID11));
        assertThat(claimed.getLast().wire())
                .isInstanceOfSatisfying(
                        DesiredLink.Disputed.class,
                        disputed -> assertThat(disputed.isDeclaredHere()).isFalse());
        assertThat(DesiredLinks.of(cluster, NODE1, POD3).orElseThrow())
                .singleElement()
                .extracting(DesiredLink::wire)
                .isInstanceOfSatisfying(
                        DesiredLink.Disputed.class,
                        disputed -> assertThat(disputed.isDeclaredHere()).isTrue());
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
                    .extracting(DesiredLink::wire)
                    .hasOnlyElementsOfType(DesiredLink.Disputed.class);
        }
    }

    @Test
    void aBrokenDeclarationLeavesThePodsLinksAsTheyAreAndItsPeersLinksToThem() {
        PodRecord broken = new PodRecord(
                POD1, new Declaration.Broken("not JSON"), Optional.of(Examples.placement(POD1, NODE1)), 1);
        Cluster cluster = cluster(broken, running(POD2, NODE1, mirrored(UID11)));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1)).isEmpty();
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).hasValue(List.of(toEnd(mirrored(UID11))));
    }

    @Test
    void aLinkBetweenTwoInterfacesOfOnePodHasTwoEndsThere() {
        DeclaredLink loop = link(5, end(POD1, "eth1", ""), end(POD1, "eth2", ""));

        assertThat(DesiredLinks.of(cluster(running(POD1, NODE1, loop)), NODE1, POD1))
                .hasValue(List.of(toEnd(loop), toEnd(mirrored(loop))));
    }

    @Test
    void aPlacementByLegacyMeshnetIsKnownByItsVtep() {
        Placement legacy = new Placement(NODE1.vtep(), "/proc/42/ns/net", "", "");
        PodRecord pod2 = new PodRecord(POD2, new Declaration.Links(List.of(mirrored(UID11))), Optional.of(legacy), 1);
        Cluster cluster = cluster(running(POD1, NODE2, UID11), pod2);

        assertThat(DesiredLinks.of(cluster, NODE2, POD1)).hasValue(List.of(toNode(UID11, NODE1)));
        assertThat(DesiredLinks.of(cluster, NODE1, POD2)).isPresent();
    }

    @Test
    void aPeerBehindAVtepOfAnotherFamilyIsUnpluggedAndHarmsNoOtherLink() {
        NodeIdentity ipv6 = at("fd00::2");
        Cluster cluster = cluster(
                running(POD1, NODE1, UID11, UID13),
                running(POD2, NODE1, mirrored(UID11)),
                running(POD3, ipv6, mirrored(UID13)));

        List<DesiredLink> desired = DesiredLinks.of(cluster, NODE1, POD1).orElseThrow();

        assertThat(desired.getFirst()).isEqualTo(toEnd(UID11));
        assertThat(desired.getLast().wire())
                .isInstanceOfSatisfying(
                        DesiredLink.Unplugged.class,
                        unplugged -> assertThat(unplugged.reason()).contains("fd00::2", "family"));
    }

    @Test
    void nodesBehindOneAddressAreStillTwoNodes() {
        NodeIdentity twin = at("10.0.0.1");
        Cluster cluster = cluster(running(POD1, NODE1, UID13), running(POD3, twin, mirrored(UID13)));

        assertThat(DesiredLinks.of(cluster, NODE1, POD1)).hasValue(List.of(toNode(UID13, twin)));
    }

    @Test
    void whatLeavesTheNodeIsPartOfTheWhole() {
        Cluster cluster = Examples.triangle();

        assertThat(DesiredLinks.leavingNode(cluster, NODE1, POD1).orElseThrow()).containsExactly(toNode(UID13, NODE2));
        assertThat(DesiredLinks.leavingNode(cluster, NODE2, POD3)).isEqualTo(DesiredLinks.of(cluster, NODE2, POD3));
        assertThat(DesiredLinks.leavingNode(cluster, NODE2, POD1)).isEmpty();
    }

    private static NodeIdentity at(String vtep) {
        return new NodeIdentity("node2", NumericAddress.parse(vtep), 4789, 1450, OptionalInt.empty());
    }

    private static DesiredLink desired(DeclaredLink link, DesiredLink.Wire wire) {
        return new DesiredLink(PodLink.of(link), link.local(), wire);
    }

    private static DesiredLink toEnd(DeclaredLink link) {
        return desired(link, new DesiredLink.ToEnd(EndId.of(link.peer())));
    }

    private static DesiredLink toNode(DeclaredLink link, NodeIdentity node) {
        return desired(link, new DesiredLink.ToNode(node.vtep()));
    }
}
