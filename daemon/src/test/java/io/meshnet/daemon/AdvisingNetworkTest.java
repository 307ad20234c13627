package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an error of a code tells its reader to do. */
class AdvisingNetworkTest {

    @ParameterizedTest
    @CsvSource({
        "4, CNI_NETNS",
        "5, MESHNET_STATE",
        "7, /etc/cni/net.d",
        "11, MESHNET_ETCD_ENDPOINTS",
        "50, etcdctl",
        "101, meshnetctl validate etcd",
        "102, log",
    })
    void namesWhereToLook(int code, String named) {
        assertThat(AdvisingNetwork.advice(code)).contains(named);
    }

    @Test
    void isNotMadeUpForOthers() {
        assertThat(AdvisingNetwork.advice(999)).isEmpty();
    }
}
