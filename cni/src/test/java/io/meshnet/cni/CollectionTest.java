package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GC: what is no longer valid goes, here and with the delegate, whatever fails. */
class CollectionTest {
    private static final String CONFIG = """
            {"cniVersion": "1.1.0", "name": "net", "type": "meshnet",
             "cni.dev/valid-attachments": [{"containerID": "living", "ifname": "eth0"}],
             "delegate": {"type": "main"}}""";

    @TempDir
    private Path directory;

    private ScriptPlugins plugins;
    private Caller caller;

    @BeforeEach
    void holdThree() throws IOException, CniException {
        plugins = new ScriptPlugins(directory);
        plugins.plugin("main", "");
        caller = new Caller(directory);
        caller.network.held =
                List.of(held("gone1", "eth0"), held("living", "eth0"), held("gone2", "eth0"), held("living", "net1"));
    }

    @Test
    void deletes_what_is_not_valid_and_tells_the_delegate_of_the_rest() throws IOException {
        assertThat(caller.call("GC", CONFIG)).isEqualTo(new Reply(true, ""));

        assertThat(caller.network.calls).containsExactly("attached", "delete", "delete", "delete");
        assertThat(caller.network.attachments.subList(1, 4))
                .extracting(Attachment::id)
                .containsExactly(
                        new AttachmentId("gone1", "eth0"),
                        new AttachmentId("gone2", "eth0"),
                        new AttachmentId("living", "net1"));
        assertThat(plugins.calls()).containsExactly("GC");
        assertThat(plugins.stdin("GC").path("cni.dev/valid-attachments"))
                .isEqualTo(Caller.json("[{\"containerID\": \"living\", \"ifname\": \"eth0\"}]"));
    }

    @Test
    void deletes_with_a_delegate_that_knows_no_gc_each_by_itself() throws IOException {
        caller.network.held = caller.network.held.subList(0, 2);

        assertThat(caller.call("GC", older())).isEqualTo(new Reply(true, ""));

        assertThat(plugins.calls()).containsExactly("DEL");
        assertThat(plugins.environment())
                .containsEntry("CNI_CONTAINERID", "gone1")
                .containsEntry("CNI_IFNAME", "eth0")
                .containsEntry("CNI_NETNS", "/run/netns/gone1")
                .containsEntry(
                        "CNI_ARGS",
                        "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=pod;K8S_POD_INFRA_CONTAINER_ID=gone1");
    }

    @Test
    void spares_a_namespace_that_is_anothers_by_now() throws IOException {
        caller.network.held = caller.network.held.subList(0, 1);
        caller.network.stale = true;

        assertThat(caller.call("GC", older()).succeeded()).isTrue();

        assertThat(plugins.environment())
                .containsEntry("CNI_CONTAINERID", "gone1")
                .containsEntry("CNI_NETNS", "");
    }

    @Test
    void goes_on_after_a_failure_and_tells_of_all() throws IOException {
        plugins.plugin("main", "echo '{\"code\": 5, \"msg\": \"stuck\"}'; exit 1");
        caller.network.failures.put("delete", new CniException(11, "etcd is away", "since noon"));

        JsonNode error = caller.error("GC", CONFIG);

        assertThat(error.path("code").intValue()).isEqualTo(11);
        assertThat(error.path("msg").asText())
                .isEqualTo("container gone1, eth0: etcd is away (since noon);"
                        + " and container gone2, eth0: etcd is away (since noon);"
                        + " and container living, net1: etcd is away (since noon); and stuck");
        assertThat(plugins.calls()).containsExactly("GC");
    }

    @Test
    void tells_the_delegate_although_what_is_held_cannot_be_known() throws IOException {
        caller.network.faults.put("attached", new IllegalStateException("a bug"));

        assertThat(caller.error("GC", CONFIG).path("code").intValue()).isEqualTo(CniException.INTERNAL);

        assertThat(plugins.calls()).containsExactly("GC");
    }

    @Test
    void of_a_chain_is_ours_alone() {
        String chained = CONFIG.replace(",\n \"delegate\": {\"type\": \"main\"}", "");
        assertThat(chained).doesNotContain("delegate");

        assertThat(caller.call("GC", chained)).isEqualTo(new Reply(true, ""));

        assertThat(caller.network.calls).containsExactly("attached", "delete", "delete", "delete");
    }

    private static String older() {
        return CONFIG.replace("\"main\"", "\"main\", \"cniVersion\": \"1.0.0\"");
    }

    private static Attachment held(String containerId, String ifname) throws CniException {
        return new Attachment(
                containerId,
                "/run/netns/" + containerId,
                ifname,
                new PodArguments("pod", "default", containerId),
                NetworkConfig.decode(CONFIG.getBytes(StandardCharsets.UTF_8)));
    }
}
