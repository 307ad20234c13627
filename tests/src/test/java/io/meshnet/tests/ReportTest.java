package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static io.meshnet.tests.Topology.end;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshnet.tests.Node.HttpAnswer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the daemon tells of links and pods: what should be, what the kernel has, and for everything that is not in place why and since
 * when. The log has it once for every change, however often a link is tried; and a link that cannot be made disturbs no other.
 */
class ReportTest {
    @RegisterExtension
    static final Lab LAB = new Lab();

    @ParameterizedTest
    @CsvSource({"pod1, eth1, 11, pod2, eth1", "pod1, eth2, 13, pod3, eth1", "pod3, eth2, 21, pod2, eth2"})
    void has_of_a_link_in_place_what_should_be_and_what_is(
            String name, String ifname, int uid, String peer, String peerIfname) {
        LAB.upload(Topology.triangle().mtu(13, 1400));
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());
        Pod pod = Map.of("pod1", pod1, "pod2", pod2, "pod3", pod3).get(name);
        eventually(() -> assertThat(link(pod, ifname).path("state").asText()).isEqualTo("in place"));
        eventually(() ->
                assertThat(link(pod, ifname).at("/in_pod/carrier").asBoolean()).isTrue());
        ObservedLink seen = pod.link(ifname);

        JsonNode link = link(pod, ifname);

