package io.meshnet.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrefixTest {

    @ParameterizedTest
    @CsvSource({
        "12.12.12.1/24, 12.12.12.1/24",
        "10.0.0.0/31, 10.0.0.0/31",
        "0.0.0.0/0, 0.0.0.0/0",
        "FD00:0:0:0:0:0:0:1/64, fd00::1/64",
        "::1/128, ::1/128",
        "::/0, ::/0",
        "1:0:0:2:0:0:0:3/127, 1:0:0:2::3/127",
        "1:0:0:2:3:0:0:4/64, 1::2:3:0:0:4/64",
        "1:0:2:3:4:5:6:7/64, 1:0:2:3:4:5:6:7/64",
        "fe80::/10, fe80::/10",
        "64:ff9b::1.2.3.4/96, 64:ff9b::102:304/96",
    })
    void its_text_is_canonical(String text, String canonical) {
        assertThat(Prefix.parse(text)).hasToString(canonical);
        assertThat(Prefix.parse(canonical)).isEqualTo(Prefix.parse(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "23.23.23.2/240    | prefix length over 32",
                "fd00::1/129       | prefix length over 128",
                "12.12.12.1        | no prefix length, as in 192.0.2.1/24",
                "''                | no prefix length, as in 192.0.2.1/24",
                "/24               | the address is empty",
                "12.12.12.1/       | prefix length \"\" is not a number from 0 to 32",
                "12.12.12.1/-1     | prefix length \"-1\" is not a number from 0 to 32",
                "12.12.12.1/+24    | prefix length \"+24\" is not a number from 0 to 32",
                "12.12.12.1/024    | prefix length \"024\" is not a number from 0 to 32",
                "12.12.12.1/24/7   | prefix length \"24/7\" is not a number from 0 to 32",
                "fd00::1/9999999999| prefix length \"9999999999\" is not a number from 0 to 128",
                "12.12.12/24       | \"12.12.12\" is not a numeric IP address",
                "12.12.12.256/24   | \"12.12.12.256\" is not a numeric IP address",
                "12.12.12.010/24   | \"12.12.12.010\" is not a numeric IP address",
                "0x0c.12.12.1/24   | \"0x0c.12.12.1\" is not a numeric IP address",
                "12.12.12.1./24    | \"12.12.12.1.\" is not a numeric IP address",
                "202116353/24      | \"202116353\" is not a numeric IP address",
                "localhost/24      | \"localhost\" is not a numeric IP address",
                "fd00::1::2/64     | \"fd00::1::2\" is not a numeric IP address",
                "[fd00::1]/64      | \"[fd00::1]\" is not a numeric IP address",
                "fe80::1%eth0/64   | \"fe80::1%eth0\" is not a numeric IP address",
                ":/64              | \":\" is not a numeric IP address",
                "::ffff:1.2.3.4/120| \"::ffff:1.2.3.4\" is an IPv4-mapped address, write it as 1.2.3.4",
            })
    void what_is_no_prefix_is_refused_with_the_reason(String text, String reason) {
        assertThatThrownBy(() -> Prefix.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(reason);
    }

    @Test
    void a_host_name_and_a_zone_do_not_stay_with_the_address() throws UnknownHostException {
        var named = InetAddress.getByAddress("some.host", new byte[] {10, 0, 0, 1});
        assertThat(new Prefix(named, 24).address()).hasToString("/10.0.0.1");
        var zoned = java.net.Inet6Address.getByAddress(
                null, Prefix.parse("fe80::1/64").address().getAddress(), 1);
        assertThat(new Prefix(zoned, 64)).isEqualTo(Prefix.parse("fe80::1/64")).hasToString("fe80::1/64");
        assertThat(NumericAddress.format(zoned)).isEqualTo("fe80::1");
    }
}
