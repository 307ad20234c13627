package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The CNI protocol as a runtime sees it: versions, results, CHECK, the chained form, and the codes of the specification. */
class ProtocolTest {
    private static final int INCOMPATIBLE_VERSION = 1;
    private static final int INVALID_ENVIRONMENT = 4;
    private static final int UNDECODABLE = 6;
    private static final int INVALID_CONFIGURATION = 7;

    @RegisterExtension
    static final Lab LAB = new Lab();

    @Test
    void tells_the_versions_it_speaks() {
        CniAnswer answer = LAB.pod("pod1", LAB.node1())
                .call("VERSION")
                .input("{\"cniVersion\": \"1.0.0\"}")
                .answer();

        answer.succeeded();
        assertThat(answer.json().path("cniVersion").asText()).isEqualTo("1.0.0");
        List<String> supported = StreamSupport.stream(
                        answer.json().path("supportedVersions").spliterator(), false)
                .map(JsonNode::asText)
                .toList();
        assertThat(supported).contains("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"})
    void answers_in_the_version_it_was_asked_in(String version) {
        Pod pod = LAB.pod("pod1", LAB.node1());

        CniAnswer answer =
                pod.add(LAB.node1().config().put("cniVersion", version)).succeeded();

        assertThat(answer.json().path("cniVersion").asText()).isEqualTo(version);
        assertThat(LAB.node1().leases()).containsExactly(addressIn(answer, version));
    }

    @ParameterizedTest
    @CsvSource({"1.1.0, 1.0.0", "1.1.0, 0.2.0", "0.1.0, 1.0.0", "0.4.0, 0.2.0", "0.2.0, 0.3.1"})
    void converts_the_result_of_a_delegate_that_speaks_another_version(String asked, String delegated) {
        Pod pod = LAB.pod("pod1", LAB.node1());
        ObjectNode config = LAB.node1().config().put("cniVersion", asked);
        ((ObjectNode) config.path("delegate")).put("cniVersion", delegated);

        CniAnswer answer = pod.add(config).succeeded();

        assertThat(answer.json().path("cniVersion").asText()).isEqualTo(asked);
        assertThat(LAB.node1().leases()).containsExactly(addressIn(answer, asked));
    }

    @Test
    void lends_its_name_to_a_delegate_that_has_none() {
        Pod pod = LAB.pod("pod1", LAB.node1());
        ObjectNode config = LAB.node1().config().put("name", Node.BRIDGE);
        ((ObjectNode) config.path("delegate")).remove("name");

        CniAnswer answer = pod.add(config).succeeded();

        assertThat(LAB.node1().leases()).containsExactly(answer.address());
    }

    @Test
    void finds_nothing_to_complain_of_when_it_checks_what_it_made() {
        LAB.upload(Topology.pair());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        JsonNode check = checkable(pod1);
        LAB.pod("pod2", LAB.node1()).add().succeeded();

        CniAnswer answer = pod1.check(check);

        assertThat(answer.succeeded().outcome().out()).isEmpty();
    }

    @Test
    void names_the_link_that_is_missing_when_it_checks() {
        LAB.upload(Topology.pair());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        JsonNode check = checkable(pod1);
        LAB.pod("pod2", LAB.node1()).add().succeeded();
        // What is only deleted is made again at once; what stands in the way is not.
        pod1.obstruct("eth1");

        CniAnswer answer = pod1.check(check);

        assertThat(answer.outcome().status()).as("%s", answer).isEqualTo(1);
        assertThat(answer.text()).contains("eth1").contains("pod1");
    }

    @Test
    void passes_on_what_the_delegate_finds_when_it_checks() {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        JsonNode check = checkable(pod1);
        pod1.ip("link", "delete", "eth0");

        CniAnswer answer = pod1.check(check);

        assertThat(answer.outcome().status()).as("%s", answer).isEqualTo(1);
        assertThat(answer.text()).contains("eth0");
    }

