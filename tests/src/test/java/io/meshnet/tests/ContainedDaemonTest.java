package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A daemon as it is in a container: in a mount namespace of its own, where {@code /proc/sys} is read-only and, for delegates, the
 * node's plugins are not to be seen, and with the capabilities that the manifests give it and no others. The front, on the node, mounts
 * the patch namespace for it.
 */
class ContainedDaemonTest {

    /** What a pod of a node with IPv6 switched off has before any interface is made. */
    private static final String IPV6_OFF = "net.ipv6.conf.default.disable_ipv6";

    private static final Topology PAIR = new Topology()
            .link(11, Topology.end("pod1", "eth1", "fd00:11::1/64"), Topology.end("pod2", "eth1", "fd00:11::2/64"));

    @RegisterExtension
    static final Lab LAB = new Lab();

    private Node node;
    private Pod pod1;
    private Pod pod2;

    @BeforeEach
    void makePods() {
        node = LAB.node1();
        LAB.upload(PAIR);
        pod1 = LAB.pod("pod1", node);
        pod2 = LAB.pod("pod2", node);
        pod1.sysctl(IPV6_OFF, "1");
        pod2.sysctl(IPV6_OFF, "1");
    }

    @Test
    void runs_delegates_in_the_mount_namespace_of_the_node() {
        contain(
                "delegate",
                Map.of(
                        "MESHNET_HOST_PROCESS",
                        "/proc/" + ProcessHandle.current().pid()),
                "mount -t tmpfs tmpfs " + Node.PLUGINS);

        pod1.add().succeeded();
        pod2.add().succeeded();

        assertThat(node.leases()).as("leases, on the node").hasSize(2);
        assertThat(Mounts.in(state())).as("mounted by the front, on the node").containsExactly(netns());
        assertThat(pod1.links()).containsKeys("eth0", "eth1");
        assertPinging();
        pod1.del().succeeded();
        pod2.del().succeeded();
        assertThat(node.leases()).isEmpty();
    }

    @Test
    void makes_links_of_chained_calls_with_no_more_than_it_is_given_for_them() {
        containChained();

        pod1.add(chained("10.244.1.98/24")).succeeded();
        pod2.add(chained("10.244.1.99/24")).succeeded();

        assertThat(Mounts.in(state())).as("mounted by the front, on the node").containsExactly(netns());
        assertPinging();
    }

    /** Links carry and can be made, though the daemon was away and its container is another. */
    @Test
    void finds_the_patch_namespace_again_in_another_container() {
        containChained();
        pod1.add(chained("10.244.1.98/24")).succeeded();
        String made = identity(netns());
        node.stop();
        assertThat(Mounts.in(state())).containsExactly(netns());
        node.start();

        pod2.add(chained("10.244.1.99/24")).succeeded();

        assertPinging();
        assertThat(Mounts.in(state())).containsExactly(netns());
        assertThat(identity(netns())).isEqualTo(made);
    }

    private static String identity(Path netns) {
        return Command.of("readlink", "/proc/self/ns/net").inside(netns).output();
    }

    private void containChained() {
        contain(
                "default",
                Map.of("MESHNET_SYSCTL", "/mnt"),
                "mount -t tmpfs tmpfs /mnt; mkdir /mnt/net; mount --bind /proc/sys/net /mnt/net");
    }

    /**
     * Starts the daemon anew with what an overlay gives it, on a node without a patch namespace; {@code first} is done while the
     * container still may do everything.
     */
    private void contain(String overlay, Map<String, String> settings, String first) {
        Overlay manifests = Overlay.render(overlay);
        List<String> capabilities = manifests.capabilities("meshnetd");
        String bounds = capabilities.stream()
                .map(name -> ",+" + name.toLowerCase(Locale.ROOT))
                .collect(Collectors.joining("", "-all", ""));
        String mounts = """
                %1$s
                mount --rbind %2$s %2$s
                mount --make-%3$s %2$s
                mount --bind /proc/sys /proc/sys
                mount -o remount,bind,ro /proc/sys
                exec setpriv --bounding-set="$0" --inh-caps=-all "$@"
                """.formatted(first, node.directory(), propagation(manifests));
        String netnsMount = manifests.variable("meshnetd", "MESHNET_NETNS_MOUNT");
        node.stop();
        Mounts.unmountAll(state());
        Mounts.share(node.directory());
        node.contain(command -> Command.of("unshare", "--mount", "--propagation=slave", "sh", "-ec", mounts, bounds)
                .and(command.words().toArray(String[]::new))
                .with(command.environment())
                .with(settings)
                .with(Map.of("MESHNET_NETNS_MOUNT", netnsMount)));
        node.start();
    }

    /** How a container runtime mounts the daemon's directory. */
    private static String propagation(Overlay manifests) {
        boolean follows = manifests
                .mount("meshnetd", "run")
                .path("mountPropagation")
                .asText()
                .equals("HostToContainer");
        return follows ? "rslave" : "rprivate";
    }

    private Path state() {
        return node.directory().resolve("state");
    }

    /** Where the patch namespace of the node is mounted. */
    private Path netns() {
        return state().resolve("netns");
    }

    private void assertPinging() {
        assertThat(pod1.pings("fd00:11::2")).as("echo over the link").isTrue();
    }

    private ObjectNode chained(String address) {
        ObjectNode config = node.config().put("cniVersion", "1.0.0");
        config.remove("delegate");
        config.putObject("prevResult")
                .put("cniVersion", "1.0.0")
                .putArray("ips")
                .addObject()
                .put("address", address);
        return config;
    }
}
