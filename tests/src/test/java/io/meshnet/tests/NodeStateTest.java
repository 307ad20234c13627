package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The commands of version 1.1 that are about a node and no pod: STATUS and GC. */
class NodeStateTest {
    private static final int NOT_AVAILABLE = 50;
    private static final int LIMITED_CONNECTIVITY = 51;

    @RegisterExtension
    static final Lab LAB = new Lab();

    @Test
    void status_is_good_while_etcd_is_followed_and_50_while_it_is_not() {
        assertThat(status(config()).succeeded().outcome().out()).isEmpty();

        LAB.etcd().stop();

        eventually(() -> status(config()).failedWith(NOT_AVAILABLE));
        CniAnswer answer = status(config());
        assertThat(answer.json().path("msg").asText()).contains("etcd", Underlay.ADDRESS + ":2379");
        assertThat(answer.json().path("details").asText()).contains("etcdctl");
        LAB.etcd().start();
        eventually(() -> status(config()).succeeded());
    }

    @Test
    void status_is_50_while_there_is_no_daemon() {
        LAB.node1().stop();

        CniAnswer answer = status(config());

        answer.failedWith(NOT_AVAILABLE);
        assertThat(answer.text()).contains(LAB.node1().socket().toString());
    }

    @Test
    void status_is_what_the_delegate_says() throws IOException {
        LAB.node1()
                .plugin(
                        "gloomy",
                        "cat > /dev/null; echo '{\"cniVersion\": \"1.1.0\", \"code\": 51, \"msg\": \"fog\"}'; exit 1");
        ObjectNode config = config();
        config.putObject("delegate").put("type", "gloomy");

        assertThat(status(config).failedWith(LIMITED_CONNECTIVITY).text()).contains("fog");
    }

    @Test
    void gc_releases_what_is_not_valid_any_more_and_nothing_else() {
        LAB.upload(Topology.triangle());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        Pod pod3 = LAB.pod("pod3", LAB.node1());
        Pod stranger = LAB.pod("pod4", LAB.node1());
        String lost = pod1.add(config()).succeeded().json().at("/ips/0/address").asText();
        pod2.add(config()).succeeded();
        pod3.add(config()).succeeded();
        stranger.add(config().put("name", "another_network")).succeeded();
        int ifindex = pod2.link("eth2").ifindex();
        LAB.removeNamespace(pod1);
        // The daemon sees that by itself, and withdraws the pod; what the delegate gave it is still to be released.
        eventually(() -> assertThat(LAB.etcd().get("/pod1/src_ip")).isEmpty());
        assertThat(LAB.node1().leases()).hasSize(4).contains(lost.replaceFirst("/.*", ""));

        CniAnswer answer = gc(pod2, pod3);

        assertThat(answer.succeeded().outcome().out()).isEmpty();
        LAB.assertReleased(pod1);
        assertThat(LAB.node1().leases()).hasSize(3).doesNotContain(lost.replaceFirst("/.*", ""));
        assertThat(pod2.links()).containsOnlyKeys("lo", "eth0", "eth1", "eth2");
        assertThat(pod2.link("eth1").saysNoCarrier()).isTrue();
        assertThat(pod2.link("eth2").ifindex()).isEqualTo(ifindex);
        assertThat(pod2.pings("23.23.23.3")).isTrue();
        assertThat(stranger.links()).containsKey("eth0");

        gc().succeeded();

        LAB.assertReleased(pod2);
        LAB.assertReleased(pod3);
        assertThat(LAB.node1().leases()).hasSize(1);
    }

    @Test
    void gc_goes_on_after_a_failure_and_tells_of_all() throws IOException {
        Path stubborn = LAB.node1().plugins().resolve("stubborn");
        LAB.node1().plugin("unwilling", """
                        if [ $CNI_COMMAND = DEL ] && [ -e %s ]; then
                          cat > /dev/null; echo '{"code": 5, "msg": "stuck"}'; exit 1
                        fi
                        exec %s/bridge""".formatted(stubborn, Node.PLUGINS));
        ObjectNode config = config();
        ((ObjectNode) config.path("delegate")).put("type", "unwilling");
        LAB.upload(Topology.pair());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        pod1.add(config).succeeded();
        pod2.add(config).succeeded();
        Files.createFile(stubborn);
        config.putArray("cni.dev/valid-attachments");

        CniAnswer answer = aboutNode("GC", config);

        assertThat(answer.failedWith(5).json().path("msg").asText())
                .contains("container " + pod1.containerId() + ", eth0: stuck")
                .contains("container " + pod2.containerId() + ", eth0: stuck");
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth0");
        assertThat(LAB.etcd().get("/pod1/src_ip") + LAB.etcd().get("/pod2/src_ip"))
                .isEmpty();
        Files.delete(stubborn);
    }

    /** A configuration of the version that has the two commands, with a delegate that speaks an older one. */
    private static ObjectNode config() {
        ObjectNode config = LAB.node1().config().put("cniVersion", "1.1.0");
        ((ObjectNode) config.path("delegate")).put("cniVersion", "1.0.0");
        return config;
    }

    private static CniAnswer status(ObjectNode config) {
        return aboutNode("STATUS", config);
    }

    private static CniAnswer gc(Pod... valid) {
        ObjectNode config = config();
        ArrayNode attachments = config.putArray("cni.dev/valid-attachments");
        for (Pod pod : valid) {
            attachments.addObject().put("containerID", pod.containerId()).put("ifname", "eth0");
        }
        return aboutNode("GC", config);
    }

    private static CniAnswer aboutNode(String command, ObjectNode config) {
        return LAB.pod("none", LAB.node1())
                .call(command)
                .without("CNI_CONTAINERID")
                .without("CNI_NETNS")
                .without("CNI_IFNAME")
                .without("CNI_ARGS")
                .config(config)
                .answer();
    }
}
