package io.meshnet.daemon;

import io.meshnet.reconciler.NodeInspection;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The net below everything that is told: looks at all pods of this node, and reconciles those in which something is to be done. Safe for
 * use by any thread.
 */
final class Resync implements Runnable {

    private static final System.Logger LOG = System.getLogger(Resync.class.getName());

    private final NodeInspection inspection;
    private final Fabric fabric;
    private final AtomicBoolean running = new AtomicBoolean();

    Resync(NodeInspection inspection, Fabric fabric) {
        this.inspection = inspection;
        this.fabric = fabric;
    }

    /** Begins one, and returns at once. While one is under way another would see the same. */
    @Override
    public void run() {
        if (running.compareAndSet(false, true)) {
            var _ = inspection.take(false).whenComplete((seen, failure) -> {
                running.set(false);
                if (failure != null) {
                    LOG.log(Level.ERROR, "not every pod could be looked at: {0}", failure.toString());
                } else {
                    var _ = fabric.reconcile(seen.doubtful());
                }
            });
        }
    }
}
