package io.meshnet.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TopologyCheckTest {

    /** A link as "11 pod1:eth1 pod2:eth1", each end optionally followed by "=address", and at last perhaps an MTU. */
    private static DeclaredLink link(String text) {
        var parts = text.split(" ", 4);
        return new DeclaredLink(
                Integer.parseInt(parts[0]),
                end(parts[1]),
                end(parts[2]),
                parts.length == 4 ? OptionalInt.of(Integer.parseInt(parts[3])) : OptionalInt.empty());
    }

    private static LinkEnd end(String text) {
        var parts = text.split("[:=]", 3);
        return new LinkEnd(
                PodName.of(parts[0]),
                parts[1],
                parts.length == 3 ? Optional.of(Prefix.parse(parts[2])) : Optional.empty());
    }

    private static List<DeclaredLink> links(String... texts) {
        return Stream.of(texts).map(TopologyCheckTest::link).toList();
    }

    private static List<String> check(String... texts) {
        Map<PodName, List<DeclaredLink>> topology = links(texts).stream()
                .collect(Collectors.groupingBy(link -> link.local().pod(), TreeMap::new, Collectors.toList()));
        return TopologyCheck.check(topology).stream().map(Problem::toString).toList();
    }

    private static Optional<String> disagreement(String link, String... peerLinks) {
        return TopologyCheck.disagreement(link(link), links(peerLinks)).map(Problem::toString);
    }

    @Test
    void the_triangle_agrees() {
        assertThat(check(
                        "11 pod1:eth1=12.12.12.1/24 pod2:eth1=12.12.12.2/24",
                        "13 pod1:eth2=13.13.13.1/24 pod3:eth1=13.13.13.3/24",
                        "11 pod2:eth1=12.12.12.2/24 pod1:eth1=12.12.12.1/24",
                        "21 pod2:eth2=23.23.23.2/24 pod3:eth2=23.23.23.3/24",
                        "13 pod3:eth1=13.13.13.3/24 pod1:eth2=13.13.13.1/24",
                        "21 pod3:eth2=23.23.23.3/24 pod2:eth2=23.23.23.2/24"))
                .isEmpty();
    }

    @Test
    void one_declaration_is_enough_whether_the_peer_is_silent_or_has_no_list() {
        assertThat(check("11 pod1:eth1 pod2:eth1")).isEmpty();
        assertThat(check("11 pod1:eth1 pod2:eth1", "21 pod2:eth2 pod3:eth2")).isEmpty();
        assertThat(disagreement("11 pod1:eth1 pod2:eth1")).isEmpty();
        assertThat(disagreement("11 pod1:eth1 pod2:eth1", "21 pod2:eth2 pod3:eth2"))
                .isEmpty();
    }

    @Test
    void an_address_that_only_one_view_states_is_no_disagreement_and_completes_the_other() {
        assertThat(check("11 pod1:eth1=10.0.0.1/24 pod2:eth1", "11 pod2:eth1=10.0.0.2/24 pod1:eth1"))
                .isEmpty();
        assertThat(link("11 pod1:eth1=10.0.0.1/24 pod2:eth1").completedBy(link("11 pod2:eth1=10.0.0.2/24 pod1:eth1")))
                .isEqualTo(link("11 pod1:eth1=10.0.0.1/24 pod2:eth1=10.0.0.2/24"));
    }

    @Test
    void a_peer_that_gives_the_uid_to_another_pod_disagrees() {
        String problem =
                "/pod1/links: link uid 11: peer_pod: \"pod2\", but in /pod2/links: link uid 11: peer_pod is \"pod3\"";
        assertThat(disagreement("11 pod1:eth1 pod2:eth1", "11 pod2:eth1 pod3:eth1"))
                .contains(problem);
        assertThat(check("11 pod1:eth1 pod2:eth1", "11 pod2:eth1 pod3:eth1")).containsExactly(problem);
    }

    @Test
    void a_peer_that_names_another_interface_disagrees_and_is_told_once() {
        assertThat(check("11 pod1:eth1 pod2:eth1", "11 pod2:eth7 pod1:eth1"))
                .containsExactly(
                        "/pod1/links: link uid 11: peer_intf: \"eth1\", but in /pod2/links: link uid 11: local_intf is \"eth7\"");
        assertThat(check("11 pod1:eth1 pod2:eth1", "11 pod2:eth1 pod1:eth7"))
                .containsExactly(
                        "/pod1/links: link uid 11: local_intf: \"eth1\", but in /pod2/links: link uid 11: peer_intf is \"eth7\"");
        assertThat(disagreement("11 pod2:eth7 pod1:eth1", "11 pod1:eth1 pod2:eth1"))
                .contains(
                        "/pod2/links: link uid 11: local_intf: \"eth7\", but in /pod1/links: link uid 11: peer_intf is \"eth1\"");
    }

    @Test
    void a_peer_that_states_another_address_disagrees() {
        assertThat(check(
                        "11 pod1:eth1=10.0.0.1/24 pod2:eth1=10.0.0.2/24",
                        "11 pod2:eth1=10.0.0.9/24 pod1:eth1=10.0.0.1/25"))
                .containsExactly(
                        "/pod1/links: link uid 11: local_ip: \"10.0.0.1/24\", but in /pod2/links: link uid 11: peer_ip is \"10.0.0.1/25\"",
                        "/pod1/links: link uid 11: peer_ip: \"10.0.0.2/24\", but in /pod2/links: link uid 11: local_ip is \"10.0.0.9/24\"");
    }

    @Test
    void addresses_of_two_families_in_two_lists_disagree() {
        assertThat(check("11 pod1:eth1=10.0.0.1/24 pod2:eth1", "11 pod2:eth1=fd00::2/64 pod1:eth1"))
                .containsExactly(
                        "/pod1/links: link uid 11: local_ip: \"10.0.0.1/24\", but in /pod2/links: link uid 11: local_ip is \"fd00::2/64\", of another family");
    }

    @Test
    void an_mtu_that_only_one_view_states_is_no_disagreement_and_completes_the_other() {
        assertThat(check("11 pod1:eth1 pod2:eth1 9000", "11 pod2:eth1 pod1:eth1"))
                .isEmpty();
        assertThat(check("11 pod1:eth1 pod2:eth1 9000", "11 pod2:eth1 pod1:eth1 9000"))
                .isEmpty();
        DeclaredLink with = link("11 pod1:eth1 pod2:eth1 9000");
        DeclaredLink without = link("11 pod1:eth1 pod2:eth1");
        assertThat(without.completedBy(with.mirrored())).isEqualTo(with);
        assertThat(with.completedBy(without.mirrored())).isEqualTo(with);
    }

    @Test
    void a_peer_that_states_another_mtu_disagrees_and_is_told_once() {
        assertThat(check("11 pod1:eth1 pod2:eth1 1400", "11 pod2:eth1 pod1:eth1 1500"))
                .containsExactly("/pod1/links: link uid 11: mtu: 1400, but in /pod2/links: link uid 11: mtu is 1500");
    }

    @Test
    void a_uid_that_two_pairs_of_pods_use_is_told_with_both_keys() {
        assertThat(check("11 pod1:eth1 pod2:eth1", "11 pod3:eth1 pod4:eth1"))
                .containsExactly(
                        "/pod3/links: link uid 11: uid: 11 is the uid of another link, pod1 - pod2 in /pod1/links");
    }

    @Test
    void an_interface_that_its_own_pod_uses_for_another_link_is_told_with_both_keys() {
        String problem =
                "/pod1/links: link uid 11: peer_intf: \"eth1\" of pod2 is an end of another link in /pod2/links: link uid 12";
        assertThat(check("11 pod1:eth1 pod2:eth1", "12 pod2:eth1 pod3:eth1")).containsExactly(problem);
        assertThat(disagreement("11 pod1:eth1 pod2:eth1", "12 pod2:eth1 pod3:eth1"))
                .contains(problem);
        assertThat(disagreement("11 pod1:eth1 pod2:eth1", "12 pod2:eth4 pod2:eth1"))
                .contains(problem);
    }

    @Test
    void a_pods_own_list_has_the_last_word_on_its_own_interfaces() {
        assertThat(disagreement("11 pod1:eth1 pod2:eth1", "11 pod2:eth1 pod1:eth1", "12 pod2:eth5 pod1:eth1"))
                .isEmpty();
        assertThat(disagreement("12 pod2:eth5 pod1:eth1", "11 pod1:eth1 pod2:eth1"))
                .isPresent();
    }

    @Test
    void an_interface_that_two_others_claim_while_its_pod_is_silent_is_told() {
        assertThat(check("11 pod1:eth1 pod2:eth1", "12 pod3:eth1 pod2:eth1"))
                .containsExactly(
                        "/pod3/links: link uid 12: peer_intf: \"eth1\" of pod2 is an end of another link in /pod1/links: link uid 11");
    }

    @Test
    void a_claim_on_an_end_of_anothers_self_loop_is_told_once() {
        assertThat(check("6 pod0:eth1 pod1:eth2", "5 pod1:eth1 pod1:eth2"))
                .containsExactly(
                        "/pod0/links: link uid 6: peer_intf: \"eth2\" of pod1 is an end of another link in /pod1/links: link uid 5");
        assertThat(check("5 pod1:eth1 pod1:eth2", "6 pod2:eth1 pod1:eth2"))
                .containsExactly(
                        "/pod2/links: link uid 6: peer_intf: \"eth2\" of pod1 is an end of another link in /pod1/links: link uid 5");
    }

    @Test
    void a_self_loop_agrees_with_itself() {
        assertThat(check("5 pod1:eth1 pod1:eth2")).isEmpty();
        assertThat(disagreement("5 pod1:eth1 pod1:eth2", "5 pod1:eth1 pod1:eth2"))
                .isEmpty();
    }

    private static TopologyFile file(String text) {
        return TopologyFile.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> problems(String text) {
        return file(text).problems().stream().map(Problem::toString).toList();
    }

    @Test
    void a_file_names_pods_by_name_or_by_key() {
        var file = file("""
                {'/pod1/links': [{'uid':11,'peer_pod':'pod2','local_intf':'eth1','peer_intf':'eth1'}],
                 'pod2': [{'uid':11,'peer_pod':'pod1','local_intf':'eth1','peer_intf':'eth1'}], 'pod3': []}""");
        assertThat(file.problems()).isEmpty();
        assertThat(file.pods())
                .containsExactly(
                        Map.entry(PodName.of("pod1"), links("11 pod1:eth1 pod2:eth1")),
                        Map.entry(PodName.of("pod2"), links("11 pod2:eth1 pod1:eth1")),
                        Map.entry(PodName.of("pod3"), List.of()));
    }

    @Test
    void all_problems_of_a_file_are_told_together() {
        assertThat(problems("""
                {'pod1': [{'uid':11,'peer_pod':'pod2','local_intf':'eth1','peer_intf':'eth1'}],
                 'pod2': [{'uid':11,'peer_pod':'pod1','local_intf':'eth1','peer_intf':'eth9'}],
                 '/pod2/links': [],
                 'pod3': [{'uuid':1,'peer_pod':'pod1','local_intf':'e','peer_intf':'f'}],
                 'pod4': {'links':[]},
                 '/pod5/src_ip': 'x',
                 '': []}"""))
                .containsExactly(
                        "/pod2/links: is in the text twice, as \"pod2\" and as \"/pod2/links\"",
                        "/pod3/links: link 0: uid: is missing; \"uuid\" was probably meant to be \"uid\"",
                        "/pod4/links: is an object, not a JSON array of links",
                        "\"/pod5/src_ip\" is neither the name of a pod nor a key /<pod>/links: pod name \"/pod5/src_ip\" contains a slash",
                        "\"\" is neither the name of a pod nor a key /<pod>/links: pod name is empty",
                        "/pod1/links: link uid 11: local_intf: \"eth1\", but in /pod2/links: link uid 11: peer_intf is \"eth9\"");
    }

    @Test
    void a_file_that_is_no_object_is_said_to_be_none() {
        assertThat(problems("[]")).containsExactly("the text is an array, not a JSON object of pods and their links");
        assertThat(problems("")).containsExactly("the text is empty, not a JSON object of pods and their links");
        assertThat(problems("{'pod1':[]} x"))
                .containsExactly("the text goes on after the end of its JSON value (line 1, column 12)");
        assertThat(problems("{'pod1':[")).singleElement().asString().startsWith("the text is not JSON: ");
    }
}