    @Test
    void passes_the_previous_result_on_in_the_chained_form_and_makes_the_links() {
        LAB.upload(Topology.pair());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        ObjectNode config = chained("10.244.1.99/24");

        CniAnswer answer = pod1.add(config).succeeded();
        pod2.add(chained("10.244.1.98/24")).succeeded();

        assertThat(answer.json()).isEqualTo(config.path("prevResult"));
        assertThat(pod1.links()).containsOnlyKeys("lo", "eth1");
        assertThat(pod1.pings("12.12.12.2")).isTrue();
        assertThat(LAB.node1().leases()).isEmpty();
        pod1.call("DEL").config(config).answer().succeeded();
        LAB.assertReleased(pod1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"})
    void serves_a_chain_of_every_version(String version) {
        LAB.upload(Topology.pair());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        ObjectNode config = chain(version, "10.244.1.99/24");

        CniAnswer answer = pod1.add(config).succeeded();
        pod2.add(chain(version, "10.244.1.98/24")).succeeded();

        assertThat(answer.json()).isEqualTo(config.path("prevResult"));
        assertThat(pod1.pings("12.12.12.2")).isTrue();
        if (version.compareTo("0.4.0") < 0) {
            pod1.check(config).failedWith(INCOMPATIBLE_VERSION);
        } else {
            assertThat(pod1.check(config).succeeded().outcome().out()).isEmpty();
        }
        assertThat(pod1.call("DEL")
                        .config(config)
                        .answer()
                        .succeeded()
                        .outcome()
                        .out())
                .isEmpty();
        LAB.assertReleased(pod1);
        config.remove("prevResult");
        assertThat(pod1.call("DEL")
                        .with("CNI_NETNS", "")
                        .config(config)
                        .answer()
                        .succeeded()
                        .outcome()
                        .out())
                .isEmpty();
        assertThat(pod2.links()).containsOnlyKeys("lo", "eth1");
        assertThat(pod2.link("eth1").saysNoCarrier()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"})
    void names_a_variable_that_is_missing(String variable) {
        Pod pod = LAB.pod("pod1", LAB.node1());

        CniAnswer answer = pod.call("ADD").without(variable).answer();

        answer.failedWith(INVALID_ENVIRONMENT);
        assertThat(answer.text()).contains(variable);
        assertNothingMade(pod);
    }

    @ParameterizedTest
    @CsvSource({
        "CNI_COMMAND, MULTIPLY",
        "CNI_CONTAINERID, not/an/id",
        "CNI_IFNAME, an-interface-too-long",
        "CNI_IFNAME, eth/0",
        "CNI_NETNS, /run/netns/no-such-namespace",
        "CNI_NETNS, /etc/passwd",
    })
    void quotes_a_variable_that_cannot_be(String variable, String value) {
        Pod pod = LAB.pod("pod1", LAB.node1());

        CniAnswer answer = pod.call("ADD").with(variable, value).answer();

        assertThat(answer.outcome().status()).as("%s", answer).isEqualTo(1);
        assertThat(answer.json().path("code").asInt()).as("%s", answer).isPositive();
        assertThat(answer.text()).contains(value);
        assertNothingMade(pod);
    }

    @Test
    void names_an_argument_that_it_does_not_know_unless_told_to_ignore_it() {
        Pod pod = LAB.pod("pod1", LAB.node1());
        CniCall known = pod.call("ADD");
        String arguments = known.environment().get("CNI_ARGS");

        CniAnswer refused =
                known.with("CNI_ARGS", "K8S_POD_NAME=pod1;COLOUR=red").answer();
        CniAnswer ignored = known.with("CNI_ARGS", arguments + ";COLOUR=red").answer();

        assertThat(refused.outcome().status()).isEqualTo(1);
        assertThat(refused.text()).contains("COLOUR");
        ignored.succeeded();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cniVersion: 0.1.0", "{\"cniVersion\": ", "[]", "null"})
    void says_that_it_cannot_decode_what_is_no_configuration(String input) {
        Pod pod = LAB.pod("pod1", LAB.node1());

        CniAnswer answer = pod.call("ADD").input(input).answer();

        answer.failedWith(UNDECODABLE);
        assertNothingMade(pod);
    }

    @Test
    void refuses_a_version_that_it_does_not_speak_and_names_it() {
        Pod pod = LAB.pod("pod1", LAB.node1());

        CniAnswer answer = pod.add(LAB.node1().config().put("cniVersion", "7.8.9"));

        answer.failedWith(INCOMPATIBLE_VERSION);
        assertThat(answer.text()).contains("7.8.9");
        assertNothingMade(pod);
    }

    @ParameterizedTest
    @CsvSource({"etcd_port, many", "etcd_port, 70000"})
    void names_a_value_of_the_configuration_that_cannot_be(String field, String value) {
        Pod pod = LAB.pod("pod1", LAB.node1());

        CniAnswer answer = pod.add(LAB.node1().config().put(field, value));

        answer.failedWith(INVALID_CONFIGURATION);
        assertThat(answer.text()).contains(field).contains(value);
        assertNothingMade(pod);
    }

    @Test
    void serves_its_socket_to_root_alone() {
        String mode = Command.of("stat", "--format=%a %u", LAB.node1().socket().toString())
                .output()
                .strip();

        assertThat(mode).isEqualTo("600 0");
    }

    /** Adds a pod and gives the configuration that a runtime would check it with. */
    private static JsonNode checkable(Pod pod) {
        ObjectNode config = pod.node().config().put("cniVersion", "1.0.0");
        JsonNode result = pod.add(config).succeeded().json();
        config.set("prevResult", result);
        return config;
    }

    private static ObjectNode chained(String address) {
        ObjectNode config = LAB.node1().config().put("cniVersion", "1.0.0");
        config.remove("delegate");
        ObjectNode previous = config.putObject("prevResult").put("cniVersion", "1.0.0");
        previous.putArray("ips").addObject().put("address", address).put("gateway", "10.244.1.1");
        previous.putObject("dns").putArray("nameservers").add("10.96.0.10");
        return config;
    }

    /** A configuration of a version, chained behind a plugin that gave the pod an address. */
    private static ObjectNode chain(String version, String address) {
        ObjectNode config = LAB.node1().config().put("cniVersion", version);
        config.remove("delegate");
        ObjectNode previous = config.putObject("prevResult").put("cniVersion", version);
        if (version.compareTo("0.3.0") < 0) {
            previous.putObject("ip4").put("ip", address);
        } else {
            ObjectNode ip = previous.putArray("ips").addObject();
            if (version.compareTo("1.0.0") < 0) {
                ip.put("version", "4");
            }
            ip.put("address", address);
        }
        return config;
    }

    /** The one address of a result without its prefix length. */
    private static String addressIn(CniAnswer answer, String version) {
        String cidr = version.compareTo("0.3.0") < 0
                ? answer.json().path("ip4").path("ip").asText()
                : answer.json().path("ips").path(0).path("address").asText();
        assertThat(cidr).as("%s", answer).endsWith("/24");
        return cidr.substring(0, cidr.indexOf('/'));
    }

    private static void assertNothingMade(Pod pod) {
        LAB.assertReleased(pod);
        assertThat(LAB.node1().leases()).isEmpty();
    }
}
