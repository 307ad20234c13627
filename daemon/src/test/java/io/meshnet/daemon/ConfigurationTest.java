package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.meshnet.reconciler.KernelThread;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ConfigurationTest {

    @Test
    void withoutFlagsAndEnvironmentTheSeedsDefaultsHold() throws ConfigurationException {
        Configuration configuration = parse();

        assertThat(configuration.port()).isEqualTo(8181);
        assertThat(configuration.etcd().toString()).isEqualTo("http://localhost:2379");
        assertThat(configuration.vtep()).isEmpty();
        assertThat(configuration.socket()).isEqualTo(Path.of("/run/meshnet/meshnetd.sock"));
        assertThat(configuration.state()).isEqualTo(Path.of("/run/meshnet"));
        assertThat(configuration.vxlanPort()).isEqualTo(4789);
        assertThat(configuration.mtu()).isEmpty();
        assertThat(configuration.node()).isNotEmpty();
        assertThat(configuration.frontMounts()).isFalse();
    }

    @Test
    void flagsSayOtherwise() throws ConfigurationException {
        Configuration configuration = parse(
                "--port=9000",
                "--etcd=http://10.0.0.1:2379,http://10.0.0.2:2379",
                "--vtep=uplink",
                "--node=n1",
                "--mtu=9000",
                "--vxlan-port=4790",
                "--netns-mount=front");

        assertThat(configuration.port()).isEqualTo(9000);
        assertThat(configuration.etcd().members()).hasSize(2);
        assertThat(configuration.vtep()).hasValue("uplink");
        assertThat(configuration.node()).isEqualTo("n1");
        assertThat(configuration.mtu()).hasValue(9000);
        assertThat(configuration.frontMounts()).isTrue();
        assertThat(configuration.vxlanPort()).isEqualTo(4790);
    }

    @ParameterizedTest
    @CsvSource({
        "--port=70000, MESHNETD_PORT",
        "--vxlan-port=0, MESHNET_VXLAN_PORT",
        "--mtu=10, MESHNET_MTU",
        "--etcd=https://etcd, MESHNET_ETCD_ENDPOINTS",
        "--etcd=, MESHNET_ETCD_ENDPOINTS",
        "--netns-mount=kubelet, MESHNET_NETNS_MOUNT",
        "--netns-mount=, MESHNET_NETNS_MOUNT",
    })
    void aWrongSettingIsNamed(String flag, String setting) {
        assertThatThrownBy(() -> parse(flag))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(setting + ": ");
    }

    /** The path goes to the front in a header. */
    @Test
    void aStateDirectoryThatNoHeaderCarriesIsNamedIfTheFrontMounts() throws ConfigurationException {
        assertThat(parse("--state=/run/m\u00e9sh").frontMounts()).isFalse();
        assertThatThrownBy(() -> parse("--state=/run/m\u00e9sh", "--netns-mount=front"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("MESHNET_STATE: ")
                .hasMessageContaining("MESHNET_NETNS_MOUNT=front");
    }

    private static Configuration parse(String... arguments) throws ConfigurationException {
        Main main = new Main(new KernelThread(_ -> {}));
        new CommandLine(main).parseArgs(arguments);
        return main.configuration();
    }
}
