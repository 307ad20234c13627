package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The dispatcher with the reference plugins as delegates, in namespaces of the test's own: one stands for the node, so that the bridge
 * is made there, and one for the pod.
 */
class ReferencePluginsTest {
    private static final Path REFERENCE = Path.of("/usr/lib/cni");
    private static final String NODE =
            "cni-test-node-" + ProcessHandle.current().pid();
    private static final String POD = "cni-test-pod-" + ProcessHandle.current().pid();

    @TempDir
    private Path directory;

    private Path plugins;
    private Path leases;
    private Caller caller;

    @BeforeEach
    void makeNamespaces() throws Exception {
        plugins = Files.createDirectory(directory.resolve("plugins"));
        leases = directory.resolve("leases");
        ip("netns", "add", NODE);
        ip("netns", "add", POD);
        for (String plugin : List.of("bridge", "host-local", "loopback")) {
            assertThat(REFERENCE.resolve(plugin)).isExecutable();
            new ScriptPlugins(plugins)
                    .raw(
                            plugin,
                            "#!/bin/sh\nexec nsenter --net=/run/netns/" + NODE + " " + REFERENCE.resolve(plugin)
                                    + "\n");
        }
        caller = new Caller(plugins.toString(), Duration.ofSeconds(60)).with("CNI_NETNS", "/run/netns/" + POD);
    }

    @AfterEach
    void removeNamespaces() throws Exception {
        for (String each : List.of(NODE, POD)) {
            if (Files.exists(Path.of("/run/netns", each))) {
                ip("netns", "del", each);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"})
    void bridge_and_host_local_make_the_first_interface(String version) throws Exception {
        JsonNode result = caller.result("ADD", config(version, ""));
        assertThat(result.path("cniVersion").asText()).isEqualTo(version);
        boolean perFamily = SpecVersion.of(version).orElseThrow().form() == ResultForm.PER_FAMILY;
        JsonNode address = perFamily
                ? result.path("ip4").path("ip")
                : result.path("ips").path(0).path("address");
        assertThat(address.asText()).isEqualTo("10.61.0.2/24");
        assertThat(ip("-n", POD, "-o", "addr", "show", "dev", "eth0")).contains("10.61.0.2/24");
        assertThat(ip("-n", NODE, "-o", "link")).contains("cnitest0");
        assertThat(leased()).containsExactly("10.61.0.2");
        if (SpecVersion.of(version).orElseThrow().atLeast(Command.CHECK.since())) {
            assertThat(caller.call("CHECK", config(version, prevResult(result))))
                    .isEqualTo(new Reply(true, ""));
        }
        assertThat(caller.call("DEL", config(version, prevResult(result)))).isEqualTo(new Reply(true, ""));
        assertThat(leased()).isEmpty();
        assertThat(ip("-n", POD, "-o", "link")).doesNotContain("eth0");
        assertThat(caller.call("DEL", config(version, ""))).isEqualTo(new Reply(true, ""));
    }

    @Test
    void a_delegate_of_an_older_version_serves_a_newer_configuration() throws Exception {
        String config =
                config("1.1.0", "").replace("\"type\": \"bridge\"", "\"type\": \"bridge\", \"cniVersion\": \"0.3.1\"");
        JsonNode result = caller.result("ADD", config);
        assertThat(result.path("cniVersion").asText()).isEqualTo("1.1.0");
        assertThat(result.path("ips").path(0).has("version")).isFalse();
        assertThat(result.path("interfaces").path(2).path("sandbox").asText()).isEqualTo("/run/netns/" + POD);
        assertThat(caller.call("CHECK", config.replaceFirst("\\{", "{\"prevResult\": " + result + ","))
                        .succeeded())
                .isTrue();
    }

    @Test
    void a_version_that_the_delegate_does_not_speak_is_its_own_error() throws Exception {
        JsonNode error = caller.error("ADD", config("1.1.0", ""));
        assertThat(error.path("code").intValue()).isEqualTo(CniException.INCOMPATIBLE_VERSION);
        assertThat(error.path("msg").asText()).isEqualTo("incompatible CNI versions");
        assertThat(error.path("details").asText()).contains("1.1.0");
        assertThat(leased()).isEmpty();
    }

    @Test
    void a_check_finds_that_the_interface_has_gone() throws Exception {
        JsonNode result = caller.result("ADD", config("1.0.0", ""));
        ip("-n", POD, "link", "del", "eth0");
        caller.error("CHECK", config("1.0.0", prevResult(result)));
        assertThat(caller.network.calls).doesNotContain("check");
    }

    @Test
    void a_failed_add_of_ours_leaves_neither_interface_nor_lease() throws Exception {
        caller.network.failures.put("add", new CniException(101, "no link"));
        assertThat(caller.error("ADD", config("0.4.0", "")).path("code").intValue())
                .isEqualTo(101);
        assertThat(leased()).isEmpty();
        assertThat(ip("-n", POD, "-o", "link")).doesNotContain("eth0");
        assertThat(ip("-n", NODE, "-o", "link", "show", "type", "veth")).isEmpty();
    }

    @Test
    void del_releases_the_lease_when_the_namespace_is_gone() throws Exception {
        caller.result("ADD", config("0.4.0", ""));
        ip("netns", "del", POD);
        assertThat(caller.call("DEL", config("0.4.0", ""))).isEqualTo(new Reply(true, ""));
        assertThat(leased()).isEmpty();
        assertThat(caller.with("CNI_NETNS", "").call("DEL", config("0.4.0", "")))
                .isEqualTo(new Reply(true, ""));
    }

    @Test
    void del_with_an_empty_namespace_releases_the_lease() throws Exception {
        caller.result("ADD", config("0.1.0", ""));
        assertThat(caller.with("CNI_NETNS", "").call("DEL", config("0.1.0", "")))
                .isEqualTo(new Reply(true, ""));
        assertThat(leased()).isEmpty();
    }

    @Test
    void a_namespace_that_does_not_exist_is_the_delegates_error() throws Exception {
        JsonNode error = caller.with("CNI_NETNS", "/run/netns/no-such-one").error("ADD", config("0.4.0", ""));
        assertThat(error.path("msg").asText()).contains("/run/netns/no-such-one");
        assertThat(caller.network.calls).containsExactly("validate");
    }

    @Test
    void loopback_is_raised() throws Exception {
        caller.with("CNI_IFNAME", "lo");
        JsonNode result = caller.result(
                "ADD", "{\"cniVersion\": \"1.0.0\", \"name\": \"lo\", \"delegate\": {\"type\": \"loopback\"}}");
        assertThat(result.path("interfaces").path(0).path("name").asText()).isEqualTo("lo");
        assertThat(ip("-n", POD, "-o", "link", "show", "up")).contains("lo:");
    }

    private String config(String version, String more) {
        return """
                {"cniVersion": "%s", "name": "net", "type": "meshnet", %s
                 "delegate": {"type": "bridge", "bridge": "cnitest0", "isGateway": true, "ipam": {
                   "type": "host-local", "subnet": "10.61.0.0/24", "dataDir": "%s"}}}""".formatted(version, more, leases);
    }

    private static String prevResult(JsonNode result) {
        return "\"prevResult\": " + result + ",";
    }

    private Set<String> leased() throws IOException {
        Path network = leases.resolve("net");
        if (!Files.exists(network)) {
            return Set.of();
        }
        try (Stream<Path> files = Files.list(network)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("10."))
                    .collect(Collectors.toSet());
        }
    }

    private static String ip(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                Stream.concat(Stream.of("ip"), Stream.of(arguments)).toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(command + ": " + output).isZero();
        return output;
    }
}
