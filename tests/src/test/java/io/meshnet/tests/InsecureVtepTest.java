package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.tests.Node.HttpAnswer;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * {@code PUT /vtep} on a node with {@code MESHNET_INSECURE_PEERS=true}: links that no topology has are made, as legacy meshnet does, but
 * in the namespaces of attached pods only, and not in the place of the topology's.
 */
class InsecureVtepTest {
    private static final int FORBIDDEN = 403;

    @RegisterExtension
    static final Lab LAB = new Lab(Map.of("MESHNET_INSECURE_PEERS", "true"));

    private Pod pod;

    @BeforeEach
    void preparePod() {
        pod = LAB.pod("pod1", LAB.node1());
    }

    @Test
    void makes_interface_and_wire() {
        pod.add().succeeded();

        assertAccepted(request());

        ObservedLink link = pod.link("eth1");
        assertThat(link.kind()).isEqualTo("veth");
        assertThat(link.addresses()).containsExactly("12.12.12.1/24");
        assertThat(link.carrier()).isTrue();
        assertThat(port().alias()).startsWith("meshnet eth1 vni/5011/10.99.0.12 12.12.12.1/24 ");
    }

    @Test
    void makes_it_without_an_address_when_none_is_given() {
        pod.add().succeeded();

        assertAccepted(request().put("link_ip", ""));

        assertThat(pod.link("eth1").addresses()).isEmpty();
        assertThat(pod.link("eth1").carrier()).isTrue();
    }

    @Test
    void changes_nothing_when_repeated_or_when_the_daemon_is_restarted() {
        pod.add().succeeded();
        assertAccepted(request());
        Survivors survivors = new Survivors().with(pod, "eth1");
        ObservedLink port = port();

        assertAccepted(request());
        LAB.node1().stop();
        LAB.node1().start();
        assertAccepted(request());

        survivors.assertUntouched();
        assertThat(port().likeness()).isEqualTo(port.likeness());
        assertThat(pod.link("eth1").carrier()).isTrue();
    }

    @Test
    void follows_a_remote_and_a_vni_that_have_changed() {
        pod.add().succeeded();
        assertAccepted(request());
        Survivors survivors = new Survivors().with(pod, "eth1");

        assertAccepted(request().put("peer_vtep", "10.99.0.77"));
        assertThat(port().alias()).contains(" vni/5011/10.99.0.77 ");
        assertAccepted(request().put("vni", 5012));

        assertThat(port().alias()).contains(" vni/5012/10.99.0.12 ");
        assertThat(pod.link("eth1").carrier()).isTrue();
        survivors.assertUntouched();
    }

    @Test
    void refuses_a_namespace_that_no_runtime_attached() {
        HttpAnswer answer = put(request());

        assertThat(answer.status()).as("%s", answer).isEqualTo(FORBIDDEN);
        assertThat(answer.body()).contains(pod.netnsPath());
        assertThat(pod.links()).containsOnlyKeys("lo");
    }

    @Test
    void refuses_an_interface_that_the_topology_has_for_another_link() {
        LAB.upload(Topology.pair());
        pod.add().succeeded();

        HttpAnswer answer = put(request().put("vni", 5012));

        assertThat(answer.status()).as("%s", answer).isEqualTo(FORBIDDEN);
        assertThat(answer.body()).contains("default/pod1", "eth1", "5012");
        assertThat(pod.link("eth1").saysNoCarrier()).isTrue();
    }

    @Test
    void leaves_an_interface_of_the_pods_own_alone() {
        pod.add().succeeded();
        pod.ip("link", "add", "eth1", "type", "bridge");
        int ifindex = pod.link("eth1").ifindex();

        HttpAnswer answer = put(request());

        assertThat(answer.status()).as("%s", answer).isEqualTo(500);
        assertThat(answer.body()).contains("default/pod1", "eth1");
        assertThat(pod.link("eth1").kind()).isEqualTo("bridge");
        assertThat(pod.link("eth1").ifindex()).isEqualTo(ifindex);
    }

    @Test
    void makes_what_goes_with_the_pod() {
        pod.add().succeeded();
        assertAccepted(request());

        pod.del().succeeded();

        LAB.assertReleased(pod);
        LAB.assertNodesClean();
    }

    private ObservedLink port() {
        return LAB.node1().patch().port(pod, "eth1");
    }

    private ObjectNode request() {
        return Json.object()
                .put("net_ns", pod.netnsPath())
                .put("link_name", "eth1")
                .put("link_ip", "12.12.12.1/24")
                .put("peer_vtep", "10.99.0.12")
                .put("vni", 5011);
    }

    private static HttpAnswer put(ObjectNode body) {
        return LAB.node1().http("PUT", "/vtep", body.toString());
    }

    private static void assertAccepted(ObjectNode body) {
        assertThat(put(body)).isEqualTo(new HttpAnswer(200, ""));
    }
}
