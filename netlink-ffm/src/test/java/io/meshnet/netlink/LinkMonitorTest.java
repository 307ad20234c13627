package io.meshnet.netlink;

import static io.meshnet.netlink.LinkEvent.OWN_NETNS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinkMonitorTest {

    private TestNetns pod;
    private LinkMonitor monitor;

    @BeforeEach
    void watchANamespace() {
        pod = TestNetns.create();
        monitor = LinkMonitor.open(pod.netns());
    }

    @AfterEach
    void deleteNamespace() {
        monitor.close();
        pod.close();
    }

    private Link veth() {
        NewLink near = new NewLink(pod.netns(), "eth1", 0, 0, MacAddress.NONE, 77, "");
        NewLink far = new NewLink(pod.netns(), "eth2", 0, 0, MacAddress.NONE, 77, "");
        pod.links().createVeth(near, far);
        return pod.link("eth1");
    }

    /** All events up to the first that is meant. */
    private List<LinkEvent> until(Predicate<LinkEvent> meant) {
        List<LinkEvent> seen = new ArrayList<>();
        while (true) {
            List<LinkEvent> more = monitor.poll(Duration.ofSeconds(10));
            assertThat(more).as("what follows " + seen).isNotEmpty();
            seen.addAll(more);
            if (more.stream().anyMatch(meant)) {
                return seen;
            }
        }
    }

    private static boolean isChange(LinkEvent event, Predicate<Link> of) {
        return event instanceof LinkEvent.Changed(int netnsid, Link link) && netnsid == OWN_NETNS && of.test(link);
    }

    @Test
    void aNewLinkAndItsChangesAndItsEndAreTold() {
        Link link = veth();
        until(event -> isChange(event, it -> it.ifindex() == link.ifindex() && it.group() == 77));

        pod.links().mtu(link.ifindex(), 1300);
        until(event -> isChange(event, it -> it.ifindex() == link.ifindex() && it.mtu() == 1300));

        pod.links().delete(link.ifindex());
        List<String> gone = new ArrayList<>();
        until(event -> {
            if (event instanceof LinkEvent.Deleted(int netnsid, Link it) && netnsid == OWN_NETNS) {
                gone.add(it.name());
            }
            return gone.containsAll(List.of("eth1", "eth2"));
        });
    }

    @Test
    void addressesOfEitherFamilyAreTold() throws Exception {
        int ifindex = veth().ifindex();
        for (InterfaceAddress address : List.of(
                new InterfaceAddress(InetAddress.getByName("12.12.12.1"), 24),
                new InterfaceAddress(InetAddress.getByName("2001:db8::1"), 64))) {
            pod.socket().addresses().add(ifindex, address);
            until(new LinkEvent.AddressAdded(OWN_NETNS, ifindex, address)::equals);

            pod.socket().addresses().delete(ifindex, address);
            until(new LinkEvent.AddressDeleted(OWN_NETNS, ifindex, address)::equals);
        }
    }

    @Test
    void aPortThatLeavesItsBridgeIsNoDeletedLink() {
        veth();
        pod.ip("link", "add", "br0", "type", "bridge");
        pod.ip("link", "set", "eth1", "master", "br0");
        pod.ip("link", "set", "eth1", "nomaster");
        pod.ip("link", "set", "eth1", "mtu", "1234");

        List<LinkEvent> seen = until(event -> isChange(event, it -> it.mtu() == 1234));

        assertThat(seen).noneMatch(LinkEvent.Deleted.class::isInstance);
    }

    @Test
    void nothingIsAnEmptyListWhenTheTimeIsOver() {
        assertThat(monitor.poll(Duration.ZERO)).isEmpty();
        assertThat(monitor.poll(Duration.ofMillis(20))).isEmpty();
    }

    @Test
    void moreThanThereIsRoomForIsAnEventAndNotAnError() {
        int ifindex = veth().ifindex();
        monitor.close();
        monitor = LinkMonitor.open(pod.netns(), 4096);
        for (int i = 0; i < 100; i++) {
            pod.links().mtu(ifindex, 1300 + i % 2);
        }

        until(new LinkEvent.Overflow()::equals);

        monitor.poll(Duration.ZERO);
        pod.links().mtu(ifindex, 1400);
        until(event -> isChange(event, it -> it.mtu() == 1400));
    }

    @Test
    void closingEndsAPollAtOnce() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        FutureTask<List<LinkEvent>> poll = new FutureTask<>(() -> {
            started.countDown();
            return monitor.poll(Duration.ofDays(1));
        });
        Thread.ofPlatform().start(poll);
        started.await();
        Thread.sleep(50); // so that it is, more likely than not, inside poll(2)

        monitor.close();
        monitor.close();

        try {
            assertThat(poll.get(20, TimeUnit.SECONDS)).isEmpty();
        } catch (ExecutionException e) { // it had not begun to wait yet
            assertThat(e).hasCauseInstanceOf(IllegalStateException.class);
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> monitor.poll(Duration.ZERO))
                .withMessage("the link monitor is closed");
    }

    @Test
    void aVirtualThreadDoesNotWait() throws Exception {
        IllegalStateException refused = Threads.onVirtualThread(
                () -> catchThrowableOfType(IllegalStateException.class, () -> monitor.poll(Duration.ZERO)));

        assertThat(refused).hasMessageContaining("virtual thread");
    }
}
