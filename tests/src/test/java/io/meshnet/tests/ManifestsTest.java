package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1DaemonSet;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every overlay of the Kubernetes manifests: against the API's schemas, and against what the parts need of each other. */
class ManifestsTest {

    /** Reads an object of one kind; members that its schema does not know, or misses, and values of another type are errors. */
    interface Schema {
        Object read(String json) throws IOException;
    }

    private static final Map<String, Schema> SCHEMAS = Map.of(
            "v1 Namespace", V1Namespace::fromJson,
            "v1 ConfigMap", V1ConfigMap::fromJson,
            "v1 Service", V1Service::fromJson,
            "apps/v1 StatefulSet", V1StatefulSet::fromJson,
            "apps/v1 DaemonSet", V1DaemonSet::fromJson);

    static Stream<String> overlays() {
        return Overlay.names();
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void every_object_is_what_its_schema_says(String name) {
        Overlay overlay = Overlay.render(name);
        assertThat(overlay.objects()).isNotEmpty();
        for (JsonNode object : overlay.objects()) {
            assertThatCode(() -> validate(object))
                    .as("%s of %s", object.at("/metadata/name").asText(), name)
                    .doesNotThrowAnyException();
        }
    }

    /** That the check above can fail, deep within an object, too. */
    @Test
    void the_schemas_refuse_what_is_wrong() {
        refused("DaemonSet", "/spec/template/spec/containers/0", "livenessprobe", "{}");
        refused("DaemonSet", "/spec/template/spec/containers/0/livenessProbe/httpGet", "ports", "1");
        refused("DaemonSet", "/spec/template/spec/containers/0/securityContext/capabilities", "added", "[]");
        refused("StatefulSet", "/spec/template/spec", "hostnetwork", "true");
        JsonNode service = Overlay.render("default").the("Service");
        ((ObjectNode) service.at("/spec/ports/0")).remove("port");
        assertThatThrownBy(() -> validate(service)).hasMessageContaining("port");
        JsonNode daemons = Overlay.render("default").the("DaemonSet");
        ((ObjectNode) daemons.at("/spec/template/spec/containers/0/ports/0")).put("containerPort", "rest");
        assertThatThrownBy(() -> validate(daemons)).hasMessageContaining("rest");
    }

    private static void refused(String kind, String where, String member, String value) {
        JsonNode object = Overlay.render("default").the(kind);
        ((ObjectNode) object.at(where)).set(member, Json.parse(value));
        assertThatThrownBy(() -> validate(object)).hasMessageContaining(member);
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void everything_is_in_the_namespace_that_comes_with_it(String name) {
        Overlay overlay = Overlay.render(name);
        String namespace = overlay.the("Namespace").at("/metadata/name").asText();
        for (JsonNode object : overlay.objects()) {
            if (!object.path("kind").asText().equals("Namespace")) {
                assertThat(object.at("/metadata/namespace").asText()).isEqualTo(namespace);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void the_daemon_gets_a_configuration_that_names_its_etcd(String name) {
        Overlay overlay = Overlay.render(name);
        JsonNode configuration = overlay.the("ConfigMap");
        assertThat(overlay.container("meshnetd").at("/envFrom/0/configMapRef/name"))
                .isEqualTo(configuration.at("/metadata/name"));
        String endpoints = configuration.at("/data/MESHNET_ETCD_ENDPOINTS").asText();
        assertThat(endpoints).startsWith("http://");
        for (JsonNode service : overlay.all("Service")) {
            assertThat(endpoints)
                    .isEqualTo("http://%s:%s"
                            .formatted(
                                    service.at("/spec/clusterIP").asText(),
                                    service.at("/spec/ports/0/port").asText()));
        }
    }

    /** No pod here needs a pod network to start: each is on its node's. */
    @ParameterizedTest
    @MethodSource("overlays")
    void nothing_needs_meshnet_to_start(String name) {
        Overlay overlay = Overlay.render(name);
        overlay.objects().stream()
                .map(object -> object.at("/spec/template/spec"))
                .filter(JsonNode::isObject)
                .forEach(pod -> assertThat(pod.path("hostNetwork").asBoolean()).isTrue());
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void nothing_is_privileged(String name) {
        Overlay overlay = Overlay.render(name);
        assertThat(overlay.objects().toString()).doesNotContain("\"privileged\":true");
        assertThat(overlay.capabilities("install")).isEmpty();
        if (name.equals("delegate")) {
            assertThat(overlay.capabilities("meshnetd"))
                    .containsExactly("NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "NET_RAW");
        } else {
            assertThat(overlay.capabilities("meshnetd")).containsExactly("NET_ADMIN", "SYS_ADMIN");
        }
    }

    /** The daemon tells the front a path, which has to be the same on the node, and has to see what the front mounts there. */
    @ParameterizedTest
    @MethodSource("overlays")
    void the_daemon_sees_the_patch_namespace_that_the_front_mounts(String name) {
        Overlay overlay = Overlay.render(name);
        assertThat(overlay.variable("meshnetd", "MESHNET_NETNS_MOUNT")).isEqualTo("front");
        JsonNode mount = overlay.mount("meshnetd", "run");
        assertThat(mount.path("mountPath").asText()).isEqualTo("/run/meshnet");
        assertThat(mount.path("mountPropagation").asText()).isEqualTo("HostToContainer");
        assertThat(overlay.volume("run").at("/hostPath/path").asText()).isEqualTo("/run/meshnet");
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void probes_ask_where_the_daemon_answers(String name) {
        JsonNode daemon = Overlay.render(name).container("meshnetd");
        assertThat(daemon.at("/ports/0/name").asText()).isEqualTo("rest");
        assertThat(daemon.at("/ports/0/containerPort").asInt()).isEqualTo(8181);
        for (String probe : new String[] {"startupProbe", "livenessProbe", "readinessProbe"}) {
            JsonNode get = daemon.path(probe).path("httpGet");
            assertThat(get.path("port").asText()).isEqualTo("rest");
            assertThat(get.path("path").asText())
                    .isEqualTo("/observe/health/" + (probe.equals("readinessProbe") ? "ready" : "live"));
        }
    }

    /** The tool knows every word that the manifests give it. */
    @ParameterizedTest
    @MethodSource("overlays")
    void the_tool_understands_its_command(String name) {
        JsonNode words = Overlay.render(name).container("install").path("command");
        assertThat(words.get(0).asText()).isEqualTo("/opt/meshnet/bin/meshnetctl");
        Command command = Image.command("meshnetctl");
        for (int i = 1; i < words.size(); i++) {
            command = command.and(words.get(i).asText());
        }
        Outcome outcome = command.and("--help").run();
        assertThat(outcome.status()).as("%s", outcome).isZero();
        assertThat(outcome.out()).contains("--bin-dir");
    }

    @Test
    void an_external_etcd_comes_without_one_of_its_own() {
        assertThat(Overlay.render("external-etcd").all("StatefulSet")).isEmpty();
        assertThat(Overlay.render("external-etcd").all("Service")).isEmpty();
    }

    @Test
    void a_single_node_needs_no_storage_class() {
        JsonNode etcd = Overlay.render("single-node").the("StatefulSet").path("spec");
        assertThat(etcd.path("volumeClaimTemplates").isEmpty()).isTrue();
        assertThat(etcd.at("/template/spec/volumes/0/hostPath/path").asText()).isEqualTo("/var/lib/meshnet-etcd");
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void the_patch_that_uninstalls_changes_what_keeps_meshnet_installed_and_nothing_else(
            String name, @TempDir Path scratch) throws IOException {
        Overlay before = Overlay.render(name);
        Overlay after = Overlay.patched(name, "uninstall.yaml", scratch);
        ArrayNode command =
                Json.array().add("/opt/meshnet/bin/meshnetctl").add("uninstall").add("--stay");

        assertThat(after.container("install").path("command")).isEqualTo(command);
        ((ObjectNode) before.container("install")).set("command", command);
        for (String container : new String[] {"install", "meshnetd"}) {
            assertThat(after.container(container)).isEqualTo(before.container(container));
        }
        // The patch moves a container to the front, which means nothing.
        for (Overlay each : new Overlay[] {before, after}) {
            ((ObjectNode) each.the("DaemonSet").at("/spec/template/spec")).remove("containers");
        }
        assertThat(after.objects()).isEqualTo(before.objects());
    }

    private static void validate(JsonNode object) throws IOException {
        String kind =
                object.path("apiVersion").asText() + " " + object.path("kind").asText();
        Schema schema = SCHEMAS.get(kind);
        if (schema == null) {
            throw new AssertionError("no schema is known here for " + kind);
        }
        schema.read(object.toString());
    }
}
