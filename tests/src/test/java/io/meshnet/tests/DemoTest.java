package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code demo.sh} as it is run by hand, and what it shares with {@code test.sh}. */
class DemoTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final int ENDED_BY_TERM = 128 + 15;

    @TempDir
    private Path directory;

    private Process demo;

    @AfterEach
    void stop() throws InterruptedException {
        if (demo != null && demo.isAlive()) {
            demo.destroy();
            demo.waitFor(1, TimeUnit.MINUTES);
        }
    }

    @Test
    void all_its_checks_hold_and_nothing_is_left() throws InterruptedException {
        start();
        assertThat(demo.waitFor(2, TimeUnit.MINUTES)).as(this::log).isTrue();
        assertThat(demo.exitValue()).as(this::log).isZero();
        assertThat(log()).contains("PASS: all ").doesNotContain("FAIL");
        assertThat(remains()).isEmpty();
    }

    @Test
    void interrupted_it_takes_down_what_it_had_brought_up() throws InterruptedException {
        start();
        eventually(() -> assertThat(log()).contains("meshnetd on node1 is ready"));
        assertThat(remains()).isNotEmpty();

        demo.destroy();
        assertThat(demo.waitFor(1, TimeUnit.MINUTES)).as(this::log).isTrue();
        assertThat(demo.exitValue()).as(this::log).isEqualTo(ENDED_BY_TERM);
        assertThat(log()).contains("FAIL: interrupted");
        assertThat(remains()).isEmpty();
    }

    /** The demo has an {@code etcdctl} of its own, which calls the program. */
    @Test
    void a_function_does_not_pass_for_an_installed_program() {
        assertThat(bash("nowhere() { :; }; is_there nowhere").status()).isEqualTo(1);
        assertThat(bash("is_there bash").status()).isZero();
        assertThat(bash("is_there /etc/passwd").status()).isZero();
    }

    @Test
    void a_package_of_several_missing_files_is_installed_once() {
        Outcome outcome = bash("CNI_PLUGINS=/nowhere; missing_packages");
        assertThat(outcome.out()).as("%s", outcome).isEqualTo("containernetworking-plugins\n");
    }

    /** The number of a process that has ended stands in the name of the directory. */
    @Test
    void what_a_killed_test_has_mounted_is_unmounted_and_removed_with_its_directory() {
        Outcome outcome = bash("""
                namespaces() { :; } # whatever other tests have
                export TMPDIR=%s
                left=$TMPDIR/meshnet-$(sh -c 'echo $$')-left live=$TMPDIR/meshnet-$$-live
                for directory in "$left" "$live"; do
                    mkdir "$directory"
                    : >"$directory/netns"
                    unshare --net="$directory/netns" true
                done
                trap 'remove_directory "$live"; remove_directory "$left"' EXIT
                sweep_after_killed_tests
                ls "$TMPDIR"
                grep -c "$TMPDIR" /proc/self/mountinfo
                echo "$live"
                """.formatted(directory));
        assertThat(outcome.status()).as("%s", outcome).isZero();
        String[] lines = outcome.out().split("\n", -1);
        assertThat(directory.resolve(lines[0])).hasToString(lines[2]);
        assertThat(lines[1]).isEqualTo("1");
        assertThat(directory).isEmptyDirectory();
    }

    private static Outcome bash(String script) {
        return Command.of("bash", "-c", "set -euo pipefail; . ../scripts/lib.sh; " + script)
                .run();
    }

    private void start() {
        demo = Command.of(ROOT.resolve("demo.sh").toString())
                .with(Map.of("TMPDIR", directory.toString()))
                .start(directory.resolve("log"));
    }

    private String log() {
        return Daemon.text(directory.resolve("log"));
    }

    /** The namespaces and the directory of this demo that are there. */
    private List<String> remains() {
        String name = "meshnet-demo-" + demo.pid();
        return Stream.of(Path.of("/run/netns"), directory)
                .flatMap(parent -> names(parent).stream())
                .filter(found -> found.startsWith(name))
                .toList();
    }

    private static List<String> names(Path parent) {
        try (var entries = Files.list(parent)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new AssertionError("cannot list " + parent, e);
        }
    }
}
