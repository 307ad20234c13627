package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** An echo request every 50 ms from a pod, and which of them were answered. */
final class EndlessPing implements AutoCloseable {
    private static final Pattern ANSWER = Pattern.compile("icmp_seq=(\\d+) ttl=");

    private final String description;
    private final Path log;
    private final Daemon ping;

    private EndlessPing(String description, Path log, Daemon ping) {
        this.description = description;
        this.log = log;
        this.ping = ping;
    }

    /**
     * Starts it, and waits until it is answered.
     *
     * @param log where it is written to; a file that is not there yet
     */
    static EndlessPing start(Pod pod, String address, Path log) {
        Command command = Command.of("ping", "-n", "-i", "0.05", address).inside(pod.netns());
        EndlessPing ping = new EndlessPing(pod.name() + " pings " + address, log, Daemon.start("ping", command, log));
        eventually(() -> assertThat(ping.answered()).as(ping.description).isNotEmpty());
        return ping;
    }

    private List<Integer> answered() {
        return ANSWER.matcher(Daemon.text(log))
                .results()
                .map((MatchResult answer) -> Integer.valueOf(answer.group(1)))
                .toList();
    }

    /** Makes sure that it is answered still, and that every request until now was. */
    void assertNothingLost() {
        int before = answered().size();
        eventually(() -> assertThat(answered()).as(description).hasSizeGreaterThan(before + 3));
        List<Integer> answered = answered();
        assertThat(answered)
                .as(description)
                .isEqualTo(IntStream.rangeClosed(answered.getFirst(), answered.getLast())
                        .boxed()
                        .toList());
    }

    @Override
    public void close() {
        ping.close();
    }
}
