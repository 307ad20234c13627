package io.meshnet.reconciler;

import io.meshnet.netlink.LinkEvent;
import io.meshnet.netlink.LinkMonitor;
import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Listens to the kernel's notifications from the patch namespace, on a thread of its own. */
final class PatchWatch implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PatchWatch.class.getName());

    /** After a notification the watch waits this long for more, and passes them on together. */
    private static final Duration GATHERING = Duration.ofMillis(5);

    private static final Duration IDLE = Duration.ofMinutes(1);

    private final LinkMonitor monitor;
    private final Consumer<List<LinkEvent>> listener;
    private final Thread thread;
    private volatile boolean isClosed;

    private PatchWatch(LinkMonitor monitor, Consumer<List<LinkEvent>> listener) {
        this.monitor = monitor;
        this.listener = listener;
        this.thread = Thread.ofPlatform().name("patch-watch").daemon().unstarted(this::run);
    }

    /**
     * Starts listening.
     *
     * @param netns the patch namespace; stays the caller's
     * @param listener gets the events, on the watch's thread; must be quick
     */
    static PatchWatch start(Netns netns, Consumer<List<LinkEvent>> listener) {
        PatchWatch watch = new PatchWatch(LinkMonitor.open(netns), listener);
        watch.thread.start();
        return watch;
    }

    private void run() {
        try {
            while (!isClosed) {
                List<LinkEvent> events = new ArrayList<>(monitor.poll(IDLE));
                if (!events.isEmpty()) {
                    // Waking a thread for each notification slows the process that changes the
                    // links.
                    Thread.sleep(GATHERING);
                    events.addAll(monitor.poll(Duration.ZERO));
                    listener.accept(events);
                }
            }
        } catch (InterruptedException | IllegalStateException e) {
            if (!isClosed) {
                LOG.log(Level.ERROR, "changes in the patch namespace are seen by the inspection only: {0}", e);
            }
        } catch (NetlinkException e) {
            LOG.log(Level.ERROR, "changes in the patch namespace are seen by the inspection only: {0}", e.getMessage());
        }
    }

    /** Ends the thread, and waits until it has ended. */
    @Override
    public void close() {
        isClosed = true;
        monitor.close();
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
