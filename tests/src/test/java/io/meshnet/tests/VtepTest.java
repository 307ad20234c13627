package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.tests.Node.HttpAnswer;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code PUT /vtep}, by which nodes that still run the original announce their end of a link. */
class VtepTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    private Pod pod;

    @BeforeEach
    void preparePod() {
        pod = LAB.pod("pod1", LAB.node1());
    }

    @Test
    void makes_the_vxlan() {
        assertAccepted(request());

        ObservedLink link = pod.link("eth1");
        assertThat(link.kind()).isEqualTo("vxlan");
        assertThat(link.vni()).isEqualTo(5011);
        assertThat(link.remote()).isEqualTo("10.99.0.12");
        assertThat(link.port()).isEqualTo(4789);
        assertThat(link.addresses()).containsExactly("12.12.12.1/24");
        assertThat(link.carrier()).isTrue();
    }

    @Test
    void makes_it_without_an_address_when_none_is_given() {
        assertAccepted(request().put("link_ip", ""));

        assertThat(pod.link("eth1").kind()).isEqualTo("vxlan");
        assertThat(pod.link("eth1").addresses()).isEmpty();
    }

    @Test
    void changes_nothing_when_repeated() {
        assertAccepted(request());
        int ifindex = pod.link("eth1").ifindex();

        assertAccepted(request());

        assertThat(pod.link("eth1").ifindex()).isEqualTo(ifindex);
        assertThat(pod.link("eth1").carrier()).isTrue();
    }

    @Test
    void follows_a_remote_that_has_changed() {
        assertAccepted(request());

        assertAccepted(request().put("peer_vtep", "10.99.0.77"));

        assertThat(pod.link("eth1").remote()).isEqualTo("10.99.0.77");
        assertThat(pod.link("eth1").vni()).isEqualTo(5011);
        assertThat(pod.link("eth1").addresses()).containsExactly("12.12.12.1/24");
        assertThat(pod.link("eth1").carrier()).isTrue();
    }

    @Test
    void follows_a_vni_that_has_changed() {
        assertAccepted(request());

        assertAccepted(request().put("vni", 5012));

        assertThat(pod.link("eth1").vni()).isEqualTo(5012);
        assertThat(pod.link("eth1").remote()).isEqualTo("10.99.0.12");
        assertThat(pod.link("eth1").addresses()).containsExactly("12.12.12.1/24");
        assertThat(pod.link("eth1").carrier()).isTrue();
    }

    @Test
    void is_refused_for_a_pod_of_the_topology_that_has_left() {
        LAB.upload(Topology.triangle());
        pod.add().succeeded();
        pod.del().succeeded();

        HttpAnswer answer = assertRefused(request().toString(), 500);

        assertThat(answer.body()).contains("pod1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/var/run", "/run"})
    void is_refused_for_the_interface_of_the_delegate_however_its_namespace_is_spelt(String directory) {
        pod.add().succeeded();
        int ifindex = pod.link("eth0").ifindex();
        String path = pod.netnsPath().replace("/var/run", directory);

        HttpAnswer answer =
                put(request().put("net_ns", path).put("link_name", "eth0").toString());

        assertThat(answer.status()).as("%s", answer).isEqualTo(500);
        assertThat(answer.body()).contains("eth0", "pod1");
        assertThat(pod.link("eth0").ifindex()).isEqualTo(ifindex);
    }

    @Test
    void is_refused_for_the_namespace_of_the_node() {
        assertRefused(
                request().put("net_ns", "/run/netns/" + LAB.node1().netns()).toString(), 500);
    }

    @Test
    void replaces_an_interface_that_is_no_vxlan() {
        pod.ip("link", "add", "eth1", "type", "veth", "peer", "name", "leftover");

        assertAccepted(request());

        assertThat(pod.link("eth1").kind()).isEqualTo("vxlan");
        assertThat(pod.link("eth1").addresses()).containsExactly("12.12.12.1/24");
    }

    @ParameterizedTest
    @CsvSource({"eth1, 5011, waits for its peer", "eth9, 5019, is not in the topology yet"})
    void leaves_an_interface_of_the_pods_own_whose_link(String ifname, int vni, String condition) {
        LAB.upload(Topology.pair());
        pod.add().succeeded();
        pod.ip("link", "add", ifname, "type", "bridge");
        int ifindex = pod.link(ifname).ifindex();

        HttpAnswer answer =
                put(request().put("link_name", ifname).put("vni", vni).toString());

        assertThat(answer.status()).as("%s %s: %s", ifname, condition, answer).isEqualTo(500);
        assertThat(answer.body()).contains("default/pod1", ifname);
        assertThat(pod.link(ifname).kind()).isEqualTo("bridge");
        assertThat(pod.link(ifname).ifindex()).isEqualTo(ifindex);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "vni=5011",
                "{\"net_ns\": ",
                "[]",
                "\"eth1\"",
                "{}",
            })
    void answers_400_to_a_body_that_does_not_decode(String body) {
        assertRefused(body, 400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"net_ns", "link_name", "peer_vtep", "vni"})
    void answers_400_to_a_body_that_lacks_a_field_and_names_it(String field) {
        ObjectNode body = request();
        body.remove(field);

        HttpAnswer answer = assertRefused(body.toString(), 400);

        assertThat(answer.body()).contains(field);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {"vni, \"many\"", "vni, null", "vni, [5011]", "net_ns, 5011", "peer_vtep, {}"})
    void answers_400_to_a_field_of_another_type_and_names_it(String field, String value) {
        ObjectNode body = request();
        body.set(field, Json.parse(value));

        HttpAnswer answer = assertRefused(body.toString(), 400);

        assertThat(answer.body()).contains(field);
    }

    @ParameterizedTest
    @CsvSource({
        "peer_vtep, 10.99.0.300",
        "peer_vtep, localhost",
        "link_ip, 12.12.12.1",
        "link_ip, 12.12.12.1/33",
        "link_name, an-interface-too-long",
        "link_name, eth/1",
        "net_ns, /etc/passwd",
        "net_ns, /run/netns/no-such-namespace",
    })
    void answers_an_error_that_names_the_field_of_a_value_that_cannot_be(String field, String value) {
        HttpAnswer answer = assertRefused(request().put(field, value).toString(), 400, 500);

        assertThat(answer.body()).contains(field);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1 << 24})
    void answers_an_error_to_a_vni_that_cannot_be(int vni) {
        HttpAnswer answer = assertRefused(request().put("vni", vni).toString(), 400, 500);

        assertThat(answer.body()).contains("vni");
    }

    @Test
    void answers_500_to_a_namespace_that_is_not_there() {
        HttpAnswer answer =
                assertRefused(request().put("net_ns", "/run/netns/gone").toString(), 500);

        assertThat(answer.body()).contains("/run/netns/gone");
    }

    @Test
    void leaves_a_link_as_it_is_when_the_request_is_refused() {
        assertAccepted(request());
        ObservedLink before = pod.link("eth1");

        HttpAnswer answer = put(request().put("vni", 1 << 24).toString());

        assertThat(answer.status()).isIn(400, 500);
        assertThat(pod.link("eth1").ifindex()).isEqualTo(before.ifindex());
        assertThat(pod.link("eth1").vni()).isEqualTo(5011);
    }

    @Test
    void agrees_with_the_reconciler_on_a_link_that_both_know() {
        LAB.upload(Topology.pair());
        LAB.etcd().put("/pod2/src_ip", "10.99.0.12");
        LAB.etcd().put("/pod2/net_ns", "/proc/4711/ns/net");
        pod.add().succeeded();
        ObservedLink made = pod.link("eth1");
        assertThat(made.kind()).isEqualTo("vxlan");
        assertThat(made.remote()).isEqualTo("10.99.0.12");

        assertAccepted(request());

        assertThat(pod.link("eth1").ifindex()).isEqualTo(made.ifindex());
        assertThat(pod.link("eth1").mtu()).isEqualTo(made.mtu());
    }

    private ObjectNode request() {
        return Json.object()
                .put("net_ns", pod.netnsPath())
                .put("link_name", "eth1")
                .put("link_ip", "12.12.12.1/24")
                .put("peer_vtep", "10.99.0.12")
                .put("vni", 5011);
    }

    private static HttpAnswer put(String body) {
        return LAB.node1().http("PUT", "/vtep", body);
    }

    private static void assertAccepted(ObjectNode body) {
        assertThat(put(body.toString())).isEqualTo(new HttpAnswer(200, ""));
    }

    /** Makes sure that a request gets one of the statuses and an explanation, and has no effect. */
    private HttpAnswer assertRefused(String body, Integer... statuses) {
        Map<String, ObservedLink> node = LAB.node1().links();

        HttpAnswer answer = put(body);

        assertThat(answer.status()).as("%s", answer).isIn((Object[]) statuses);
        assertThat(answer.body()).isNotBlank();
        assertThat(pod.links()).containsOnlyKeys("lo");
        assertThat(LAB.node1().links().keySet()).isEqualTo(node.keySet());
        return answer;
    }
}
