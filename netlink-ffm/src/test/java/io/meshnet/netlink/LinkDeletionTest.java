package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.meshnet.netlink.generated.Rtnetlink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Deletions that are answered before the kernel has freed what it deleted, in the kernel. */
class LinkDeletionTest {

    private static final int GROUP = 0x6d65;
    private static final int OTHER_GROUP = 0x6d66;

    private final ExecutorService freeing = Executors.newFixedThreadPool(2);
    private TestNetns a;
    private TestNetns b;

    @BeforeEach
    void makeNamespaces() {
        a = TestNetns.create();
        b = TestNetns.create();
    }

    @AfterEach
    void deleteNamespaces() {
        freeing.close();
        b.close();
        a.close();
    }

    private void veth(int number, int group) {
        a.links().createVeth(end(a, number, group), end(b, number, group));
    }

    private static NewLink end(TestNetns netns, int number, int group) {
        return new NewLink(netns.netns(), "eth" + number, 70_000 + number, 0, MacAddress.NONE, group, "");
    }

    private LinkDeletion deletion() {
        return new LinkDeletion(a.netns(), a.socket(), freeing);
    }

    private static int links(TestNetns netns) {
        return (int) netns.links().list().stream()
                .filter(link -> link.kind().equals("veth"))
                .count();
    }

    @Test
    void aGroupIsGoneAtBothEndsAndWhatIsOfAnotherStays() {
        for (int i = 0; i < 100; i++) {
            veth(i, GROUP);
        }
        veth(100, OTHER_GROUP);

        assertThat(deletion().group(GROUP, () -> {})).isEqualTo(100);

        assertThat(links(a)).isEqualTo(1);
        assertThat(links(b)).isEqualTo(1);
        assertThat(deletion().group(GROUP, () -> {})).isZero();
    }

    @Test
    void noNamespaceListsThemWhenThatIsSaid() {
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 100; i++) {
                veth(i, GROUP);
            }
            veth(100, OTHER_GROUP);
            List<Integer> listed = new ArrayList<>();

            deletion().group(GROUP, () -> listed.addAll(List.of(listed(a), listed(b))));

            assertThat(listed).containsExactly(1, 1);
            a.links().delete(70_100);
        }
    }

    @Test
    void theDeletionOfOneBySomebodyElseIsNotTakenForThatOfAll() {
        for (int i = 0; i < 20; i++) {
            veth(i, GROUP);
        }
        LinkDeletion deletion = new LinkDeletion(
                a.netns(),
                a.socket(),
                task -> freeing.execute(() -> {
                    try (RouteSocket other = RouteSocket.open(b.netns())) {
                        other.links().delete(70_007);
                    }
                    LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                    task.run();
                }));
        List<Integer> listed = new ArrayList<>();

        deletion.group(GROUP, () -> listed.addAll(List.of(listed(a), listed(b))));

        assertThat(listed).containsExactly(0, 0);
    }

    /** How many there are, asked as what does not wait for the kernel's lock asks. */
    private static int listed(TestNetns netns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            Port port = Port.open(state, netns.netns());
            MemorySegment ifreq = arena.allocate(40, 4);
            int listed = 0;
            for (int ifindex = 70_000; ifindex <= 70_100; ifindex++) {
                ifreq.set(ValueLayout.JAVA_INT, 16, ifindex);
                listed += Native.ioctl(state, port.fd(), Rtnetlink.SIOCGIFNAME(), ifreq) == 0 ? 1 : 0;
            }
            Native.close(state, port.fd());
            return listed;
        }
    }

    @Test
    void aGroupWithKnownIndicesIsDeleted() {
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 50; i++) {
                veth(i, GROUP);
            }
            veth(100, OTHER_GROUP);
            Set<Integer> known = IntStream.range(70_000, 70_050).boxed().collect(Collectors.toUnmodifiableSet());
            List<Integer> listed = new ArrayList<>();

            assertThat(deletion().group(GROUP, known, () -> listed.addAll(List.of(listed(a), listed(b)))))
                    .isEqualTo(50);

            assertThat(listed).containsExactly(1, 1);
            assertThat(links(a)).isEqualTo(1);
            a.links().delete(70_100);
        }
    }

    @Test
    void wrongIndicesOfAGroupDoNoHarm() {
        veth(1, GROUP);
        veth(2, GROUP);
        veth(3, OTHER_GROUP);
        // 70_001 is left out, 70_003 is of another group, 70_099 is not there
        assertThat(deletion().group(GROUP, Set.of(70_002, 70_003, 70_099), () -> {}))
                .isEqualTo(2);
        assertThat(a.links().find(70_003)).isPresent();

        assertThat(deletion().group(GROUP, Set.of(70_001), () -> {})).isLessThanOrEqualTo(1);
        assertThat(a.links().find(70_001)).isEmpty();
        assertThat(deletion().group(GROUP, Set.of(), () -> {})).isZero();
    }

    @Test
    void namesAndIndicesAreFreeAtOnce() {
        for (int round = 0; round < 30; round++) {
            veth(1, GROUP);
            veth(2, GROUP);
            deletion().group(GROUP, () -> {});
        }
        for (int round = 0; round < 30; round++) {
            veth(1, GROUP);
            deletion().link(70_001);
        }
        assertThat(links(a)).isZero();
        assertThat(links(b)).isZero();
    }

    @Test
    void itIsAnsweredBeforeTheCallThatDeletesReturns() {
        AtomicInteger returned = new AtomicInteger();
        LinkDeletion deletion = new LinkDeletion(
                a.netns(),
                a.socket(),
                task -> freeing.execute(() -> {
                    task.run();
                    returned.incrementAndGet();
                }));
        int before = 0;
        for (int round = 1; round <= 10; round++) {
            veth(1, GROUP);
            deletion.group(GROUP, () -> {});
            before += returned.get() < round ? 1 : 0;
        }
        assertThat(before).isPositive();
    }

    @Test
    void aThreadThatHasToDoBothHearsOfItAfterwards() {
        for (int i = 0; i < 20; i++) {
            veth(i, GROUP);
        }
        assertThat(new LinkDeletion(a.netns(), a.socket(), Runnable::run).group(GROUP, () -> {}))
                .isEqualTo(20);
        assertThat(links(b)).isZero();
    }

    @Test
    void whatCouldNotBeHeardIsGoneAllTheSame() {
        for (int i = 0; i < 100; i++) {
            veth(i, GROUP);
        }
        // The kernel's least is a few kilobytes; each notification takes more than one.
        assertThat(new LinkDeletion(a.netns(), a.socket(), Runnable::run, 1).group(GROUP, () -> {}))
                .isEqualTo(100);
        assertThat(links(a)).isZero();
        assertThat(links(b)).isZero();
    }

    @Test
    void aLinkThatIsNotThereIsNoError() {
        deletion().link(70_001);
        assertThat(links(a)).isZero();
    }

    @Test
    void aRefusalIsTheKernelsOwn() {
        NetlinkException refused =
                catchThrowableOfType(NetlinkException.class, () -> deletion().link(1));
        assertThat(refused.errno()).isEqualTo(Errno.EOPNOTSUPP);
    }

    @Test
    void theNamespaceIsNotHeldOnTo() {
        veth(1, GROUP);
        deletion().group(GROUP, () -> {});
        veth(2, OTHER_GROUP);
        freeing.close();
        a.close();
        // Its end is not waited for by whoever closes the last handle.
        while (links(b) > 0) {
            Thread.onSpinWait();
        }
        a = TestNetns.create();
    }
}
