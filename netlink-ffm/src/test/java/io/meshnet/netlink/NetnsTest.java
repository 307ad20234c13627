package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetnsTest {

    private TestNetns pod;

    @BeforeEach
    void makeNamespace() {
        pod = TestNetns.create();
    }

    @AfterEach
    void deleteNamespace() {
        pod.close();
    }

    private static NetnsId ofThread() {
        try (Netns own = Netns.ofThread()) {
            return own.id();
        }
    }

    @Test
    void itsIdentityIsThatOfItsFileByWhateverPath() throws Exception {
        Path path = Path.of("/run/netns", pod.name());
        Path other = Path.of("/proc/self/fd", String.valueOf(pod.netns().fd()));

        try (Netns again = Netns.open(path);
                Netns byDescriptor = Netns.open(other)) {
            assertThat(again.id()).isEqualTo(pod.netns().id()).isEqualTo(byDescriptor.id());
            assertThat(again.id().inode()).isEqualTo(Files.getAttribute(path, "unix:ino"));
            assertThat(again.id().device()).isEqualTo(Files.getAttribute(path, "unix:dev"));
        }
        assertThat(pod.netns().id()).isNotEqualTo(ofThread());
    }

    @Test
    void aSuccessorIsAnotherNamespaceAlsoWithTheInodeOfItsPredecessor() throws Exception {
        String name = pod.name() + "-again";
        Path path = Path.of("/run/netns", name);
        Commands.run("ip", "netns", "add", name);
        NetnsId predecessor;
        NetnsId successor = idOf(path);
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        try {
            do {
                assertThat(System.nanoTime()).as("no inode is given again").isLessThan(deadline);
                predecessor = successor;
                Commands.run("ip", "netns", "delete", name);
                Thread.sleep(50); // the kernel takes namespaces apart at leisure
                Commands.run("ip", "netns", "add", name);
                successor = idOf(path);
            } while (successor.inode() != predecessor.inode());
        } finally {
            Commands.run("ip", "netns", "delete", name);
        }

        assertThat(successor.device()).isEqualTo(predecessor.device());
        assertThat(successor).isNotEqualTo(predecessor);
    }

    private static NetnsId idOf(Path path) {
        try (Netns netns = Netns.open(path)) {
            return netns.id();
        }
    }

    @Test
    void theNamespaceOfTheThreadIsNamedByItsInode() {
        try (Netns own = Netns.ofThread()) {
            assertThat(own).hasToString("net:[" + own.id().inode() + "]");
        }
    }

    @Test
    void whatIsNoNetworkNamespaceIsRefused(@TempDir Path directory) throws Exception {
        Path file = Files.createFile(directory.resolve("netns"));
        Path fifo = directory.resolve("fifo");
        Commands.run("mkfifo", fifo.toString());

        assertThatThrownBy(() -> Netns.open(file))
                .hasMessage("open netns " + file + ": ENOTTY (not a namespace): this is no network namespace");
        assertThatThrownBy(() -> Netns.open(fifo)).isInstanceOf(NetlinkException.class);
        assertThatThrownBy(() -> Netns.open(Path.of("/proc/self/ns/mnt")))
                .isInstanceOfSatisfying(
                        NetlinkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessageContaining("this is no network namespace");
    }

    @Test
    void theThreadIsBackInItsOwnNamespaceAfterwards() {
        NetnsId before = ofThread();

        RouteSocket.open(pod.netns()).close();
        pod.netns().enableIpv6("lo");

        assertThat(ofThread()).isEqualTo(before);
    }

    @Test
    void theThreadIsInsideForAsLongAsTheAction() {
        AtomicReference<NetnsId> inside = new AtomicReference<>();
        NetnsId before = ofThread();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);

            int result = pod.netns().inside(state, () -> {
                inside.set(ofThread());
                return 7;
            });

            assertThat(result).isEqualTo(7);
            assertThat(inside.get()).isEqualTo(pod.netns().id());
            assertThat(ofThread()).isEqualTo(before);
        }
    }

    @Test
    void theThreadComesBackAlsoWhenTheActionFails() {
        NetnsId before = ofThread();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Native.callState(arena);
            assertThatThrownBy(() -> pod.netns().inside(state, () -> {
                        throw new IllegalStateException("on purpose");
                    }))
                    .hasMessage("on purpose");
        }
        assertThat(ofThread()).isEqualTo(before);
    }

    @Test
    void aVirtualThreadIsNotLetInside() throws Exception {
        IllegalStateException refused = Threads.onVirtualThread(
                () -> catchThrowableOfType(IllegalStateException.class, () -> RouteSocket.open(pod.netns())));

        assertThat(refused).hasMessageContaining("virtual thread").hasMessageContaining("/run/netns/" + pod.name());
    }

    @Test
    void aNamespaceThatWasDeletedLivesAsLongAsItsHandle() throws Exception {
        String name = pod.name() + "-late";
        Commands.run("ip", "netns", "add", name);
        try (Netns late = Netns.open(Path.of("/run/netns", name))) {
            Commands.run("ip", "netns", "delete", name);
            try (RouteSocket socket = RouteSocket.open(late)) {
                assertThat(socket.links().list()).extracting(Link::name).containsExactly("lo");
            }
        }
    }

    @Test
    void ipv6IsEnabledOnALinkOfTheNamespaceAndOnNoOther() throws Exception {
        NewLink near = new NewLink(pod.netns(), "eth1", 0, 0, MacAddress.NONE, 0, "");
        NewLink far = new NewLink(pod.netns(), "eth2.100", 0, 0, MacAddress.NONE, 0, "");
        pod.links().createVeth(near, far);
        sysctl("-qw", "net.ipv6.conf.all.disable_ipv6=1");

        pod.netns().enableIpv6("eth2.100");

        assertThat(sysctl("-n", "net.ipv6.conf.eth1.disable_ipv6")).isEqualTo("1\n");
        assertThat(sysctl("-n", "net/ipv6/conf/eth2.100/disable_ipv6")).isEqualTo("0\n");
        pod.socket()
                .addresses()
                .add(pod.link("eth2.100").ifindex(), new InterfaceAddress(InetAddress.getByName("2001:db8::1"), 64));
    }

    private String sysctl(String flag, String name) {
        return Commands.run("ip", "netns", "exec", pod.name(), "sysctl", flag, name);
    }

    @Test
    void ipv6IsNotEnabledWhereThereIsNoLink() {
        assertThatThrownBy(() -> pod.netns().enableIpv6("eth1"))
                .isInstanceOf(NetlinkException.class)
                .hasMessage("enable IPv6 on eth1 in /run/netns/" + pod.name() + ": ENODEV (no such device)");
        assertThatIllegalArgumentException().isThrownBy(() -> pod.netns().enableIpv6("../all"));
        assertThatIllegalArgumentException().isThrownBy(() -> pod.netns().enableIpv6("all"));
    }

    @Test
    void aNewNamespaceHasALoopbackDeviceOnly() {
        NetnsId before = ofThread();
        try (Netns made = Netns.create();
                RouteSocket socket = RouteSocket.open(made)) {
            assertThat(ofThread()).isEqualTo(before);
            assertThat(made.id()).isNotEqualTo(before);
            assertThat(made).hasToString("net:[" + made.id().inode() + "]");
            assertThat(socket.links().list()).extracting(Link::name).containsExactly("lo");
        }
    }

    @Test
    void aNamespaceIsMountedAndOutlivesItsHandle(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("patch");
        NetnsId id;
        try (Netns made = Netns.createAt(path)) {
            assertThat(made).hasToString(path.toString());
            id = made.id();
        }
        try (Netns again = Netns.open(path)) {
            assertThat(again.id()).isEqualTo(id);
        } finally {
            Netns.unmount(path);
        }
        assertThat(path).isEmptyFile();
        assertThat(Files.getPosixFilePermissions(path))
                .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        assertThatThrownBy(() -> Netns.open(path)).hasMessageContaining("this is no network namespace");
    }

    @Test
    void anOpenNamespaceIsMountedAtAnExistingFile(@TempDir Path directory) throws Exception {
        Path path = Files.createFile(directory.resolve("patch"));
        pod.netns().mountAt(path);
        try (Netns again = Netns.open(path)) {
            assertThat(again.id()).isEqualTo(pod.netns().id());
        } finally {
            Netns.unmount(path);
        }
    }

    @Test
    void unmountingNothingIsNoError(@TempDir Path directory) throws Exception {
        Netns.unmount(Files.createFile(directory.resolve("file")));
        Netns.unmount(directory.resolve("nothing"));
    }

    @Test
    void aFailedMountLeavesNothing(@TempDir Path directory) throws Exception {
        Path missing = directory.resolve("no/patch");

        assertThatThrownBy(() -> Netns.createAt(missing))
                .isInstanceOfSatisfying(
                        NetlinkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
        assertThatThrownBy(() -> pod.netns().mountAt(directory)).isInstanceOf(NetlinkException.class);

        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aVirtualThreadMayNotMakeANamespace() throws Exception {
        IllegalStateException refused =
                Threads.onVirtualThread(() -> catchThrowableOfType(IllegalStateException.class, Netns::create));

        assertThat(refused).hasMessageContaining("virtual thread");
    }

    @Test
    void aSysctlIsWrittenInsideTheNamespace() {
        String name = "net/ipv6/conf/default/disable_ipv6";

        assertThat(pod.netns().sysctl(name, "1")).isTrue();

        assertThat(sysctl("-n", name)).isEqualTo("1\n");
        assertThat(pod.netns().sysctl("net/ipv6/nothing", "1")).isFalse();
        assertThatThrownBy(() -> pod.netns().sysctl(name, "no number"))
                .isInstanceOf(NetlinkException.class)
                .hasMessageContaining(name)
                .hasMessageContaining("EINVAL");
        assertThatIllegalArgumentException().isThrownBy(() -> pod.netns().sysctl("kernel/hostname", "a"));
        assertThatIllegalArgumentException().isThrownBy(() -> pod.netns().sysctl("net/../kernel/hostname", "a"));
    }
}
