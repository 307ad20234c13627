package io.meshnet.daemon.install;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Keeps meshnet installed while the node's own configuration changes, appears and disappears. Looks whenever the directory changes and,
 * for what inotify does not tell (the target of a link, a network file system, the directory replaced), at an interval.
 *
 * <p>A configuration that cannot be read leaves ours as it was: whoever writes it may not be done. One that is gone takes ours with it
 * once it was missing at two looks at the interval, not when an event says so: some replace theirs by removing it first.
 */
public final class Following {

    /** Changes come in bursts; this long after one the rest of them is there, too. */
    private static final Duration BURST = Duration.ofMillis(50);

    private final Installation installation;
    private final Installation.Plan plan;
    private final Duration interval;
    private final Consumer<String> changes;
    private final Consumer<String> troubles;
    private String lastTrouble = "";
    private boolean missing;

    /**
     * @param interval between two looks that nothing else prompts; positive
     * @param changes takes a line for everything that was changed
     * @param troubles takes what stands in the way, once as long as it stays the same
     */
    public Following(
            Installation installation,
            Installation.Plan plan,
            Duration interval,
            Consumer<String> changes,
            Consumer<String> troubles) {
        if (!interval.isPositive()) {
            throw new IllegalArgumentException("the interval must be positive: " + interval);
        }
        this.installation = installation;
        this.plan = plan;
        this.interval = interval;
        this.changes = changes;
        this.troubles = troubles;
    }

    /**
     * Goes on until the thread is interrupted.
     *
     * @throws InstallException when the first look finds what time will not heal
     * @throws IOException when the first look cannot write, or the directory cannot be watched
     */
    public void run() throws IOException, InstallException, InterruptedException {
        Path directory = installation.directory();
        try (WatchService watcher = directory.getFileSystem().newWatchService()) {
            WatchKey key = watch(directory, watcher);
            first();
            while (true) {
                WatchKey event = watcher.poll(interval.toMillis(), TimeUnit.MILLISECONDS);
                if (event != null) {
                    Thread.sleep(BURST);
                    event.pollEvents();
                    event.reset();
                }
                if (!key.isValid()) {
                    key = rewatch(directory, watcher, key);
                }
                look(event == null);
            }
        } catch (ClosedWatchServiceException e) {
            throw new IOException("the watch of " + directory + " was closed", e);
        }
    }

    private static WatchKey watch(Path directory, WatchService watcher) throws IOException {
        // A link to the directory would be watched itself otherwise, and told of as no directory.
        return directory
                .toRealPath()
                .register(
                        watcher,
                        StandardWatchEventKinds.ENTRY_CREATE,
                        StandardWatchEventKinds.ENTRY_MODIFY,
                        StandardWatchEventKinds.ENTRY_DELETE);
    }

    private WatchKey rewatch(Path directory, WatchService watcher, WatchKey before) {
        try {
            return watch(directory, watcher);
        } catch (IOException e) {
            trouble(directory + " cannot be watched: " + e);
            return before;
        }
    }

    private void first() throws IOException, InstallException {
        try {
            report(installation.install(plan));
        } catch (InstallException.NoOriginal e) {
            wait(e);
        }
    }

    /** @param periodic whether nothing but the time has prompted it */
    private void look(boolean periodic) {
        try {
            report(installation.install(plan));
            lastTrouble = "";
            missing = false;
        } catch (InstallException.NoOriginal e) {
            if (e.missing() && missing && periodic) {
                remove();
            }
            wait(e);
        } catch (InstallException e) {
            trouble(e.getMessage());
        } catch (IOException e) {
            trouble("cannot be kept installed: " + e);
        }
    }

    private void remove() {
        try {
            report(installation.removeConfiguration());
        } catch (IOException | InstallException e) {
            trouble("cannot be removed: " + e.getMessage());
        }
    }

    private void wait(InstallException.NoOriginal why) {
        missing = why.missing();
        trouble("waiting: " + why.getMessage());
    }

    private void report(List<String> lines) {
        lines.forEach(changes);
    }

    private void trouble(String what) {
        if (!what.equals(lastTrouble)) {
            lastTrouble = what;
            troubles.accept(what);
        }
    }
}
