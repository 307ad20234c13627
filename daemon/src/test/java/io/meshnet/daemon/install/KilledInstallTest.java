package io.meshnet.daemon.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A process that is killed at any of the system calls that change the directories. strace sends the signal as the call is entered, so
 * that it is not carried out.
 */
class KilledInstallTest {

    private static final int SIGKILL = 9;

    /** More than any of the calls is made: what ends the loop is that the process is not killed any more. */
    private static final int MOST = 20;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"rename,?renameat,?renameat2", "link,?linkat"})
    void aKilledInstallLeavesWhatRuntimesCanUseAndIsMadeUpFor(String calls) throws Exception {
        int killed = 0;
        for (int when = 1; when < MOST; when++) {
            CniNode node = node("install" + when);
            Map<String, String> before = node.state();
            boolean survived = survives(calls, when, node.command("install"));
            assertUsable(node);
            assertThat(node.install().status()).isZero();
            assertInstalled(node);
            assertThat(node.uninstall().status()).isZero();
            assertThat(node.state()).isEqualTo(before);
            if (survived) {
                break;
            }
            killed++;
        }
        assertThat(killed).as("times that %s was cut short", calls).isBetween(1, MOST - 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rename,?renameat,?renameat2", "unlink,?unlinkat"})
    void aKilledUninstallIsMadeUpFor(String calls) throws Exception {
        int killed = 0;
        for (int when = 1; when < MOST; when++) {
            CniNode node = node("uninstall" + when);
            Map<String, String> before = node.state();
            assertThat(node.install().status()).isZero();
            boolean survived = survives(calls, when, node.command("uninstall"));
            assertUsable(node);
            assertThat(node.uninstall().status()).isZero();
            assertThat(node.state()).isEqualTo(before);
            if (survived) {
                break;
            }
            killed++;
        }
        assertThat(killed).as("times that %s was cut short", calls).isBetween(1, MOST - 2);
    }

    private CniNode node(String name) throws IOException {
        CniNode node = CniNode.in(Files.createDirectory(directory.resolve(name)));
        node.usual("10-flannel.conflist");
        Files.writeString(node.plugin(), "what was there before");
        return node;
    }

    /** Every file that runtimes take for a configuration is a whole one, and the plugin that it calls is whole, too. */
    private static void assertUsable(CniNode node) throws IOException {
        try (Stream<Path> files = Files.list(node.conf())) {
            for (Path file : files.toList()) {
                if (ConfDirectory.isConfiguration(file.getFileName().toString())) {
                    assertThat(new JsonMapper()
                                    .readTree(Files.readAllBytes(file))
                                    .path("plugins"))
                            .isNotEmpty();
                }
            }
        }
        if (Files.exists(node.ours())) {
            assertThat(node.plugin()).hasContent(CniNode.PROGRAM);
        } else {
            assertThat(Files.readString(node.plugin())).isIn(CniNode.PROGRAM, "what was there before");
        }
    }

    private static void assertInstalled(CniNode node) {
        assertThat(node.state())
                .containsOnlyKeys(
                        "bin",
                        "bin/.meshnet.installed",
                        "bin/.meshnet.replaced",
                        "bin/meshnet",
                        "net.d",
                        "net.d/00-meshnet.conflist",
                        "net.d/10-flannel.conflist");
    }

    private static boolean survives(String calls, int when, String... arguments)
            throws IOException, InterruptedException {
        String path = Stream.of("jdk.module.path", "java.class.path")
                .map(name -> System.getProperty(name, ""))
                .filter(some -> !some.isEmpty())
                .reduce((left, right) -> left + File.pathSeparator + right)
                .orElseThrow();
        List<String> java = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-cp",
                path,
                "io.meshnet.daemon.ctl.Main");
        String inject = "inject=" + calls + ":signal=SIGKILL:when=" + when;
        List<String> strace = List.of("strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", inject);
        Process process = new ProcessBuilder(Stream.of(strace, java, List.of(arguments))
                        .flatMap(List::stream)
                        .toList())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        // strace ends as its child did: by the signal, which a shell's and Java's status tell as 128 more.
        assertThat(status).as(said).isIn(0, 128 + SIGKILL);
        return status == 0;
    }
}
