package io.meshnet.daemon.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** meshnet stays installed while the node's own configuration changes. */
class FollowingTest {

    private static final String NAME = "10-net.conflist";

    /** So long that whatever is seen within the patience is the doing of an event. */
    private static final Duration NEVER = Duration.ofHours(1);

    private static final Duration OFTEN = Duration.ofMillis(100);
    private static final int PATIENCE_SECONDS = 30;

    @TempDir
    private Path directory;

    private CniNode node;
    private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
    private Thread thread;

    @BeforeEach
    void makeTheDirectories() {
        node = CniNode.in(directory);
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (thread != null) {
            thread.interrupt();
            thread.join();
        }
    }

    @Test
    void changesAreFollowedByEvent() throws Exception {
        network("a");
        follow(NEVER);
        awaitSaid("wrote");

        network("b");
        awaitSaid("wrote");
        assertThat(node.written().path("name").textValue()).isEqualTo("b");

        node.conf("05-first.conf", "{\"name\": \"first\", \"type\": \"ptp\"}");
        awaitSaid("from 05-first.conf");
        Files.delete(node.conf().resolve("05-first.conf"));
        awaitSaid("from " + NAME);

        Files.delete(node.ours());
        awaitSaid("wrote");
        assertThat(node.written().path("name").textValue()).isEqualTo("b");
    }

    @Test
    void aConfigurationIsWaitedForAndAHalfWrittenOneTooAndOursStays() throws Exception {
        follow(NEVER);
        awaitSaid("waiting: there is no CNI configuration in " + node.conf());
        network("a");
        awaitSaid("wrote");

        node.conf(NAME, "{\"name\": \"b\", ");
        awaitSaid("waiting: " + node.conf().resolve(NAME) + " is no JSON, line 1");
        assertThat(node.written().path("name").textValue()).isEqualTo("a");
        network("b");
        awaitSaid("wrote");
        assertThat(node.written().path("name").textValue()).isEqualTo("b");
    }

    @Test
    void oursGoesWithTheOriginalButNotAtOnce() throws Exception {
        network("a");
        follow(NEVER);
        awaitSaid("wrote");
        Files.delete(node.conf().resolve(NAME));
        awaitSaid("waiting: there is no CNI configuration");
        assertThat(node.ours()).exists();
        stop();

        follow(OFTEN);
        awaitSaid("removed " + node.ours());
        assertThat(node.ours()).doesNotExist();
        assertThat(node.plugin()).exists();
        network("b");
        awaitSaid("wrote");
    }

    @Test
    void whatNoEventTellsIsSeenAtTheInterval() throws Exception {
        Path target = node.conf(NAME, text("a"));
        Path elsewhere = Files.move(target, directory.resolve("real"));
        Files.createSymbolicLink(target, elsewhere);
        follow(OFTEN);
        awaitSaid("wrote");

        Files.writeString(elsewhere, text("b"));
        awaitSaid("wrote");
        assertThat(node.written().path("name").textValue()).isEqualTo("b");

        Files.delete(node.plugin());
        awaitSaid("installed " + node.plugin());
    }

    @Test
    void theDirectoryMayGoAndComeBack() throws Exception {
        network("a");
        follow(OFTEN);
        awaitSaid("wrote");
        Path away = Files.move(node.conf(), directory.resolve("away"));
        awaitSaid("there is no directory");
        Files.move(away, node.conf());
        network("b");
        awaitSaid("wrote");
        assertThat(node.written().path("name").textValue()).isEqualTo("b");
    }

    @Test
    void whatTimeWillNotHealEndsTheFirstLook() throws Exception {
        network("a");
        node.conf(CniNode.OURS, "{\"name\": \"n\", \"type\": \"meshnet\"}");
        Following following = following(OFTEN);
        assertThatThrownBy(following::run)
                .isInstanceOf(InstallException.class)
                .hasMessageContaining("not written by meshnetctl");
    }

    @Test
    void noReaderEverSeesAHalfWrittenFile() throws Exception {
        network("n0");
        node.install();
        AtomicBoolean done = new AtomicBoolean();
        AtomicInteger looks = new AtomicInteger();
        List<String> faults = new CopyOnWriteArrayList<>();
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            readers.add(Thread.ofPlatform().start(() -> {
                while (!done.get()) {
                    look(faults);
                    looks.incrementAndGet();
                }
            }));
        }
        for (int i = 1; i <= 50 || looks.get() < 100; i++) {
            network("n" + i);
            assertThat(node.install(i % 2 == 0 ? "--form=delegate" : "--form=chained")
                            .status())
                    .isZero();
        }
        done.set(true);
        for (Thread reader : readers) {
            reader.join();
        }
        assertThat(faults).isEmpty();
    }

    /** Looks as a runtime does: at every name that it takes for a configuration's. */
    private void look(List<String> faults) {
        try (Stream<Path> files = Files.list(node.conf())) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (ConfDirectory.isConfiguration(name) && !name.equals(NAME)) {
                    if (!name.equals(CniNode.OURS)) {
                        faults.add("a name that runtimes take: " + name);
                    }
                    if (!new JsonMapper().readTree(Files.readAllBytes(file)).isObject()) {
                        faults.add("no object");
                    }
                }
            }
        } catch (JsonProcessingException e) {
            faults.add("half a file: " + e.getMessage());
        } catch (NoSuchFileException e) {
            faults.add("no file for a moment: " + e.getMessage());
        } catch (IOException e) {
            faults.add(e.toString());
        }
    }

    private void network(String name) throws IOException {
        // As careful writers do, so that none but a deliberate half is ever seen.
        Path temporary = Files.writeString(directory.resolve("next"), text(name));
        Files.move(temporary, node.conf().resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String text(String name) {
        return "{\"name\": \"" + name + "\", \"cniVersion\": \"1.0.0\", \"plugins\": [{\"type\": \"ptp\", \"long\": \""
                + "x".repeat(20_000) + "\"}]}";
    }

    private Following following(Duration interval) throws InstallException {
        Installation installation =
                new Installation(new Installation.Directories(node.bin(), node.conf()), CniNode.OURS);
        Installation.Plan plan =
                new Installation.Plan(node.front(), true, Form.CHAINED, Installation.Plan.daemonsOwn());
        return new Following(installation, plan, interval, said::add, said::add);
    }

    private void follow(Duration interval) throws InstallException {
        Following following = following(interval);
        thread = Thread.ofPlatform().start(() -> {
            try {
                following.run();
            } catch (InterruptedException e) {
                said.add("stopped");
            } catch (IOException | InstallException e) {
                said.add("ended: " + e);
            }
        });
    }

    /** Waits until a line has that in it; those before are let go. */
    private void awaitSaid(String part) throws InterruptedException {
        List<String> others = new ArrayList<>();
        String line = "";
        while (!line.contains(part)) {
            others.add(line);
            line = said.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(line)
                    .as("a line with \"%s\"; there were %s", part, others)
                    .isNotNull();
        }
    }
}
