package io.meshnet.daemon.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.daemon.ctl.CtlRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code meshnetctl install} and {@code uninstall} on directories as the usual plugins leave them. */
class InstallTest {

    private static final String CILIUM = "05-cilium.conflist";
    private static final String FLANNEL = "10-flannel.conflist";

    @TempDir
    private Path directory;

    private CniNode node;

    @BeforeEach
    void makeTheDirectories() {
        node = CniNode.in(directory);
    }

    @ParameterizedTest
    @ValueSource(strings = {CILIUM, FLANNEL, "10-calico.conflist", "10-kindnet.conflist", "100-crio-bridge.conflist"})
    void aListIsKeptAsItIsWithMeshnetChainedAtTheEnd(String name) throws IOException {
        ObjectNode original = ConfigurationTextReader.read(node.usual(name));

        assertThat(node.install().status()).isZero();

        ObjectNode expected = original.deepCopy();
        ((ArrayNode) expected.path("plugins"))
                .addObject()
                .put("type", "meshnet")
                .put("installed_from", name);
        assertThat(Files.readString(node.ours()))
                .isEqualTo(new String(ConfigurationText.write(expected), StandardCharsets.UTF_8));
    }

    @Test
    void aSinglePluginBecomesTheFirstOfAList() throws IOException {
        node.usual("10-bridge.conf");

        assertThat(node.install().status()).isZero();

        assertThat(Files.readString(node.ours())).isEqualTo("""
                {
                  "cniVersion" : "0.4.0",
                  "name" : "mynet",
                  "plugins" : [
                    {
                      "type" : "bridge",
                      "bridge" : "cni0",
                      "isGateway" : true,
                      "ipMasq" : true,
                      "capabilities" : {
                        "ips" : true
                      },
                      "ipam" : {
                        "type" : "host-local",
                        "subnet" : "10.22.0.0/16",
                        "routes" : [
                          {
                            "dst" : "0.0.0.0/0"
                          }
                        ]
                      }
                    },
                    {
                      "type" : "meshnet",
                      "installed_from" : "10-bridge.conf"
                    }
                  ]
                }
                """);
    }

    @Test
    void aFileCalledJsonIsASinglePluginAndKeepsItsDigits() throws IOException {
        node.usual("87-ptp.json");

        assertThat(node.install().status()).isZero();

        assertThat(node.written().has("cniVersion")).isFalse();
        assertThat(node.written().at("/plugins/0/type").textValue()).isEqualTo("ptp");
        assertThat(Files.readString(node.ours())).contains("1450.50");
    }

    @Test
    void theSeedsFormHasTheFirstPluginAsDelegateAndTheOthersBehind() throws IOException {
        node.usual("10-calico.conflist");

        assertThat(node.install("--form=delegate", "--etcd=http://10.97.209.1:2379")
                        .status())
                .isZero();

        JsonNode meshnet = node.written().at("/plugins/0");
        assertThat(meshnet.path("type").textValue()).isEqualTo("meshnet");
        assertThat(meshnet.path("etcd_host").textValue()).isEqualTo("10.97.209.1");
        assertThat(meshnet.path("etcd_port").textValue()).isEqualTo("2379");
        assertThat(meshnet.path("delegate").path("type").textValue()).isEqualTo("calico");
        assertThat(node.written().path("plugins").findValuesAsText("type"))
                .containsSubsequence("meshnet", "portmap", "bandwidth");
        assertThat(node.written().path("plugins")).hasSize(3);
    }

    @Test
    void theDelegatesCapabilitiesAreMeshnetsToo() throws IOException {
        node.usual("10-bridge.conf");

        node.install("--form=delegate");

        assertThat(node.written().at("/plugins/0/capabilities/ips").booleanValue())
                .isTrue();
        assertThat(node.written().at("/plugins/0/delegate/capabilities/ips").booleanValue())
                .isTrue();
    }

    @Test
    void theFirstInBytewiseOrderIsTheOriginalAndOtherNamesAreNone() throws IOException {
        node.usual(FLANNEL);
        node.usual(CILIUM);
        for (String none : new String[] {"01-a.conf.bak", "01-a.cilium_bak", "01-a", "01-a.conflist~", ".01-a.swp"}) {
            node.conf(none, "{");
        }
        Files.createDirectory(node.conf().resolve("01-directory.conf"));

        node.install();

        assertThat(node.written().path("name").textValue()).isEqualTo("cilium");
    }

