package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
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

        assertThat(deletion().group(GROUP)).isEqualTo(100);

        assertThat(links(a)).isEqualTo(1);
        assertThat(links(b)).isEqualTo(1);
        assertThat(deletion().group(GROUP)).isZero();
    }

    @Test
    void namesAndIndicesAreFreeAtOnce() {
        for (int round = 0; round < 30; round++) {
            veth(1, GROUP);
            veth(2, GROUP);
            deletion().group(GROUP);
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
            deletion.group(GROUP);
            before += returned.get() < round ? 1 : 0;
        }
        assertThat(before).isPositive();
    }

    @Test
    void aThreadThatHasToDoBothHearsOfItAfterwards() {
        for (int i = 0; i < 20; i++) {
            veth(i, GROUP);
        }
        assertThat(new LinkDeletion(a.netns(), a.socket(), Runnable::run).group(GROUP))
                .isEqualTo(20);
        assertThat(links(b)).isZero();
    }

    @Test
    void whatCouldNotBeHeardIsGoneAllTheSame() {
        for (int i = 0; i < 100; i++) {
            veth(i, GROUP);
        }
        // The kernel's least is a few kilobytes; each notification takes more than one.
        assertThat(new LinkDeletion(a.netns(), a.socket(), Runnable::run, 1).group(GROUP))
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
        deletion().group(GROUP);
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
