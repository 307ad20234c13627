package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An ADD that fails says why and where, and leaves nothing: no link, no lease, no placement. */
class FailedAddTest {
    private static final int TRY_AGAIN_LATER = 11;

    @RegisterExtension
    static final Lab LAB = new Lab();

    @Test
    void passes_on_the_error_of_a_delegate_as_it_is() throws IOException {
        LAB.upload(Topology.triangle());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        String error = """
                {"cniVersion": "0.1.0", "code": 123, "msg": "out of cable", "details": "the drum is empty"}""";
        LAB.node1().plugin("cabler", "cat > /dev/null; echo '" + error + "'; exit 1");
        ObjectNode config = LAB.node1().config();
        config.putObject("delegate").put("type", "cabler").put("name", "cables");

        CniAnswer answer = pod1.add(config);

        answer.failedWith(123);
        assertThat(answer.json()).isEqualTo(Json.parse(error));
        assertUntouched(pod1);
    }

    @Test
    void passes_on_the_error_of_a_real_delegate_and_takes_back_what_it_had_begun() {
        LAB.upload(Topology.triangle());
        ObjectNode config = LAB.node1().config();
        ((ObjectNode) config.at("/delegate/ipam"))
                .put("rangeStart", "10.244.1.200")
                .put("rangeEnd", "10.244.1.200");
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        String last = pod1.add(config).succeeded().address();

        CniAnswer answer = pod2.add(config);

        assertThat(answer.outcome().status()).isEqualTo(1);
        assertThat(answer.text()).contains("no IP addresses available");
        LAB.assertReleased(pod2);
        assertThat(LAB.node1().leases()).containsExactly(last);
    }

    @Test
    void names_a_delegate_that_is_not_in_the_path() {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        ObjectNode config = LAB.node1().config();
        config.putObject("delegate").put("type", "no-such-plugin");

        CniAnswer answer = pod1.add(config);

        assertThat(answer.outcome().status()).isEqualTo(1);
        assertThat(answer.text())
                .contains("no-such-plugin")
                .contains(LAB.node1().cniPath());
        assertUntouched(pod1);
    }

    @Test
    void reports_a_delegate_that_ends_without_a_word() throws IOException {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        LAB.node1().plugin("mute", "cat > /dev/null; exit 7");
        ObjectNode config = LAB.node1().config();
        config.putObject("delegate").put("type", "mute");

        CniAnswer answer = pod1.add(config);

        assertThat(answer.outcome().status()).isEqualTo(1);
        assertThat(answer.text()).contains("mute").contains("7");
        assertUntouched(pod1);
    }

    @Test
    void says_that_a_delegate_is_required() {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        ObjectNode config = LAB.node1().config();
        config.remove("delegate");

        CniAnswer answer = pod1.add(config);

        answer.failedWith(7);
        assertThat(answer.text())
                .contains(
                        "\"delegate\" is a required field in config, it should be the config of the main plugin to use");
        assertUntouched(pod1);
    }

    @Test
    void names_the_link_whose_interface_is_taken_and_leaves_the_taker_alone() {
        LAB.upload(Topology.pair());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        pod1.add().succeeded();
        Pod pod2 = LAB.pod("pod2", LAB.node1());
        pod2.ip("link", "add", "eth1", "type", "bridge");
        int ifindex = pod2.link("eth1").ifindex();

        CniAnswer answer = pod2.add();

        assertThat(answer.outcome().status()).as("%s", answer).isEqualTo(1);
        assertThat(answer.text()).contains("eth1").contains("pod2").contains("11");
        assertThat(pod2.links()).containsOnlyKeys("lo", "eth1");
        assertThat(pod2.link("eth1").ifindex()).isEqualTo(ifindex);
        assertThat(pod2.link("eth1").kind()).isEqualTo("bridge");
        assertThat(LAB.etcd().get("/pod2/src_ip")).isEmpty();
        assertThat(LAB.etcd().get("/pod2/net_ns")).isEmpty();
        assertThat(LAB.node1().leases()).hasSize(1);
        assertThat(pod1.links()).containsKey("eth0");
        pod2.ip("link", "delete", "eth1");
    }

