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

/**
 * {@code PUT /vtep}, by which nodes announce their end of a link. It is a reason to look, and the topology decides: what is asked for is
 * made where the topology has it, and is refused with the reason elsewhere.
 */
class VtepTest {
    private static final int FORBIDDEN = 403;

    @RegisterExtension
    static final Lab LAB = new Lab();

    private Pod pod;

    @BeforeEach
    void preparePod() {
        pod = LAB.pod("pod1", LAB.node1());
    }

    @Test
    void is_answered_once_the_wire_is_there() {
        addWithPeer();

        assertAccepted(request());

        assertThat(LAB.node1().wireOf(pod, "eth1")).isEqualTo("VNI 5011 to 10.99.0.12");
        assertThat(pod.link("eth1").kind()).isEqualTo("veth");
        assertThat(pod.link("eth1").addresses()).containsExactly("12.12.12.1/24");
        assertThat(pod.link("eth1").carrier()).isTrue();
    }

    @Test
    void changes_nothing_when_repeated() {
        addWithPeer();
        assertAccepted(request());
        Survivors survivors = new Survivors().with(pod, "eth1");
        ObservedLink port = LAB.node1().patch().port(pod, "eth1");

        assertAccepted(request());

        survivors.assertUntouched();
        assertThat(LAB.node1().patch().port(pod, "eth1").likeness()).isEqualTo(port.likeness());
        assertThat(pod.link("eth1").carrier()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"peer_vtep, 10.99.0.77", "link_ip, 192.0.2.1/24"})
    void has_its_end_made_as_the_topology_says_whatever_it_says_itself(String field, String value) {
        addWithPeer();

        assertAccepted(request().put(field, value));

        assertThat(LAB.node1().wireOf(pod, "eth1")).isEqualTo("VNI 5011 to 10.99.0.12");
        assertThat(pod.link("eth1").addresses()).containsExactly("12.12.12.1/24");
    }

    @Test
    void is_answered_with_the_reason_while_the_link_is_not_in_place() {
        LAB.upload(Topology.pair());
        pod.add().succeeded();

        HttpAnswer answer = put(request().toString());

        assertThat(answer.status()).as("%s", answer).isEqualTo(500);
        assertThat(answer.body()).contains("link 11", "default/pod2", "not running");
        assertThat(pod.link("eth1").saysNoCarrier()).isTrue();
    }

    @Test
    void is_refused_for_a_pod_of_the_topology_that_has_left() {
        LAB.upload(Topology.triangle());
        pod.add().succeeded();
        pod.del().succeeded();

        assertThat(assertRefused(request().toString(), FORBIDDEN).body()).contains(pod.netnsPath());
    }

    @Test
    void is_refused_for_a_namespace_that_no_runtime_attached() {
        LAB.upload(Topology.pair());

        assertThat(assertRefused(request().toString(), FORBIDDEN).body()).contains(pod.netnsPath());
    }

    @ParameterizedTest
    @CsvSource({"eth1, 5012", "eth9, 5011", "eth9, 5019", "eth2, 5011"})
    void is_refused_for_a_link_that_the_topology_does_not_have(String ifname, int vni) {
        addWithPeer();
        Map<String, ObservedLink> before = pod.links();

        HttpAnswer answer =
                put(request().put("link_name", ifname).put("vni", vni).toString());

        assertThat(answer.status()).as("%s", answer).isEqualTo(FORBIDDEN);
        assertThat(answer.body()).contains("default/pod1", ifname, Integer.toString(vni));
        assertThat(pod.links().keySet()).isEqualTo(before.keySet());
        assertThat(LAB.node1().patch().served()).containsExactly("pod1:eth1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/var/run", "/run"})
    void is_refused_for_the_interface_of_the_delegate_however_its_namespace_is_spelt(String directory) {
        pod.add().succeeded();
        int ifindex = pod.link("eth0").ifindex();
        String path = pod.netnsPath().replace("/var/run", directory);

        HttpAnswer answer =
                put(request().put("net_ns", path).put("link_name", "eth0").toString());

        assertThat(answer.status()).as("%s", answer).isEqualTo(FORBIDDEN);
        assertThat(answer.body()).contains("eth0", "pod1");
        assertThat(pod.link("eth0").ifindex()).isEqualTo(ifindex);
    }

    @Test
    void is_refused_for_the_namespace_of_the_node_and_its_patch_namespace() {
        addWithPeer();
        Map<String, ObservedLink> links = LAB.node1().links();
        Map<String, ObservedLink> ports = LAB.node1().patch().links();

        for (String netns : new String[] {
            "/run/netns/" + LAB.node1().netns(), LAB.node1().patch().path().toString()
        }) {
            assertThat(put(request().put("net_ns", netns).toString()).status()).isEqualTo(FORBIDDEN);
        }

        assertThat(LAB.node1().links().keySet()).isEqualTo(links.keySet());
        assertThat(LAB.node1().patch().links().keySet()).isEqualTo(ports.keySet());
    }

    @Test
    void leaves_an_interface_of_the_pods_own_that_is_in_the_way() {
        LAB.upload(new Topology().link(12, Topology.end("pod1", "eth2", ""), Topology.end("pod3", "eth1", "")));
        pod.add().succeeded();
        pod.obstruct("eth2");
        int ifindex = pod.link("eth2").ifindex();
        placePeer("pod3");

        HttpAnswer answer =
                put(request().put("link_name", "eth2").put("vni", 5012).toString());

        assertThat(answer.status()).as("%s", answer).isEqualTo(500);
        assertThat(answer.body()).contains("default/pod1", "eth2");
        assertThat(pod.link("eth2").kind()).isEqualTo("bridge");
        assertThat(pod.link("eth2").ifindex()).isEqualTo(ifindex);
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
        HttpAnswer answer = assertRefused(request().put(field, value).toString(), 400, FORBIDDEN);

        assertThat(answer.body()).contains(field);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1 << 24})
    void answers_an_error_to_a_vni_that_cannot_be(int vni) {
        HttpAnswer answer = assertRefused(request().put("vni", vni).toString(), 400);

        assertThat(answer.body()).contains("vni");
    }

    @Test
    void leaves_a_link_as_it_is_when_the_request_is_refused() {
        addWithPeer();
        assertAccepted(request());
        ObservedLink before = pod.link("eth1");

        HttpAnswer answer = put(request().put("vni", 1 << 24).toString());

        assertThat(answer.status()).isEqualTo(400);
        assertThat(pod.link("eth1").likeness()).isEqualTo(before.likeness());
        assertThat(LAB.node1().wireOf(pod, "eth1")).isEqualTo("VNI 5011 to 10.99.0.12");
    }

    /** Adds the pod, with a link to one that runs elsewhere. */
    private void addWithPeer() {
        LAB.upload(Topology.pair());
        placePeer("pod2");
        pod.add().succeeded();
    }

    /** Says that a pod runs on the other node, as legacy meshnet says it. */
    private static void placePeer(String name) {
        LAB.etcd().put("/" + name + "/src_ip", "10.99.0.12");
        LAB.etcd().put("/" + name + "/net_ns", "/proc/4711/ns/net");
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

    /** Makes sure that a request for a pod that is not attached gets one of the statuses and an explanation, and has no effect. */
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
