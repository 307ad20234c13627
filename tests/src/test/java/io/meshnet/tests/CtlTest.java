package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code meshnetctl}, as an administrator calls it. */
class CtlTest {
    private static final int WRONG = 1;
    private static final int UNREADABLE = 2;

    @RegisterExtension
    static final Lab LAB = new Lab();

    @Test
    void tells_its_version() {
        assertThat(ctl("version").output()).contains("0.1.0");
    }

    @Test
    void finds_nothing_wrong_with_the_triangle_in_etcd() {
        LAB.upload(Topology.triangle());

        assertThat(ctl("validate", "etcd").run().status()).isZero();
    }

    @Test
    void names_the_ends_that_disagree_in_etcd() {
        LAB.upload(Topology.triangle());
        LAB.etcd()
                .put(
                        "/pod2/links",
                        Topology.triangle().keys().get("/pod2/links").replace("12.12.12.2", "12.12.12.9"));

        Outcome outcome = ctl("validate", "etcd").run();

        assertThat(outcome.status()).as("%s", outcome).isEqualTo(WRONG);
        assertThat(outcome.out()).contains("pod1", "pod2", "11", "12.12.12.9");
    }

    @Test
    void reads_a_topology_from_a_file(@TempDir Path directory) throws IOException {
        Path good = directory.resolve("good.json");
        Path bad = directory.resolve("bad.json");
        ObjectNode triangle = Json.object();
        Topology.triangle().keys().forEach((key, links) -> triangle.set(key, Json.parse(links)));
        Files.writeString(good, triangle.toString());
        Files.writeString(bad, triangle.toString().replaceFirst("\"uid\"", "\"uuid\""));

        Outcome outcome = ctl("validate", bad.toString()).run();

        assertThat(ctl("validate", good.toString()).run().status()).isZero();
        assertThat(outcome.status()).as("%s", outcome).isEqualTo(WRONG);
        assertThat(outcome.out()).contains("/pod1/links", "link 0", "uid");
    }

    @Test
    void says_what_it_cannot_read() {
        LAB.etcd().stop();

        Outcome file = ctl("validate", "/no/such/file").run();
        Outcome etcd = ctl("validate", "etcd").run();

        assertThat(file.status()).as("%s", file).isEqualTo(UNREADABLE);
        assertThat(file.err()).contains("/no/such/file");
        assertThat(etcd.status()).as("%s", etcd).isEqualTo(UNREADABLE);
        assertThat(etcd.err()).contains(Underlay.ADDRESS + ":2379");
    }

    private static Command ctl(String... arguments) {
        Command launcher = Image.command("meshnetctl").with(Map.of("MESHNET_ETCD_ENDPOINTS", Etcd.ENDPOINT));
        return launcher.and(arguments).inside(LAB.node1().netns());
    }
}
