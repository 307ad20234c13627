package io.meshnet.daemon.install;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.daemon.ctl.CtlRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code meshnetctl install} says when it cannot, and that it then leaves everything alone. */
class InstallErrorsTest {

    private static final String NAME = "10-net.conflist";

    @TempDir
    private Path directory;

    private CniNode node;

    @BeforeEach
    void makeTheDirectories() {
        node = CniNode.in(directory);
    }

    @Test
    void noConfigurationNamesTheDirectory() {
        refused(node.conf() + " ", "no CNI configuration", "*.conflist");
    }

    @Test
    void missingDirectoriesAreNamed() throws IOException {
        node.conf(NAME, "{\"name\": \"n\", \"plugins\": [{\"type\": \"ptp\"}]}");
        refused(
                new String[] {"--conf-dir=" + directory.resolve("none.d")},
                directory.resolve("none.d") + " of CNI configurations");
        refused(new String[] {"--bin-dir=" + directory.resolve("none")}, directory.resolve("none") + " of CNI plugins");
    }

    @Test
    void brokenJsonIsNamedWithLineAndColumn() throws IOException {
        Path file = node.conf(NAME, "{\n  \"name\": \"n\",\n  \"plugins\": [,]\n}\n");
        refused(file.toString(), "line 3, column 15");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                                            | is empty",
                "[]                                            | must hold one JSON object",
                "{} {}                                         | line 1, column 4",
                "{\"name\": \"n\"}                             | \"plugins\" must be an array",
                "{\"name\": \"n\", \"plugins\": []}            | \"plugins\" must be an array with one",
                "{\"name\": \"n\", \"plugins\": [1]}           | plugins[0]",
                "{\"name\": \"n\", \"plugins\": [{}]}          | \"type\" of plugins[0]",
                "{\"plugins\": [{\"type\": \"ptp\"}]}          | \"name\" is missing",
                "{\"name\": 7, \"plugins\": [{\"type\": \"a\"}]} | \"name\" is missing, or no string",
            })
    void whatRuntimesWouldNotAcceptIsNamed(String text, String why) throws IOException {
        Path file = node.conf(NAME, text);
        refused(file.toString(), why);
    }

    @Test
    void theExtensionDecidesWhatAFileIs() throws IOException {
        Path list = node.conf("10-net.conf", "{\"name\": \"n\", \"plugins\": [{\"type\": \"ptp\"}]}");
        refused(list.toString(), "\"type\" is missing");
    }

    @Test
    void whatIsNoReadableFileIsNamedAndDoesNotHoldTheCall() throws IOException, InterruptedException {
        Path file = node.conf().resolve(NAME);
        Files.createSymbolicLink(file, Path.of("nothing"));
        refused(file.toString(), "link to nothing");
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of(NAME));
        refused(file.toString(), "link to nothing");
        Files.delete(file);
        Files.createSymbolicLink(file, node.bin());
        refused(file.toString(), "not a regular file");
        Files.delete(file);
        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                .isZero();
        refused(file.toString(), "not a regular file");
        Files.delete(file);
        // Reading it at 0 fails with EIO, as on a broken disk; root may read everything else.
        Files.createSymbolicLink(file, Path.of("/proc/self/mem"));
        refused(file.toString(), "cannot be read", "Input/output error");
    }

    @Test
    void aConfigurationThatAPersonWroteIsNeitherWrappedNorReplaced() throws IOException {
        node.conf("20-other.conf", "{\"name\": \"n\", \"type\": \"ptp\"}");
        Path own = node.conf(NAME, "{\"name\": \"n\", \"plugins\": [{\"type\": \"ptp\"}, {\"type\": \"meshnet\"}]}");
        refused(own.toString(), "not written by meshnetctl");
        Files.delete(own);
        Path same =
                node.conf(CniNode.OURS, "{\"name\": \"n\", \"type\": \"meshnet\", \"delegate\": {\"type\": \"ptp\"}}");
        refused(same.toString(), "not written by meshnetctl");
        assertThat(node.uninstall()).isEqualTo(new CtlRun(0, "meshnet is not installed\n", ""));
        assertThat(same).exists();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--file=00-meshnet.conf", "--file=sub/00-meshnet.conflist"})
    void aNameThatRuntimesWouldNotTakeIsRefused(String option) throws IOException {
        node.usual("10-flannel.conflist");
        refused(new String[] {option}, "is not a name for a list of plugins");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--etcd=a:1,b:1   | one endpoint only",
                "--etcd=https://a | scheme https is not supported",
                "--form=sideways  | neither chained nor delegate",
                "--interval=0     | from 1 to 86400",
                "--interval=soon  | soon",
            })
    void aWrongOptionIsNamed(String option, String why) throws IOException {
        node.usual("10-flannel.conflist");
        CtlRun run = node.install(option);
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains(option.substring(0, option.indexOf('=')), why);
    }

    @Test
    void aFrontThatIsNoProgramIsRefused() throws IOException {
        node.usual("10-flannel.conflist");
        Files.writeString(node.front(), "text");
        refused(node.front().toString(), "neither an ELF program nor a script");
        Files.writeString(node.front(), "#!/bin/sh\n");
        refused(new String[] {"--require-program"}, node.front() + " is a launcher", "a program is required");
        Files.delete(node.front());
        refused(node.front().toString());
    }

    private void refused(String... why) {
        refused(new String[0], why);
    }

    private void refused(String[] options, String... why) {
        List<String> before = names();
        CtlRun run = node.install(options);
        assertThat(run.status()).as(run.toString()).isEqualTo(1);
        assertThat(run.err()).contains(why);
        assertThat(run.out()).isEmpty();
        assertThat(names()).isEqualTo(before);
    }

    /** What there is; content is not read, as some of it cannot be. */
    private List<String> names() {
        return Stream.of(node.bin(), node.conf())
                .flatMap(each -> Stream.of(each.toFile().list()))
                .sorted()
                .toList();
    }
}
