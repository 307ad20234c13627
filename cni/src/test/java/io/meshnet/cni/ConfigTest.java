package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the configuration of a call has to be, and VERSION. */
class ConfigTest {
    private final Caller caller = new Caller(Path.of("/nowhere"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[]",
                "null",
                "7",
                "{} {}",
                "{\"a\":\"\\q\"}",
                "{\"cniVersion\": 1, \"name\": \"n\"}"
            })
    void what_is_no_object_cannot_be_decoded(String stdin) {
        assertError(caller.error("ADD", stdin), CniException.UNDECODABLE, "network configuration");
    }

    @Test
    void bytes_that_are_not_utf8_cannot_be_decoded() {
        byte[] stdin = "{\"name\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
        caller.with("CNI_COMMAND", "ADD");
        assertError(Caller.error(caller.send(caller.environment, stdin)), CniException.UNDECODABLE, "UTF-8");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                                       | \"name\"",
                "{\"name\": \"\"}                                         | \"name\"",
                "{\"name\": \"a/b\"}                                      | \"a/b\"",
                "{\"name\": 1}                                            | must be a string, not a number",
                "{\"name\": \"n\", \"type\": []}                          | \"type\" in the configuration of network \"n\"",
                "{\"name\": \"n\", \"delegate\": \"bridge\"}              | must be an object, not a string",
                "{\"name\": \"n\", \"delegate\": {}}                      | \"type\" is missing in \"delegate\"",
                "{\"name\": \"n\", \"delegate\": {\"type\": 1}}           | \"type\" in \"delegate\" must be a string",
                "{\"name\": \"n\", \"delegate\": {\"type\": \"../sh\"}}   | without a path: \"../sh\"",
                "{\"name\": \"n\", \"delegate\": {\"type\": \"..\"}}      | without a path",
                "{\"name\": \"n\", \"delegate\": {\"type\": \"b\", \"name\": {}}} | \"name\" in \"delegate\"",
                "{\"name\": \"n\", \"type\": \"m\", \"delegate\": {\"type\": \"m\"}} | the plugin itself",
                "{\"name\": \"n\", \"prevResult\": []}                    | \"prevResult\"",
                "{\"name\": \"n\", \"prevResult\": {}, \"delegate\": {\"type\": \"b\"}} | both given",
                "{\"name\": \"n\", \"runtimeConfig\": 1, \"delegate\": {\"type\": \"b\"}} | \"runtimeConfig\"",
                "{\"name\": \"n\", \"prevResult\": {}, \"etcd_port\": [2379]} | \"etcd_port\" in the configuration of network \"n\" must be a string, not an array",
            })
    void a_wrong_field_is_named_and_nothing_is_done(String stdin, String named) {
        assertError(caller.error("ADD", stdin), CniException.INVALID_CONFIG, named);
        assertThat(caller.network.calls).doesNotContain("add");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"name\": \"n\"}", "{\"name\": \"n\", \"delegate\": null, \"prevResult\": null}"})
    void a_missing_delegate_is_told_in_the_words_users_know(String stdin) {
        assertThat(caller.error("ADD", stdin).path("msg").asText())
                .isEqualTo("\"delegate\" is a required field in config,"
                        + " it should be the config of the main plugin to use");
        assertThat(caller.network.calls).isEmpty();
    }

    @Test
    void a_del_of_a_chain_that_hands_over_no_result_succeeds() {
        assertThat(caller.call("DEL", "{\"name\": \"n\"}").succeeded()).isTrue();
        assertThat(caller.network.calls).containsExactly("delete");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2.0", "0.1", "x", "0.3.2"})
    void an_unknown_version_is_incompatible(String version) {
        JsonNode error = caller.error("ADD", "{\"name\": \"n\", \"cniVersion\": \"" + version + "\"}");
        assertError(error, CniException.INCOMPATIBLE_VERSION, "\"" + version + "\"");
        assertThat(error.path("details").asText()).contains("0.1.0", "1.1.0");
        assertThat(error.path("cniVersion").asText()).isEqualTo("1.1.0");
        String delegate = "{\"name\": \"n\", \"delegate\": {\"type\": \"b\", \"cniVersion\": \"" + version + "\"}}";
        assertError(caller.error("ADD", delegate), CniException.INCOMPATIBLE_VERSION, "delegate");
    }

    @ParameterizedTest
    @CsvSource({
        "CHECK, 0.1.0, 1",
        "CHECK, 0.3.1, 1",
        "CHECK, 0.4.0, 7",
        "GC, 1.0.0, 1",
        "GC, 1.1.0, 7",
        "STATUS, 1.0.0, 1",
    })
    void a_command_needs_the_version_that_brought_it(String command, String version, int code) {
        String stdin = "{\"name\": \"n\", \"cniVersion\": \"" + version + "\"}";
        assertThat(caller.error(command, stdin).path("code").intValue()).isEqualTo(code);
        assertThat(caller.error(command, stdin).path("cniVersion").asText()).isEqualTo(version);
    }

    @ParameterizedTest
    @EnumSource(SpecVersion.class)
    void version_answers_with_the_version_it_was_asked_in(SpecVersion version) {
        JsonNode answer = new Caller(Path.of("/")).result("VERSION", "{\"cniVersion\": \"" + version.text() + "\"}");
        assertThat(answer)
                .isEqualTo(Caller.json("{\"cniVersion\": \"" + version.text() + "\", \"supportedVersions\":"
                        + "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "garbage", "{\"cniVersion\": 3}", "{\"cniVersion\": \"\"}"})
    void version_answers_whatever_it_is_asked(String stdin) {
        assertThat(caller.result("VERSION", stdin).path("cniVersion").asText()).isEqualTo("1.1.0");
    }

    @Test
    void fields_of_the_plugin_are_typed() throws CniException {
        NetworkConfig config = NetworkConfig.decode("""
                {"name": "n", "host": "h", "port": 2379, "on": true, "none": null}""".getBytes(StandardCharsets.UTF_8));
        assertThat(config.cniVersion()).isEqualTo(SpecVersion.V0_1_0);
        assertThat(config.text("host", "")).isEqualTo("h");
        assertThat(config.text("port", "")).isEqualTo("2379");
        assertThat(config.text("none", "fallback")).isEqualTo("fallback");
        assertThat(config.text("missing", "fallback")).isEqualTo("fallback");
        assertThat(config.flag("on", false)).isTrue();
        assertThat(config.flag("missing", true)).isTrue();
    }

    private static void assertError(JsonNode error, int code, String named) {
        assertThat(error.path("code").intValue()).as(error.toString()).isEqualTo(code);
        assertThat(error.path("msg").asText()).contains(named);
    }
}
