package io.meshnet.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopologyJsonTest {
    private static final PodName POD2 = PodName.of("pod2");
    private static final String SEED = """
            [ {  "uid":            21,
                 "peer_pod":     "pod3",
                 "local_intf":   "eth2",
                 "local_ip":     "23.23.23.2/24",
                 "peer_intf":    "eth2",
                 "peer_ip":      "23.23.23.3/24" }]
            """;
    private static final DeclaredLink SEED_LINK =
            new DeclaredLink(21, end("pod2", "eth2", "23.23.23.2/24"), end("pod3", "eth2", "23.23.23.3/24"));

    private static LinkEnd end(String pod, String ifname, String address) {
        return new LinkEnd(
                PodName.of(pod),
                ifname,
                Optional.of(address).filter(text -> !text.isEmpty()).map(Prefix::parse));
    }

    /** JSON with single quotes for double ones. */
    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static List<String> problems(String json) {
        return catchThrowableOfType(TopologyException.class, () -> TopologyJson.parse(POD2, json)).problems().stream()
                .map(Problem::toString)
                .toList();
    }

    @Test
    void the_list_of_the_seed_is_read() throws TopologyException {
        assertThat(TopologyJson.parse(POD2, SEED)).containsExactly(SEED_LINK);
    }

    @Test
    void what_is_written_is_read_as_it_was() throws TopologyException {
        var links = List.of(
                SEED_LINK,
                new DeclaredLink(22, end("pod2", "eth3", ""), end("pod4", "e", "fd00::1/64")),
                new DeclaredLink(23, end("pod2", "eth4", "10.0.0.1/31"), end("pod2", "eth5", "10.0.0.0/31")),
                new DeclaredLink(24, end("pod2", "eth6", ""), end("pod4", "f", ""), OptionalInt.of(9000)));
        assertThat(TopologyJson.parse(POD2, TopologyJson.write(links))).isEqualTo(links);
        assertThat(TopologyJson.write(links.subList(1, 2)))
                .isEqualTo(json(
                        "[{'uid':22,'peer_pod':'pod4','local_intf':'eth3','peer_intf':'e','peer_ip':'fd00::1/64'}]"));
        assertThat(TopologyJson.write(links.subList(3, 4)))
                .isEqualTo(json("[{'uid':24,'peer_pod':'pod4','local_intf':'eth6','peer_intf':'f','mtu':9000}]"));
        assertThat(TopologyJson.parse(POD2, TopologyJson.write(List.of()))).isEmpty();
    }

    @Test
    void names_match_in_any_case_and_unknown_ones_are_ignored() throws TopologyException {
        String json = json("""
                [{'UID':21,'Peer_Pod':'pod3','LOCAL_INTF':'eth2','local_ip':'23.23.23.2/24','peer_intf':'eth2','peer_ip':'23.23.23.3/24',
                  'uuid':'x','mut':9000,'nested':{'uid':1,'a':[1,{'b':2}]},'again':1,'again':2}]""");
        assertThat(TopologyJson.parse(POD2, json)).containsExactly(SEED_LINK);
    }

    @Test
    void an_address_may_be_missing_or_null_or_empty() throws TopologyException {
        String json = json("""
                [{'uid':1,'peer_pod':'pod3','local_intf':'a','peer_intf':'a'},
                 {'uid':2,'peer_pod':'pod3','local_intf':'b','peer_intf':'b','local_ip':null,'peer_ip':''},
                 {'uid':3,'peer_pod':'pod3','local_intf':'c','peer_intf':'c','local_ip':'','peer_ip':'10.0.0.1/8'}]""");
        assertThat(TopologyJson.parse(POD2, json))
                .containsExactly(
                        new DeclaredLink(1, end("pod2", "a", ""), end("pod3", "a", "")),
                        new DeclaredLink(2, end("pod2", "b", ""), end("pod3", "b", "")),
                        new DeclaredLink(3, end("pod2", "c", ""), end("pod3", "c", "10.0.0.1/8")));
    }

    @Test
    void an_mtu_may_be_missing_or_null_and_is_otherwise_what_ethernet_can_have() throws TopologyException {
        String json = json("""
                [{'uid':1,'peer_pod':'pod3','local_intf':'a','peer_intf':'a','mtu':null},
                 {'uid':2,'peer_pod':'pod3','local_intf':'b','peer_intf':'b','mtu':68},
                 {'uid':3,'peer_pod':'pod3','local_intf':'c','peer_intf':'c','MTU':65535}]""");
        assertThat(TopologyJson.parse(POD2, json))
                .extracting(DeclaredLink::mtu)
                .containsExactly(OptionalInt.empty(), OptionalInt.of(68), OptionalInt.of(65535));
    }

    @Test
    void the_mtu_of_a_self_loop_may_be_stated_at_either_end() throws TopologyException {
        String json = json("""
                [{'uid':5,'peer_pod':'pod2','local_intf':'eth1','peer_intf':'eth2'},
                 {'uid':5,'peer_pod':'pod2','local_intf':'eth2','peer_intf':'eth1','mtu':9000}]""");
        assertThat(TopologyJson.parse(POD2, json))
                .containsExactly(
                        new DeclaredLink(5, end("pod2", "eth1", ""), end("pod2", "eth2", ""), OptionalInt.of(9000)));
    }

    @Test
    void a_self_loop_that_is_listed_from_both_ends_is_one_link() throws TopologyException {
        String json = json("""
                [{'uid':5,'peer_pod':'pod2','local_intf':'eth1','peer_intf':'eth2','local_ip':'10.0.0.1/24'},
                 {'uid':5,'peer_pod':'pod2','local_intf':'eth2','peer_intf':'eth1','local_ip':'10.0.0.2/24','peer_ip':'10.0.0.1/24'}]""");
        assertThat(TopologyJson.parse(POD2, json))
                .containsExactly(
                        new DeclaredLink(5, end("pod2", "eth1", "10.0.0.1/24"), end("pod2", "eth2", "10.0.0.2/24")));
    }

    @Test
    void a_self_loop_that_is_listed_from_one_end_is_one_link_too() throws TopologyException {
        String json = json("[{'uid':5,'peer_pod':'pod2','local_intf':'eth1','peer_intf':'eth2'}]");
        assertThat(TopologyJson.parse(POD2, json))
                .containsExactly(new DeclaredLink(5, end("pod2", "eth1", ""), end("pod2", "eth2", "")));
    }

    private static final String GOOD = "'uid':21,'peer_pod':'pod3','local_intf':'eth2','peer_intf':'eth2'";

    /** A list of one link, the good one with one member more or, where it is there already, another value. */
    private static Arguments with(String name, String value, String problem) {
        String link = GOOD.contains("'" + name + "'")
                ? GOOD.replaceAll(
                        "'" + name + "':('[^']*'|[0-9]+)", Matcher.quoteReplacement("'" + name + "':" + value))
                : GOOD + ",'" + name + "':" + value;
        String uid = name.equals("uid") ? "" : " (uid 21)";
        return Arguments.of("[{" + link + "}]", "/pod2/links: link 0" + uid + ": " + name + ": " + problem);
    }

    private static Arguments without(String name, String instead, String problem) {
        String link = GOOD.replaceAll("'" + name + "':('[^']*'|[0-9]+),?", "").replaceAll(",$", "");
        String uid = name.equals("uid") ? "" : " (uid 21)";
        return Arguments.of("[{" + link + instead + "}]", "/pod2/links: link 0" + uid + ": " + name + ": " + problem);
    }

    private static Arguments list(String json, String problem) {
        return Arguments.of(json, "/pod2/links: " + problem);
    }

    static Stream<Arguments> badInputs() {
        String range = " is out of the range 1 to 16772215 (the VNI is 5000 + uid and has 24 bits)";
        return Stream.of(
                list("", "is empty, not a JSON array of links"),
                list("  \n", "is empty, not a JSON array of links"),
                list("null", "is null, not a JSON array of links"),
                list("{}", "is an object, not a JSON array of links"),
                list("'x'", "is \"x\", not a JSON array of links"),
                list("5", "is 5, not a JSON array of links"),
                list("[] []", "goes on after the end of its JSON value (line 1, column 3)"),
                list("[]]", "goes on after the end of its JSON value (line 1, column 3)"),
                list("[] garbage", "goes on after the end of its JSON value (line 1, column 3)"),
                list("[1]", "link 0: is 1, not an object"),
                list("[null]", "link 0: is null, not an object"),
                list("[[{}]]", "link 0: is an array, not an object"),
                with("uid", "0", "0" + range),
                with("uid", "-3", "-3" + range),
                with("uid", "16772216", "16772216" + range),
                with("uid", "99999999999999999999999", "99999999999999999999999" + range),
                with("uid", "21.0", "21.0 is not an integer"),
                with("uid", "1e3", "1e3 is not an integer"),
                with("uid", "'21'", "\"21\" is not an integer"),
                with("uid", "true", "true is not an integer"),
                with("uid", "[21]", "an array is not an integer"),
                with("uid", "null", "is missing"),
                without("uid", "", "is missing"),
                without("uid", ",'uuid':21", "is missing; \"uuid\" was probably meant to be \"uid\""),
                without("uid", ",'UUID':21", "is missing; \"uuid\" was probably meant to be \"uid\""),
                without("peer_pod", "", "is missing"),
                without("local_intf", "", "is missing"),
                without("peer_intf", "", "is missing"),
                with("peer_pod", "''", "is empty"),
                with("peer_pod", "null", "is missing"),
                with("peer_pod", "3", "3 is not a string"),
                with("peer_pod", "{'name':'pod3'}", "an object is not a string"),
                with("peer_pod", "'default/pod3'", "pod name \"default/pod3\" contains a slash"),
                with("peer_pod", "'pod3 '", "pod name \"pod3 \" contains white space or a control character"),
                with("local_intf", "''", "is empty"),
                with("local_intf", "7", "7 is not a string"),
                with("local_intf", "'abcdefghijklmnop'", "\"abcdefghijklmnop\" is 16 bytes long, the kernel allows 15"),
                with("local_intf", "'eth/1'", "\"eth/1\" contains '/'"),
                with("local_intf", "'eth 1'", "\"eth 1\" contains white space"),
                with("local_intf", "'.'", "\".\" is not a name that the kernel allows"),
                with("local_intf", "'..'", "\"..\" is not a name that the kernel allows"),
                with("local_intf", "'lo'", "\"lo\" is a name that every network namespace has for itself"),
                with("peer_intf", "'lo'", "\"lo\" is a name that every network namespace has for itself"),
                with("peer_intf", "'a:b'", "\"a:b\" contains ':'"),
                with("peer_intf", "'a\\u0000b'", "\"a\\u0000b\" contains U+0000, which is not printable ASCII"),
                with("local_ip", "'23.23.23.2/240'", "\"23.23.23.2/240\" is not a CIDR address: prefix length over 32"),
                with(
                        "local_ip",
                        "'23.23.23.2'",
                        "\"23.23.23.2\" is not a CIDR address: no prefix length, as in 192.0.2.1/24"),
                with("peer_ip", "'pod3/24'", "\"pod3/24\" is not a CIDR address: \"pod3\" is not a numeric IP address"),
                with("peer_ip", "24", "24 is not a string"),
                with("peer_ip", "'224.0.0.5/24'", "\"224.0.0.5/24\" is not an address that an interface can have"),
                with("local_ip", "'::/64'", "\"::/64\" is not an address that an interface can have"),
                with(
                        "peer_ip",
                        "'fd00::3/64','local_ip':'10.0.0.1/24'",
                        "fd00::3/64 is of another address family than local_ip 10.0.0.1/24"),
                with("mtu", "67", "67 is out of the range 68 to 65535"),
                with("mtu", "65536", "65536 is out of the range 68 to 65535"),
                with("mtu", "0", "0 is out of the range 68 to 65535"),
                with("mtu", "-1500", "-1500 is out of the range 68 to 65535"),
                with("mtu", "99999999999", "99999999999 is out of the range 68 to 65535"),
                with("mtu", "1500.0", "1500.0 is not an integer"),
                with("mtu", "'1500'", "\"1500\" is not an integer"),
                with("mtu", "''", "\"\" is not an integer"),
                with("mtu", "{}", "an object is not an integer"),
                with("mtu", "1500,'Mtu':1500", "is given twice, first as \"mtu\" and then as \"Mtu\""),
                Arguments.of(
                        "[{'uid':21,'peer_pod':'pod2','local_intf':'eth2','peer_intf':'eth2'}]",
                        "/pod2/links: link 0 (uid 21): peer_intf: \"eth2\" of this same pod is the link's own local_intf"),
                Arguments.of(
                        "[{" + GOOD + ",'uid':22}]",
                        "/pod2/links: link 0 (uid 22): uid: is given twice, first as \"uid\" and then as \"uid\""),
                Arguments.of(
                        "[{" + GOOD + ",'PEER_POD':'pod4'}]",
                        "/pod2/links: link 0 (uid 21): peer_pod: is given twice, first as \"peer_pod\" and then as \"PEER_POD\""),
                Arguments.of(
                        "[{" + GOOD + "},{" + GOOD + "}]",
                        "/pod2/links: link 1 (uid 21): uid: 21 is already the uid of link 0"),
                Arguments.of(
                        "[{" + GOOD + "},{'uid':21,'peer_pod':'pod4','local_intf':'eth3','peer_intf':'eth3'}]",
                        "/pod2/links: link 1 (uid 21): uid: 21 is already the uid of link 0"),
                Arguments.of(
                        "[{" + GOOD + "},{'uid':22,'peer_pod':'pod4','local_intf':'eth2','peer_intf':'eth3'}]",
                        "/pod2/links: link 1 (uid 22): local_intf: \"eth2\" is already an end of link 0 (uid 21)"),
                Arguments.of(
                        "[{" + GOOD + "},{'uid':22,'peer_pod':'pod3','local_intf':'eth3','peer_intf':'eth2'}]",
                        "/pod2/links: link 1 (uid 22): peer_intf: \"eth2\" of pod3 is already an end of link 0 (uid 21)"),
                Arguments.of(
                        "[{" + GOOD + "},{'uid':22,'peer_pod':'pod2','local_intf':'eth3','peer_intf':'eth2'}]",
                        "/pod2/links: link 1 (uid 22): peer_intf: \"eth2\" is already an end of link 0 (uid 21)"),
                Arguments.of(
                        "[{'uid':5,'peer_pod':'pod2','local_intf':'a','peer_intf':'b','local_ip':'10.0.0.1/24'},"
                                + "{'uid':5,'peer_pod':'pod2','local_intf':'b','peer_intf':'a','peer_ip':'10.0.0.9/24'}]",
                        "/pod2/links: link 1 (uid 5): peer_ip: \"10.0.0.9/24\", but local_ip is \"10.0.0.1/24\" in link 0 (uid 5)"),
                Arguments.of(
                        "[{'uid':5,'peer_pod':'pod2','local_intf':'a','peer_intf':'b','mtu':1400},"
                                + "{'uid':5,'peer_pod':'pod2','local_intf':'b','peer_intf':'a','mtu':1500}]",
                        "/pod2/links: link 1 (uid 5): mtu: 1500, but mtu is 1400 in link 0 (uid 5)"),
                Arguments.of(
                        "[{'uid':5,'peer_pod':'pod2','local_intf':'a','peer_intf':'b'},"
                                + "{'uid':5,'peer_pod':'pod2','local_intf':'b','peer_intf':'a'},"
                                + "{'uid':5,'peer_pod':'pod2','local_intf':'b','peer_intf':'a'}]",
                        "/pod2/links: link 2 (uid 5): uid: 5 is already the uid of link 0"));
    }

    @ParameterizedTest
    @MethodSource("badInputs")
    void a_bad_list_gets_one_problem_that_names_pod_link_and_member(String json, String problem) {
        assertThat(problems(json(json))).containsExactly(problem);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[",
                "[{]",
                "[{'uid':21,}]",
                "[{'uid':021}]",
                "[{'uid':NaN}]",
                "nonsense",
                "[{\"uid\":1} {\"uid\":2}]",
                "[\"\u0001\"]"
            })
    void what_is_no_json_is_said_to_be_none_and_where(String json) {
        assertThat(problems(json))
                .singleElement()
                .asString()
                .matches("/pod2/links: is not JSON: .+ \\(line 1, column \\d+\\)");
    }

    @Test
    void bytes_that_are_no_text_are_said_to_be_no_json() {
        byte[] json = {'[', '"', (byte) 0xff, (byte) 0xfe, '"', ']'};
        assertThat(catchThrowableOfType(TopologyException.class, () -> TopologyJson.parse(POD2, json)))
                .hasMessageStartingWith("/pod2/links: is not JSON: Invalid UTF-8");
    }

    @Test
    void nesting_without_end_is_refused_rather_than_overflowing() {
        byte[] json = "[".repeat(1_000_000).getBytes(StandardCharsets.US_ASCII);
        assertThat(catchThrowableOfType(TopologyException.class, () -> TopologyJson.parse(POD2, json)))
                .hasMessageContaining("is not JSON");
    }

    @Test
    void all_problems_of_all_links_are_told_together() {
        String json = json("""
                [{'uuid':21,'peer_pod':'','local_intf':'a/b','peer_intf':'','local_ip':'x','peer_ip':'1.2.3.4'},
                 17,
                 {'uid':21,'peer_pod':'pod3','local_intf':'eth2','peer_intf':'eth2','local_ip':'23.23.23.2/240'},
                 {'uid':21,'peer_pod':'pod3','local_intf':'eth2','peer_intf':'eth3'}]""");
        assertThat(problems(json))
                .containsExactly(
                        "/pod2/links: link 0: uid: is missing; \"uuid\" was probably meant to be \"uid\"",
                        "/pod2/links: link 0: peer_pod: is empty",
                        "/pod2/links: link 0: local_intf: \"a/b\" contains '/'",
                        "/pod2/links: link 0: local_ip: \"x\" is not a CIDR address: no prefix length, as in 192.0.2.1/24",
                        "/pod2/links: link 0: peer_intf: is empty",
                        "/pod2/links: link 0: peer_ip: \"1.2.3.4\" is not a CIDR address: no prefix length, as in 192.0.2.1/24",
                        "/pod2/links: link 1: is 17, not an object",
                        "/pod2/links: link 2 (uid 21): local_ip: \"23.23.23.2/240\" is not a CIDR address: prefix length over 32",
                        "/pod2/links: link 3 (uid 21): uid: 21 is already the uid of link 2",
                        "/pod2/links: link 3 (uid 21): local_intf: \"eth2\" is already an end of link 2 (uid 21)");
    }

    @Test
    void foreign_text_in_a_message_is_short_and_on_one_line() {
        String problem = problems(json("[{" + GOOD.replace("'pod3'", "'/\\n\\u202e" + "x".repeat(5000) + "'") + "}]"))
                .getFirst();
        assertThat(problem)
                .contains("\"/\\u000a\\u202exxx")
                .hasSizeLessThan(200)
                .doesNotContain("\n");
    }
}