        assertThat(link.path("uid").asInt()).isEqualTo(uid);
        assertThat(link.path("pod").asText()).isEqualTo("default/" + name);
        assertThat(link.path("peer_pod").asText()).isEqualTo("default/" + peer);
        assertThat(link.path("peer_interface").asText()).isEqualTo(peerIfname);
        assertThat(link.path("reason").asText()).isEmpty();
        assertThat(since(link)).isBeforeOrEqualTo(Instant.now());
        int mtu = uid == 13 ? 1400 : 1450;
        JsonNode desired = link.path("desired");
        assertThat(desired.path("wire").asText()).isEqualTo(uid == 11 ? "local" : "tunnel");
        assertThat(desired.path("to").asText()).isEqualTo(uid == 11 ? "default/pod2:eth1" : "");
        assertThat(desired.path("vni").asInt()).isEqualTo(uid == 11 ? 0 : 5000 + uid);
        Node there = pod.node() == LAB.node1() ? LAB.node2() : LAB.node1();
        assertThat(desired.path("remote").asText()).isEqualTo(uid == 11 ? "" : there.address());
        assertThat(desired.path("mtu").asInt()).isEqualTo(mtu);
        assertThat(texts(desired.path("addresses"))).isEqualTo(seen.addresses());
        JsonNode observed = link.path("observed");
        assertThat(observed.path("port").asInt()).isEqualTo(seen.peer());
        assertThat(observed.path("wire").asText())
                .isEqualTo(
                        uid == 11
                                ? "port " + pod2.link("eth1").peer()
                                : "VNI " + (5000 + uid) + " to " + there.address());
        assertThat(observed.path("too_big").asLong(-1)).isZero();
        assertThat(observed.path("wrong_sender").asLong(-1)).isEqualTo(uid == 11 ? -1 : 0);
        JsonNode inPod = link.path("in_pod");
        assertThat(inPod.path("name").asText()).isEqualTo(ifname);
        assertThat(inPod.path("ifindex").asInt()).isEqualTo(seen.ifindex());
        assertThat(inPod.path("mac").asText()).isEqualTo(seen.mac());
        assertThat(inPod.path("up").asBoolean()).isTrue();
        assertThat(inPod.path("mtu").asInt()).isEqualTo(mtu);
        assertThat(texts(inPod.path("addresses"))).containsAll(seen.addresses());
    }

    @Test
    void shows_what_a_pod_did_to_its_interface_and_judges_it_not() {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());
        added("pod2", LAB.node1());
        awaitState(pod1, "eth1", "in place");

        pod1.ip("link", "set", "eth1", "name", "other", "mtu", "1300", "down");
        pod1.ip("address", "flush", "dev", "other");

        JsonNode link = link(pod1, "eth1");
        assertThat(link.path("state").asText()).isEqualTo("in place");
        assertThat(link.at("/desired/mtu").asInt()).isEqualTo(1450);
        JsonNode inPod = link.path("in_pod");
        assertThat(inPod.path("name").asText()).isEqualTo("other");
        assertThat(inPod.path("mtu").asInt()).isEqualTo(1300);
        assertThat(inPod.path("up").asBoolean()).isFalse();
        assertThat(inPod.path("carrier").asBoolean()).isFalse();
        assertThat(texts(inPod.path("addresses"))).isEmpty();
    }

    @Test
    void is_of_one_pod_or_of_all_of_the_node() {
        LAB.upload(Topology.triangle());
        Pod pod1 = added("pod1", LAB.node1());
        added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());

        eventually(() -> assertThat(links(LAB.node1(), "")).hasSize(4));
        assertThat(links(LAB.node1(), "?pod=pod1"))
                .hasSize(2)
                .allSatisfy(link -> assertThat(link.path("pod").asText()).isEqualTo("default/pod1"));
        assertThat(links(LAB.node1(), "?pod=default/pod1")).hasSize(2);
        assertThat(links(LAB.node1(), "?pod=pod3")).isEmpty();
        assertThat(links(LAB.node2(), "?pod=pod3")).hasSize(2);
        assertThat(links(LAB.node1(), "?pod=nobody")).isEmpty();

        eventually(() ->
                assertThat(pod(LAB.node1(), "pod3").path("alive").asBoolean()).isTrue());
        JsonNode here = pod(LAB.node1(), "pod1");
        assertThat(here.path("here").asBoolean()).isTrue();
        assertThat(here.path("declaration").asText()).isEqualTo("links");
        assertThat(here.path("links").asInt()).isEqualTo(2);
        assertThat(here.path("reason").asText()).isEmpty();
        assertThat(here.at("/placement/net_ns").asText()).isEqualTo(pod1.netnsPath());
        JsonNode there = pod(LAB.node1(), "pod3");
        assertThat(there.path("here").asBoolean()).isFalse();
        assertThat(there.at("/placement/node").asText()).isEqualTo("node2");
        assertThat(there.at("/placement/vtep").asText()).isEqualTo(LAB.node2().address());
        assertThat(there.at("/placement/container_id").asText()).isEqualTo(pod3.containerId());
    }

    @Test
    void says_for_whom_a_link_waits() {
        LAB.upload(Topology.pair());
        Pod pod1 = added("pod1", LAB.node1());

        JsonNode link = awaitState(pod1, "eth1", "waiting");

        assertThat(link.path("reason").asText()).contains("default/pod2", "not running");
        assertThat(link.at("/desired/wire").isNull()).isTrue();
        assertThat(link.at("/observed/wire").isNull()).isTrue();
        assertThat(link.at("/observed/port").asInt())
                .isEqualTo(pod1.link("eth1").peer());
        assertThat(link.at("/in_pod/up").asBoolean()).isTrue();
        assertThat(link.at("/in_pod/carrier").asBoolean()).isFalse();
        assertThat(pod(LAB.node1(), "pod2").path("alive").asBoolean()).isFalse();
        assertThat(pod(LAB.node1(), "pod2").path("reason").asText()).contains("not placed");
        assertThat(pod(LAB.node1(), "pod2").path("placement").isNull()).isTrue();
        added("pod2", LAB.node2());
        JsonNode later = awaitState(pod1, "eth1", "in place");
        assertThat(since(later)).isAfter(since(link));
    }

    @Test
    void says_where_the_two_declarations_of_a_link_disagree() {
        LAB.upload(Topology.triangle());
        Pod pod1 = added("pod1", LAB.node1());
        added("pod2", LAB.node1());
        added("pod3", LAB.node2());
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        Survivors survivors = new Survivors().with(pod1, "eth1", "eth2");

        LAB.etcd()
                .put(
                        "/pod2/links",
                        new Topology()
                                .link(11, end("pod2", "eth1", "12.12.12.9/24"), end("pod1", "eth1", "12.12.12.1/24"))
                                .keys()
                                .get("/pod2/links"));

        JsonNode link = awaitState(pod1, "eth1", "disputed");
        assertThat(link.path("reason").asText()).contains("/pod1/links", "/pod2/links", "12.12.12.2", "12.12.12.9");
        assertThat(link(pod1, "eth2").path("state").asText()).isEqualTo("in place");
        survivors.assertUntouched();
    }

    @Test
    void says_of_a_pod_that_its_list_of_links_is_broken_and_its_links_stay() {
        LAB.upload(Topology.triangle());
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());
        eventually(() -> assertThat(pod1.pings("13.13.13.3")).isTrue());
        eventually(() -> assertThat(pod2.pings("23.23.23.3")).isTrue());
        Survivors survivors = new Survivors().with(pod1, "eth1", "eth2").with(pod2, "eth2");

        LAB.etcd().put("/pod1/links", "[{\"uid\": \"many\"}]");

        for (Node node : LAB.nodes()) {
            eventually(() ->
                    assertThat(pod(node, "pod1").path("declaration").asText()).isEqualTo("broken"));
            assertThat(pod(node, "pod1").path("reason").asText()).contains("broken", "uid");
            assertThat(pod(node, "pod2").path("declaration").asText()).isEqualTo("links");
        }
        LAB.etcd().put("/pod1/links", Topology.triangle().keys().get("/pod1/links"));
        awaitState(pod1, "eth1", "in place");
        awaitState(pod1, "eth2", "in place");
        awaitState(pod3, "eth1", "in place");
        survivors.assertUntouched();
    }

    /** IPv6 takes an MTU of 1280 bytes, which the topology need not know. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void says_what_the_kernel_refused_of_one_link_while_the_others_are_in_place(boolean apart) {
        Pod pod1 = added("pod1", LAB.node1());
        added("pod2", apart ? LAB.node2() : LAB.node1());

        LAB.upload(new Topology()
                .link(44, end("pod1", "eth1", "10.44.0.1/24"), end("pod2", "eth1", "10.44.0.2/24"))
                .link(45, end("pod1", "eth2", "fd00:45::1/64"), end("pod2", "eth2", "fd00:45::2/64"))
                .link(46, end("pod1", "eth3", "10.46.0.1/24"), end("pod2", "eth3", "10.46.0.2/24"))
                .mtu(45, 1000));

        JsonNode refused = awaitState(pod1, "eth2", "failed");

        assertThat(refused.path("reason").asText()).contains("enable IPv6 on", "eth2 in " + pod1.netnsPath());
        awaitState(pod1, "eth1", "in place");
        awaitState(pod1, "eth3", "in place");
        eventually(() -> assertThat(pod1.pings("10.44.0.2")).isTrue());
        eventually(() -> assertThat(pod1.pings("10.46.0.2")).isTrue());
    }

    @ParameterizedTest
    @CsvSource({"true, tunnel", "false, local"})
    void names_what_is_in_the_way_once_while_the_link_is_tried_again_and_again(boolean apart, String wire) {
        LAB.upload(new Topology().link(41, end("pod1", "good", "10.41.0.1/24"), end("pod3", "good", "10.41.0.3/24")));
        Pod pod1 = added("pod1", LAB.node1());
        Pod pod2 = added("pod2", apart ? LAB.node2() : LAB.node1());
        Pod pod3 = added("pod3", LAB.node2());
        eventually(() -> assertThat(pod1.pings("10.41.0.3")).isTrue());
        Survivors survivors = new Survivors().with(pod1, "good").with(pod3, "good");
        int read = LAB.node1().log().length();
        pod1.ip("link", "add", "taken", "type", "bridge");

        LAB.upload(new Topology()
                .link(41, end("pod1", "good", "10.41.0.1/24"), end("pod3", "good", "10.41.0.3/24"))
                .link(42, end("pod1", "taken", "10.42.0.1/24"), end("pod2", "taken", "10.42.0.2/24"))
                .link(43, end("pod1", "later", "10.43.0.1/24"), end("pod3", "later", "10.43.0.3/24")));

        JsonNode failed = awaitState(pod1, "taken", "failed");
        assertThat(failed.path("reason").asText()).contains("default/pod1", "taken");
        assertThat(failed.at("/desired/wire").asText()).isEqualTo(wire);
        assertThat(failed.at("/observed/port").isNull()).isTrue();
        assertThat(failed.path("in_pod").isNull()).isTrue();
        eventually(() -> assertThat(pod1.pings("10.43.0.3")).isTrue());
        eventually(() ->
                assertThat(logged(LAB.node1(), read, "link 42 ", " failed: ")).isEqualTo(1));
        for (int attempt = 0; attempt < 5; attempt++) {
            assertThat(attemptBy(pod1, "taken", 5042).status()).isEqualTo(500);
        }
        JsonNode stillFailed = link(pod1, "taken");
        assertThat(stillFailed.path("state").asText()).isEqualTo("failed");
        assertThat(stillFailed.path("reason")).isEqualTo(failed.path("reason"));
        assertThat(since(stillFailed))
                .as(() -> LAB.node1().log().substring(read))
                .isEqualTo(since(failed));
        assertThat(logged(LAB.node1(), read, "link 42 ", " failed: ")).isEqualTo(1);
        survivors.assertUntouched();

        pod1.ip("link", "delete", "taken");

        JsonNode mended = awaitState(pod1, "taken", "in place");
        assertThat(since(mended)).isAfter(since(failed));
        eventually(() -> assertThat(pod2.pings("10.42.0.1")).isTrue());
        assertThat(attemptBy(pod2, "taken", 5042).status()).isEqualTo(200);
        int views = apart ? 1 : 2; // each of its pods that runs on the node has one of it
        assertThat(logged(LAB.node1(), read, "link 42 ", " is in place")).isEqualTo(views);
        survivors.assertUntouched();
    }

    /** Asks for an end of a link as a peer does, which has it tried at once. */
    private static HttpAnswer attemptBy(Pod pod, String ifname, int vni) {
        return pod.node()
                .http(
                        "PUT",
                        "/vtep",
                        Json.object()
                                .put("net_ns", pod.netnsPath())
                                .put("link_name", ifname)
                                .put("link_ip", "")
                                .put("peer_vtep", LAB.node2().address())
                                .put("vni", vni)
                                .toString());
    }

    private static JsonNode awaitState(Pod pod, String ifname, String state) {
        eventually(() ->
                assertThat(link(pod, ifname).path("state").asText()).as(ifname).isEqualTo(state));
        return link(pod, ifname);
    }

    private static JsonNode link(Pod pod, String ifname) {
        return links(pod.node(), "?pod=" + pod.name()).stream()
                .filter(link -> link.path("interface").asText().equals(ifname))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no word of " + ifname + " of " + pod.name()));
    }

    private static JsonNode pod(Node node, String name) {
        List<JsonNode> pods = list(node, "pods", "?pod=" + name);
        assertThat(pods).hasSize(1);
        return pods.getFirst();
    }

    private static List<JsonNode> links(Node node, String query) {
        return list(node, "links", query);
    }

    private static List<JsonNode> list(Node node, String what, String query) {
        HttpAnswer answer = node.http("GET", "/v1/" + what + query, "");
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        JsonNode json = Json.parse(answer.body());
        assertThat(json.path("node").asText()).isEqualTo(node.name());
        assertThat(json.path(what).isArray()).isTrue();
        return elements(json.path(what));
    }

    private static Instant since(JsonNode link) {
        return Instant.parse(link.path("since").asText());
    }

    private static List<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }

    private static List<String> texts(JsonNode array) {
        return elements(array).stream().map(JsonNode::asText).toList();
    }

    /** How often the daemon said that of a link in what it logged after the first characters. */
    private static long logged(Node node, int from, String link, String what) {
        return node.log()
                .substring(from)
                .lines()
                .map(line -> Json.parse(line).path("message").asText())
                .filter(message -> message.startsWith(link) && message.contains(what))
                .count();
    }

    private static Pod added(String name, Node node) {
        Pod pod = LAB.pod(name, node);
        pod.add().succeeded();
        return pod;
    }
}
