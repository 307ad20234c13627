package io.meshnet.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same result as each version of the specification writes it. */
class ResultConversionTest {
    private static final String PER_FAMILY = """
            {"ip4": {"ip": "10.1.0.5/16", "gateway": "10.1.0.1",
                     "routes": [{"dst": "0.0.0.0/0"}, {"dst": "10.9.0.0/16", "gw": "10.1.0.9"}]},
             "ip6": {"ip": "fd00::5/64", "routes": [{"dst": "::/0", "gw": "fd00::1"}]},
             "dns": {"nameservers": ["10.1.0.1"], "domain": "example"}}""";
    private static final String VERSIONED = """
            {"ips": [{"version": "4", "address": "10.1.0.5/16", "gateway": "10.1.0.1"},
                     {"version": "6", "address": "fd00::5/64"}],
             "routes": [{"dst": "0.0.0.0/0"}, {"dst": "10.9.0.0/16", "gw": "10.1.0.9"}, {"dst": "::/0", "gw": "fd00::1"}],
             "dns": {"nameservers": ["10.1.0.1"], "domain": "example"}}""";
    private static final String LIST = """
            {"ips": [{"address": "10.1.0.5/16", "gateway": "10.1.0.1"}, {"address": "fd00::5/64"}],
             "routes": [{"dst": "0.0.0.0/0"}, {"dst": "10.9.0.0/16", "gw": "10.1.0.9"}, {"dst": "::/0", "gw": "fd00::1"}],
             "dns": {"nameservers": ["10.1.0.1"], "domain": "example"}}""";
    private static final Map<ResultForm, String> GOLDEN =
            Map.of(ResultForm.PER_FAMILY, PER_FAMILY, ResultForm.VERSIONED_LIST, VERSIONED, ResultForm.LIST, LIST);

    @ParameterizedTest
    @EnumSource(SpecVersion.class)
    void a_result_of_every_version_reads_the_same_in_every_other(SpecVersion from) throws CniException {
        for (SpecVersion to : SpecVersion.values()) {
            ObjectNode golden = object(GOLDEN.get(to.form())).put("cniVersion", to.text());
            AddResult result = AddResult.of(object(GOLDEN.get(from.form())), from, "a result");
            assertThat(result.as(to)).as(from + " as " + to).isEqualTo(golden);
        }
    }

    @Test
    void interfaces_keep_what_the_version_knows() throws CniException {
        AddResult result = AddResult.of(object("""
                        {"cniVersion": "1.1.0",
                         "interfaces": [{"name": "br0", "mac": "00:11:22:33:44:55", "mtu": 1500},
                                        {"name": "eth0", "mac": "00:11:22:33:44:66", "sandbox": "/run/netns/a",
                                         "socketPath": "/s", "pciID": "p"}],
                         "ips": [{"address": "10.1.0.5/16", "interface": 1}]}"""), SpecVersion.V0_1_0, "a result");
        assertThat(result.as(SpecVersion.V0_4_0)).isEqualTo(object("""
                                {"cniVersion": "0.4.0",
                                 "interfaces": [{"name": "br0", "mac": "00:11:22:33:44:55"},
                                                {"name": "eth0", "mac": "00:11:22:33:44:66", "sandbox": "/run/netns/a"}],
                                 "ips": [{"version": "4", "address": "10.1.0.5/16", "interface": 1}]}"""));
        assertThat(result.as(SpecVersion.V0_2_0))
                .isEqualTo(object("{\"cniVersion\": \"0.2.0\", \"ip4\": {\"ip\": \"10.1.0.5/16\"}}"));
    }

    @Test
    void of_several_addresses_old_versions_keep_the_first_of_each_family() throws CniException {
        AddResult result = AddResult.of(object("""
                        {"ips": [{"address": "fd00::1/64"}, {"address": "fd00::2/64"}],
                         "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0", "mtu": 1400}]}"""), SpecVersion.V1_0_0, "a result");
        assertThat(result.as(SpecVersion.V0_1_0))
                .isEqualTo(object("{\"cniVersion\": \"0.1.0\","
                        + "\"ip6\": {\"ip\": \"fd00::1/64\", \"routes\": [{\"dst\": \"::/0\"}]}}"));
    }

    @ParameterizedTest
    @CsvSource({"0.1.0, 0.2.0", "0.3.1, 0.4.0", "1.1.0, 1.0.0", "0.4.0, 0.4.0", "1.1.0, 1.1.0"})
    void a_result_of_the_same_form_keeps_every_field(String from, String to) throws CniException {
        String text = "{\"cniVersion\": \"%s\", \"ips\": 3, \"vendor\": {\"x\": [1.10, 1e400, 12345678901234567890]}}";
        AddResult result = AddResult.of(object(text.formatted(from)), SpecVersion.V0_1_0, "a result");
        assertThat(Json.write(result.as(SpecVersion.of(to).orElseThrow())))
                .isEqualTo(Json.write(object(text.formatted(to))))
                .contains("1.10,1E+400,12345678901234567890");
    }

    @Test
    void a_result_that_says_no_version_is_of_the_one_expected() throws CniException {
        AddResult result = AddResult.of(object("{\"cniVersion\": \"\"}"), SpecVersion.V0_3_1, "a result");
        assertThat(result.version()).isEqualTo(SpecVersion.V0_3_1);
        assertThat(result.as(SpecVersion.V0_3_1)).isEqualTo(object("{\"cniVersion\": \"0.3.1\"}"));
    }

    @Test
    void a_result_of_an_unknown_version_is_incompatible() {
        CniException e = catchThrowableOfType(
                CniException.class,
                () -> AddResult.of(object("{\"cniVersion\": \"2.0.0\"}"), SpecVersion.V0_3_1, "a result"));
        assertThat(e.code()).isEqualTo(CniException.INCOMPATIBLE_VERSION);
        assertThat(e).hasMessageContainingAll("a result", "2.0.0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"ips\": []}",
                "{\"ips\": {}}",
                "{\"ips\": [1]}",
                "{\"ips\": [{\"address\": 4}]}",
                "{\"ips\": [{\"address\": \"10.0.0.1/8\"}], \"routes\": [{}]}",
            })
    void what_cannot_be_converted_is_an_error(String text) {
        CniException e = catchThrowableOfType(
                CniException.class,
                () -> AddResult.of(object(text), SpecVersion.V1_0_0, "a result").as(SpecVersion.V0_1_0));
        assertThat(e.code()).isEqualTo(CniException.UNDECODABLE);
        assertThat(e).hasMessageStartingWith("a result that cannot be converted: ");
    }

    private static ObjectNode object(String text) throws CniException {
        return Json.readObject(text, "a test's text");
    }
}