    @Test
    void upperCaseComesBeforeLowerCaseAndHiddenFilesCount() throws IOException {
        node.usual(FLANNEL);
        node.conf("0A-big.conf", "{\"name\": \"big\", \"type\": \"bridge\"}");

        node.install();
        assertThat(node.written().path("name").textValue()).isEqualTo("big");

        node.conf(".hidden.conf", "{\"name\": \"hidden\", \"type\": \"bridge\"}");
        CtlRun run = node.install();
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains(CniNode.OURS, "comes after", ".hidden.conf", "--file");
        assertThat(node.install("--file=-.conflist").status()).isZero();
        assertThat(node.conf().resolve("-.conflist")).exists();
        assertThat(node.ours()).doesNotExist();
    }

    @Test
    void installingAgainChangesNothing() throws IOException {
        node.usual(FLANNEL);
        node.install();
        FileTime past = FileTime.from(Instant.EPOCH);
        Files.setLastModifiedTime(node.ours(), past);
        Files.setLastModifiedTime(node.plugin(), past);

        CtlRun again = node.install();

        assertThat(again).isEqualTo(new CtlRun(0, "meshnet is installed already\n", ""));
        assertThat(Files.getLastModifiedTime(node.ours())).isEqualTo(past);
        assertThat(Files.getLastModifiedTime(node.plugin())).isEqualTo(past);
    }

    @Test
    void aChangedOriginalAndOptionAreTakenOver() throws IOException {
        node.usual(FLANNEL);
        node.install();

        node.conf(FLANNEL, "{\"name\": \"cbr1\", \"cniVersion\": \"1.0.0\", \"plugins\": [{\"type\": \"ptp\"}]}");
        assertThat(node.install("--etcd=[2001:db8::1]:4001").out()).contains("wrote " + node.ours());

        assertThat(node.written().path("name").textValue()).isEqualTo("cbr1");
        assertThat(node.written().at("/plugins/1/etcd_host").textValue()).isEqualTo("2001:db8::1");
        assertThat(node.written().at("/plugins/1/etcd_port").textValue()).isEqualTo("4001");
    }

    @Test
    void theOriginalsModeIsOursSinceItMayHoldSecrets() throws IOException {
        Path original = node.usual(FLANNEL);
        Files.setPosixFilePermissions(original, PosixFilePermissions.fromString("rw-------"));

        node.install();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(node.ours())))
                .isEqualTo("rw-------");
    }

    @Test
    void anotherNameTakesThePlaceOfTheFirst() throws IOException {
        node.usual(FLANNEL);
        node.install();

        CtlRun run = node.install("--file=01-mesh.conflist");

        assertThat(run.out()).contains("removed " + node.ours());
        assertThat(node.ours()).doesNotExist();
        assertThat(node.conf().resolve("01-mesh.conflist")).exists();
        assertThat(node.uninstall().status()).isZero();
        assertThat(node.state()).containsOnlyKeys("bin", "net.d", "net.d/" + FLANNEL);
    }

    @Test
    void linksAreFollowedToTheOriginalAndTheDirectoryMayBeOne() throws IOException {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.move(node.usual(FLANNEL), elsewhere.resolve("real"));
        Files.createSymbolicLink(node.conf().resolve(FLANNEL), Path.of("../elsewhere/real"));
        Path other = Files.createSymbolicLink(directory.resolve("link.d"), Path.of("net.d"));
        Map<String, String> before = node.state();

        assertThat(node.install("--conf-dir=" + other).status()).isZero();
        assertThat(node.written().path("name").textValue()).isEqualTo("cbr0");
        assertThat(node.uninstall("--conf-dir=" + other).status()).isZero();

        assertThat(node.state()).isEqualTo(before);
    }

    @Test
    void uninstallingLeavesTheDirectoriesAsTheyWere() throws IOException {
        node.usual(FLANNEL);
        node.usual("100-crio-bridge.conflist");
        Files.writeString(node.bin().resolve("bridge"), "another plugin");
        Map<String, String> before = node.state();

        node.install();
        node.install("--form=delegate", "--etcd=10.0.0.1");
        assertThat(node.state()).isNotEqualTo(before);
        CtlRun run = node.uninstall();

        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("removed " + node.ours(), "removed " + node.plugin());
        assertThat(node.state()).isEqualTo(before);
        assertThat(node.uninstall()).isEqualTo(new CtlRun(0, "meshnet is not installed\n", ""));
    }

    @Test
    void ourLeftoversAreSweptAndNobodyElses() throws IOException {
        node.usual(FLANNEL);
        node.conf(".00-meshnet.conflist.4711.tmp", "{\"half\": ");
        node.conf(".other.conflist.4711.tmp", "not ours");
        Files.writeString(node.bin().resolve(".meshnet.4711.tmp"), "half");

        node.install();
        node.uninstall();

        assertThat(node.state()).containsOnlyKeys("bin", "net.d", "net.d/" + FLANNEL, "net.d/.other.conflist.4711.tmp");
    }
}
