package io.meshnet.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Listener;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Keeps what a listener is told, in order, and notices calls that overlap. */
final class Told implements Listener {
    sealed interface Call {}

    record Snapshot(Map<PodName, PodRecord> pods, Set<String> nodes) implements Call {
        Snapshot(Map<PodName, PodRecord> pods) {
            this(pods, Set.of());
        }
    }

    record Nodes(Set<String> alive) implements Call {}

    record Changed(PodRecord pod) implements Call {}

    record Interrupted(StoreException why) implements Call {}

    private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicBoolean overlapped = new AtomicBoolean();
    private final AtomicBoolean backwards = new AtomicBoolean();
    private volatile long latest;

    @Override
    public void snapshot(Map<PodName, PodRecord> pods, Set<String> nodes, long revision) {
        at(revision);
        add(new Snapshot(Timeless.of(pods), nodes));
    }

    @Override
    public void changed(PodRecord pod) {
        at(pod.revision());
        add(new Changed(Timeless.of(pod)));
    }

    @Override
    public void nodes(Set<String> alive) {
        add(new Nodes(alive));
    }

    @Override
    public void interrupted(StoreException why) {
        add(new Interrupted(why));
    }

    private void at(long revision) {
        if (revision < latest) {
            backwards.set(true);
        }
        latest = revision;
    }

    private void add(Call call) {
        if (!busy.compareAndSet(false, true)) {
            overlapped.set(true);
        }
        calls.add(call);
        busy.set(false);
    }

    Call next() throws InterruptedException {
        Call call = calls.poll(60, TimeUnit.SECONDS);
        assertThat(call).as("the next call of the listener").isNotNull();
        assertThat(overlapped).isFalse();
        assertThat(backwards).isFalse();
        return call;
    }

    Map<PodName, PodRecord> snapshot() throws InterruptedException {
        Call call = next();
        assertThat(call).isInstanceOf(Snapshot.class);
        return ((Snapshot) call).pods();
    }

    /** Whether there is nothing more. */
    boolean isEmpty() {
        return calls.isEmpty();
    }
}
