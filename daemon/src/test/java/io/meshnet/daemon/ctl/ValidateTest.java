package io.meshnet.daemon.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ValidateTest {

    private static final String RIGHT = """
            {"/pod1/links": [{"uid": 11, "peer_pod": "pod2", "local_intf": "eth1", "peer_intf": "eth1"}],
             "pod2": [{"uid": 11, "peer_pod": "pod1", "local_intf": "eth1", "peer_intf": "eth1"}]}""";

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void aTopologyWithoutFaultIsAccepted() throws IOException {
        assertThat(validate(RIGHT)).isZero();
        assertThat(out.toString().strip()).isEqualTo("2 pods, 0 problems");
    }

    @Test
    void everyFaultIsNamed() throws IOException {
        assertThat(validate(RIGHT.replaceFirst("\"uid\"", "\"uuid\"").replaceFirst("eth1\"}\\]}", "eth9\"}]}")))
                .isEqualTo(1);
        assertThat(out.toString()).contains("/pod1/links: link 0: uid:", "uuid", "1 problems");
    }

    @Test
    void whatCannotBeReadIsToldApartFromWhatIsWrong() {
        assertThat(run("validate", directory.resolve("none").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("none");
        assertThat(run("validate", "--etcd=nonsense://", "etcd")).isEqualTo(2);
    }

    @Test
    void theVersionIsPrinted() {
        assertThat(run("version")).isZero();
        assertThat(out.toString()).startsWith("meshnet ");
    }

    @Test
    void aCommandHasToBeGiven() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("command", "validate");
    }

    private int validate(String topology) throws IOException {
        Path file = Files.writeString(directory.resolve("topology.json"), topology);
        return run("validate", file.toString());
    }

    private int run(String... arguments) {
        return new CommandLine(new Main())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }
}
