package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What runtimes do beside the straight way: give up, clean up after a failure, order their arguments as they like. */
class RuntimeHabitsTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @Test
    void a_del_right_after_an_add_that_failed_succeeds_and_leaves_nothing() {
        LAB.upload(Topology.pair());
        LAB.pod("pod1", LAB.node1()).add().succeeded();
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        pod2.ip("link", "add", "eth1", "type", "bridge");
        assertThat(pod2.add().outcome().status()).isEqualTo(1);
        pod2.ip("link", "delete", "eth1");

        CniAnswer answer = pod2.del();

        assertThat(answer.succeeded().outcome().out()).isEmpty();
        LAB.assertReleased(pod2);
        assertThat(LAB.node1().leases()).hasSize(1);
        pod2.del().succeeded();
        pod2.add().succeeded();
        assertThat(pod2.pings("12.12.12.1")).isTrue();
    }

    @Test
    void a_del_after_the_plugin_was_killed_in_the_middle_of_an_add_leaves_nothing() throws IOException {
        LAB.upload(Topology.pair());
        LAB.pod("pod1", LAB.node1()).add().succeeded();
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        Path directory = LAB.node1().plugins();
        LAB.node1()
                .plugin(
                        "slow-bridge",
                        "if [ $CNI_COMMAND = ADD ]; then touch %1$s/started; while [ ! -e %1$s/go ]; do sleep 0.02; done; fi"
                                        .formatted(directory)
                                + "; exec " + Node.PLUGINS + "/bridge");
        ObjectNode config = LAB.node1().config();
        ((ObjectNode) config.path("delegate")).put("type", "slow-bridge");

        pod2.call("ADD")
                .config(config)
                .killedWhen(
                        directory.resolve("answers"),
                        () -> assertThat(directory.resolve("started")).exists());
        CompletableFuture<CniAnswer> del = CompletableFuture.supplyAsync(
                () -> pod2.call("DEL").config(config).answer(), Thread::startVirtualThread);
        Files.createFile(directory.resolve("go"));

        assertThat(del.join().succeeded().outcome().out()).isEmpty();
        LAB.assertReleased(pod2);
        assertThat(LAB.etcd().get("/pod2/container_id")).isEmpty();
        assertThat(LAB.node1().leases()).hasSize(1);
        assertThat(directory.resolve("answers")).isEmptyFile();
        pod2.add().succeeded();
        assertThat(pod2.pings("12.12.12.1")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "K8S_POD_NAME=pod2;IgnoreUnknown=1;K8S_POD_UID=5d2b",
                "K8S_POD_UID=5d2b;K8S_POD_INFRA_CONTAINER_ID=c0ffee;K8S_POD_NAME=pod2;K8S_POD_NAMESPACE=default;IgnoreUnknown=true",
                "IgnoreUnknown=1;K8S_POD_INFRA_CONTAINER_ID=c0ffee;K8S_POD_NAMESPACE=default;K8S_POD_NAME=pod2",
            })
    void arguments_may_come_in_any_order(String arguments) {
        LAB.upload(Topology.pair());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        pod1.add().succeeded();

        pod2.call("ADD").with("CNI_ARGS", arguments).answer().succeeded();

        assertThat(pod1.pings("12.12.12.2")).isTrue();
    }

    @Test
    void what_the_runtime_gives_for_a_capability_reaches_the_delegate() {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        ObjectNode config = LAB.node1().config().put("cniVersion", "1.0.0");
        config.putObject("capabilities").put("mac", true);
        config.putObject("runtimeConfig").put("mac", "02:00:00:00:12:34");

        pod1.add(config).succeeded();

        assertThat(pod1.link("eth0").mac()).isEqualTo("02:00:00:00:12:34");
    }

    @Test
    void a_result_newer_than_the_runtime_is_answered_in_the_version_asked_for() throws IOException {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        LAB.node1().plugin("modern", """
                cat > /dev/null; [ $CNI_COMMAND = ADD ] || exit 0; echo '{"cniVersion": "1.1.0",
                "interfaces": [{"name": "eth0", "sandbox": "/run/netns/x", "mtu": 1400, "socketPath": "/s"}],
                "ips": [{"address": "10.1.2.3/24", "interface": 0}], "routes": [{"dst": "0.0.0.0/0", "mtu": 1400}]}'""");
        ObjectNode config = LAB.node1().config().put("cniVersion", "0.4.0");
        config.putObject("delegate").put("type", "modern");

        CniAnswer answer = pod1.add(config).succeeded();

        assertThat(answer.json().path("cniVersion").asText()).isEqualTo("0.4.0");
        assertThat(answer.json().at("/ips/0/version").asText()).isEqualTo("4");
        assertThat(answer.json().at("/interfaces/0").has("mtu")).isFalse();
        pod1.call("DEL").config(config).answer().succeeded();
    }
}
