package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Everything that the kernel tells of the links of a namespace, from the beginning of the watch on. */
final class LinkWatch implements AutoCloseable {
    private static final Pattern LINE = Pattern.compile("(Deleted )?(\\d+): ([^:@]+)[:@].*?<([^>]*)>");

    private final String netns;
    private final Path log;
    private final Daemon monitor;

    /**
     * One notification.
     *
     * @param deleted whether the link is gone
     * @param flags as {@code ip} shows them
     */
    record Event(boolean deleted, int ifindex, String ifname, Set<String> flags) {
        boolean carrier() {
            return flags.contains("LOWER_UP");
        }
    }

    private LinkWatch(String netns, Path log, Daemon monitor) {
        this.netns = netns;
        this.log = log;
        this.monitor = monitor;
    }

    /**
     * Begins; what happens after this returns is not missed.
     *
     * @param log where it is written to; a file that is not there yet
     */
    static LinkWatch begin(String netns, Path log) {
        Command command = Command.ip("-o", "monitor", "link").inside(netns);
        LinkWatch watch = new LinkWatch(netns, log, Daemon.start("ip monitor", command, log));
        watch.sync("begun");
        return watch;
    }

    /** Waits until what happened so far has been seen: the last of it is another alias of the loopback. */
    private void sync(String mark) {
        long before = events("lo").size();
        eventually(() -> {
            assertThat(monitor.running()).as("ip monitor runs").isTrue();
            Command.ip("link", "set", "lo", "alias", mark).inside(netns).output();
            assertThat(events("lo").size()).isGreaterThan((int) before);
        });
    }

    /** What happened to one link, up to now. */
    List<Event> seen(String ifname) {
        sync("seen");
        return events(ifname);
    }

    private List<Event> events(String ifname) {
        return Daemon.text(log)
                .lines()
                .flatMap(LinkWatch::event)
                .filter(event -> event.ifname().equals(ifname))
                .toList();
    }

    private static Stream<Event> event(String line) {
        Matcher matcher = LINE.matcher(line);
        return matcher.lookingAt()
                ? Stream.of(new Event(
                        matcher.group(1) != null,
                        Integer.parseInt(matcher.group(2)),
                        matcher.group(3),
                        Set.of(matcher.group(4).split(","))))
                : Stream.of();
    }

    @Override
    public void close() {
        monitor.close();
    }
}