    @Test
    void names_the_port_that_another_vxlan_of_the_node_has_and_leaves_that_alone() {
        LAB.upload(Topology.pair());
        LAB.pod("pod1", LAB.node1()).add().succeeded();
        Pod pod2 = LAB.pod("pod2", LAB.node2());
        LAB.node2().stop();
        LAB.node2().forget();
        LAB.node2().ip("link", "add", "users", "type", "vxlan", "id", "42", "dstport", "4789", "dev", Underlay.UPLINK);
        LAB.node2().ip("link", "set", "users", "up");
        LAB.node2().start();

        CniAnswer answer = pod2.add();

        assertThat(answer.outcome().status()).as("%s", answer).isEqualTo(1);
        assertThat(answer.text()).contains("link 11 ", "pod2:eth1", "UDP port 4789", "MESHNET_VXLAN_PORT");
        assertUntouched(pod2);
        assertThat(LAB.node2().links()).containsKey("users");
        LAB.node2().ip("link", "delete", "users");
        eventually(() -> pod2.add().succeeded());
    }

    @Test
    void is_to_be_tried_again_when_the_daemon_is_not_running() {
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        LAB.node1().stop();

        CniAnswer answer = pod1.add();

        answer.failedWith(TRY_AGAIN_LATER);
        assertThat(answer.text()).contains(LAB.node1().socket().toString());
        assertThat(pod1.links()).containsOnlyKeys("lo");
        pod1.del().failedWith(TRY_AGAIN_LATER);
    }

    @Test
    void is_to_be_tried_again_when_a_topology_pod_finds_etcd_stopped() {
        LAB.upload(Topology.triangle());
        Pod pod1 = LAB.pod("pod1", LAB.node1());
        pod1.add().succeeded();
        pod1.del().succeeded();
        LAB.etcd().stop();

        CniAnswer answer = pod1.add();

        answer.failedWith(TRY_AGAIN_LATER);
        assertThat(answer.text()).contains("etcd").contains(Underlay.ADDRESS + ":2379");
        assertThat(pod1.links()).containsOnlyKeys("lo");
        assertThat(LAB.node1().leases()).isEmpty();
        LAB.etcd().start();
        eventually(() -> pod1.add().succeeded());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenTopologies")
    void names_what_is_wrong_in_the_topology(String what, String links, List<String> words) {
        LAB.etcd().put("/pod1/links", links);
        Pod pod1 = LAB.pod("pod1", LAB.node1());

        CniAnswer answer = pod1.add();

        assertThat(answer.outcome().status()).as("%s", answer).isEqualTo(1);
        assertThat(answer.text()).contains("pod1").contains(words);
        assertUntouched(pod1);
        assertThat(LAB.etcd().get("/pod1/links")).isEqualTo(links);
    }

    static Stream<Arguments> brokenTopologies() {
        return Stream.of(
                broken("uuid for uid", "\"uid\": 11", "\"uuid\": 11", "link 0", "uid"),
                broken("a uid beyond the VNIs", "\"uid\": 11", "\"uid\": 16777215", "uid", "16777215"),
                broken("a uid of zero", "\"uid\": 11", "\"uid\": 0", "uid", "0"),
                broken("a uid that is no number", "\"uid\": 11", "\"uid\": \"eleven\"", "uid", "eleven"),
                broken(
                        "a long interface name",
                        "\"eth1\", \"local_ip",
                        "\"an-interface-too-long\", \"local_ip",
                        "local_intf"),
                broken("an address without a prefix", "12.12.12.1/24", "12.12.12.1", "local_ip", "12.12.12.1"),
                broken("no peer", "\"peer_pod\": \"pod2\", ", "", "peer_pod"),
                Arguments.of("no list", "{\"uid\": 11}", List.of("links")),
                Arguments.of("no JSON", "uid=11", List.of("links")));
    }

    private static Arguments broken(String what, String good, String bad, String... words) {
        String link = """
                [{"uid": 11, "peer_pod": "pod2", "local_intf": "eth1", "local_ip": "12.12.12.1/24", \
                "peer_intf": "eth1", "peer_ip": "12.12.12.2/24"}]""";
        assertThat(link).contains(good);
        return Arguments.of(what, link.replace(good, bad), List.of(words));
    }

    private static void assertUntouched(Pod pod) {
        LAB.assertReleased(pod);
        assertThat(pod.node().leases())
                .as("leases on the node of %s", pod.name())
                .isEmpty();
    }
}
