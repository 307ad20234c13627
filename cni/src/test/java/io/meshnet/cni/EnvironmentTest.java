package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the environment of a call has to be. */
class EnvironmentTest {
    private static final String CHAINED = """
            {"cniVersion": "1.1.0", "name": "net", "type": "meshnet", "prevResult": {"cniVersion": "1.1.0"},
             "cni.dev/valid-attachments": []}""";

    private final Caller caller = new Caller(Path.of("/nowhere"));
    private boolean callsExpected;

    @AfterEach
    void aFailureHasNoEffect() {
        if (!callsExpected) {
            assertThat(caller.network.calls).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ADD, CNI_CONTAINERID",
        "ADD, CNI_NETNS",
        "ADD, CNI_IFNAME",
        "ADD, CNI_PATH",
        "CHECK, CNI_CONTAINERID",
        "CHECK, CNI_NETNS",
        "CHECK, CNI_IFNAME",
        "CHECK, CNI_PATH",
        "DEL, CNI_CONTAINERID",
        "DEL, CNI_IFNAME",
        "DEL, CNI_PATH",
        "GC, CNI_PATH",
        "STATUS, CNI_PATH",
    })
    void a_command_names_the_variable_it_misses(String command, String variable) {
        assertEnvironmentError(caller.with(variable, "").error(command, CHAINED), variable, command);
        assertEnvironmentError(caller.without(variable).error(command, CHAINED), variable, command);
    }

    @Test
    void all_missing_variables_are_named_at_once() {
        Reply reply = caller.send(Map.of("CNI_COMMAND", "ADD"), new byte[0]);
        assertEnvironmentError(Caller.error(reply), "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH");
    }

    @ParameterizedTest
    @CsvSource({"DEL, CNI_NETNS", "DEL, CNI_ARGS", "ADD, CNI_ARGS", "STATUS, CNI_CONTAINERID", "GC, CNI_IFNAME"})
    void a_command_does_without_what_it_does_not_need(String command, String variable) {
        callsExpected = true;
        assertThat(caller.without(variable).call(command, CHAINED).succeeded()).isTrue();
    }

    @Test
    void del_comes_without_a_namespace() {
        callsExpected = true;
        assertThat(caller.with("CNI_NETNS", "").call("DEL", CHAINED)).isEqualTo(new Reply(true, ""));
        assertThat(caller.network.attachments.getFirst().netns()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "add", "UPDATE", "ADD "})
    void an_unknown_command_is_an_error(String command) {
        assertEnvironmentError(caller.error(command, CHAINED), "CNI_COMMAND");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-a", "a/b", "a b", "a;b", "..", "_"})
    void a_container_id_has_the_characters_of_the_specification(String id) {
        assertEnvironmentError(caller.with("CNI_CONTAINERID", id).error("ADD", CHAINED), "CNI_CONTAINERID", id);
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "..", "a/b", "a:b", "a b", "sixteen-letters-"})
    void an_ifname_is_one_that_the_kernel_takes(String ifname) {
        assertEnvironmentError(caller.with("CNI_IFNAME", ifname).error("DEL", CHAINED), "CNI_IFNAME", ifname);
    }

    @Test
    void an_ifname_may_have_fifteen_characters() {
        callsExpected = true;
        assertThat(caller.with("CNI_IFNAME", "fifteen-letters")
                        .call("DEL", CHAINED)
                        .succeeded())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/run/netns/\u00e9", "/run\n", "/run\0", "\u007f"})
    void a_value_is_printable_ascii(String value) {
        assertEnvironmentError(caller.with("CNI_NETNS", value).error("ADD", CHAINED), "CNI_NETNS", "printable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"K8S_POD_NAME", "K8S_POD_NAME=a=b", "IgnoreUnknown=1;", "IgnoreUnknown=yes", "A=b"})
    void wrong_args_are_an_error_that_quotes_them(String args) {
        String pair = args.replace("IgnoreUnknown=1;", "");
        assertEnvironmentError(caller.with("CNI_ARGS", args).error("ADD", CHAINED), "CNI_ARGS", "\"" + pair + "\"");
    }

    @Test
    void unknown_args_pass_when_they_are_to_be_ignored() throws CniException {
        assertThat(PodArguments.parse("A=b;IgnoreUnknown=True;K8S_POD_NAME=p"))
                .isEqualTo(new PodArguments("p", "", ""));
        assertThat(PodArguments.parse(Caller.ARGS)).isEqualTo(new PodArguments("pod1", "default", "c0ffee"));
        assertThat(PodArguments.parse("")).isEqualTo(new PodArguments("", "", ""));
    }

    private static void assertEnvironmentError(JsonNode error, String... named) {
        assertThat(error.path("code").intValue()).isEqualTo(CniException.INVALID_ENVIRONMENT);
        assertThat(error.path("msg").asText()).contains(named);
    }
}
