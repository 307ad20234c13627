package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;

/** A packet socket on an interface, open from the beginning to the end, and the frames that it received. */
final class Capture implements AutoCloseable {

    private final Path log;
    private final Daemon program;

    private Capture(Path log, Daemon program) {
        this.log = log;
        this.program = program;
    }

    /**
     * Opens it; what arrives after this returns is not missed.
     *
     * @param log where the frames are written to; a file that is not there yet
     */
    static Capture begin(String netns, String ifname, Path log) {
        Command command = Program.CAPTURE.command(ifname).inside(netns);
        Capture capture = new Capture(log, Daemon.start("capture", command, log));
        eventually(() -> assertThat(Daemon.text(log)).contains("ready"));
        return capture;
    }

    /** Every frame so far: ethertype, length, source and the text of {@link Frames}. */
    List<String> frames() {
        assertThat(program.running()).as("capture runs: %s", Daemon.text(log)).isTrue();
        return Daemon.text(log)
                .lines()
                .filter(line -> line.startsWith("frame "))
                .toList();
    }

    /** How many frames arrived, also if the interface is gone and the program has ended with it. */
    int received() {
        return (int) Daemon.text(log)
                .lines()
                .filter(line -> line.startsWith("frame "))
                .count();
    }

    /** How many frames with that text arrived. */
    long count(String text) {
        return frames().stream().filter(line -> line.endsWith(" " + text)).count();
    }

    @Override
    public void close() {
        program.close();
    }
}
