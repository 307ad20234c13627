package io.meshnet.store.etcd;

import static io.meshnet.store.etcd.Connection.bytes;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.lease.LeaseGrantResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore.Announcement;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A node's announcement: a thread that keeps a lease alive and a key under it, and makes both anew when they are gone. Nothing is written
 * while all is well, so that the watchers of the cluster are not woken.
 */
final class Announcer implements Announcement {
    private static final Logger LOG = System.getLogger(Announcer.class.getPackageName());
    /** What etcd calls no lease. */
    private static final long NO_LEASE = 0;
    /** A revision that no key has, not even one that does not exist. */
    private static final long NEVER = -1;

    private final Requests requests;
    private final NodeKey key;
    private final ByteSequence value;
    private final Duration timeToLive;
    /** Two of these and the waits between them fit the time to live, so that one lost answer does not cost the lease. */
    private final Duration atMost;

    private final Backoff backoff;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;

    // Of the thread alone.
    private long lease = NO_LEASE;
    /** Of our last write of the key: as long as the key has it, it is as we left it, and under our lease. */
    private long written = NEVER;

    private Outlook outlook = Outlook.NEW;

    /** What the log has said last. */
    private enum Outlook {
        NEW,
        ANNOUNCED,
        INTERRUPTED
    }

    private Announcer(Requests requests, NodeKey key, String value, Duration timeToLive, Duration deadline) {
        Duration third = timeToLive.dividedBy(3);
        this.requests = requests;
        this.key = key;
        this.value = bytes(value);
        this.timeToLive = timeToLive;
        this.atMost = third.compareTo(deadline) < 0 ? third : deadline;
        this.backoff = new Backoff(ThreadLocalRandom.current(), timeToLive.dividedBy(12));
        this.thread = Thread.ofPlatform().name("etcd-announce").daemon().unstarted(this::run);
    }

    /**
     * Begins to announce.
     *
     * @param requests shared; stays open
     * @param deadline of every request, which are given less if the time to live asks for it
     */
    static Announcer start(Requests requests, NodeKey key, String value, Duration timeToLive, Duration deadline) {
        var announcer = new Announcer(requests, key, value, timeToLive, deadline);
        announcer.thread.start();
        return announcer;
    }

    /** Lets go of the lease without revoking it. When it returns, no request will be made any more. */
    @Override
    public void close() {
        closed.countDown();
        thread.interrupt();
        try {
            thread.join(atMost);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (closed.getCount() > 0) {
                long began = System.nanoTime();
                long waitNanos;
                try {
                    beat();
                    announced();
                    backoff.reset();
                    waitNanos = period().toNanos() - (System.nanoTime() - began);
                } catch (StoreException e) {
                    failed(e);
                    waitNanos = backoff.next().toNanos();
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "announcing " + key.node() + " failed, beginning again", e);
                    lease = NO_LEASE;
                    waitNanos = backoff.next().toNanos();
                }
                if (closed.await(waitNanos, TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException _) {
            LOG.log(Level.DEBUG, "interrupted, no longer announcing {0}", key.node());
        }
    }

    /** From one look to the next: a quarter to a third of the time to live, so that the nodes of a cluster come out of step. */
    private Duration period() {
        long twelfth = timeToLive.dividedBy(12).toNanos();
        return Duration.ofNanos(3 * twelfth + ThreadLocalRandom.current().nextLong(twelfth + 1));
    }

    /** Makes sure that the lease is alive and the key under it. */
    private void beat() throws StoreException {
        if (lease != NO_LEASE && !isKeptAlive()) {
            LOG.log(Level.WARNING, "{0}: its lease is gone, so the node was missed; it gets another", key);
            lease = NO_LEASE;
        }
        if (lease == NO_LEASE) {
            LeaseGrantResponse granted =
                    call("a lease for " + key, client -> client.getLeaseClient().grant(seconds()));
            written = NEVER;
            lease = granted.getID();
        }
        try {
            look();
        } catch (StoreException e) {
            if (Connection.isNotFound(e)) {
                lease = NO_LEASE;
            }
            throw e;
        }
    }

    private boolean isKeptAlive() throws StoreException {
        try {
            call(
                    "keeping the lease of " + key,
                    client -> client.getLeaseClient().keepAliveOnce(lease));
            return true;
        } catch (StoreException e) {
            if (Connection.isNotFound(e)) {
                return false;
            }
            throw e;
        }
    }

    /** Writes the key unless it is as we left it. */
    private void look() throws StoreException {
        ByteSequence name = bytes(key.toString());
        TxnResponse seen = call(
                "announcing " + key,
                client -> client.getKVClient()
                        .txn()
                        .If(new Cmp(name, Cmp.Op.EQUAL, CmpTarget.modRevision(written)))
                        .Else(Op.put(
                                name,
                                value,
                                PutOption.builder().withLeaseId(lease).build()))
                        .commit());
        if (!seen.isSucceeded()) {
            if (written != NEVER) {
                LOG.log(Level.WARNING, "{0} was deleted or overwritten by someone else and is written again", key);
            }
            written = seen.getHeader().getRevision();
        }
    }

    private <T> T call(String what, Function<Client, CompletableFuture<T>> call) throws StoreException {
        return requests.make(etcd -> etcd.call(what, atMost, call));
    }

    private long seconds() {
        return timeToLive.plusSeconds(1).minusNanos(1).toSeconds();
    }

    private void announced() {
        if (outlook != Outlook.ANNOUNCED) {
            outlook = Outlook.ANNOUNCED;
            LOG.log(Level.INFO, "{0} is announced as {1}", key.node(), value);
        }
    }

    private void failed(StoreException why) {
        if (outlook != Outlook.INTERRUPTED && closed.getCount() > 0) {
            outlook = Outlook.INTERRUPTED;
            LOG.log(Level.WARNING, "{0} cannot be announced at present: {1}", key.node(), why.getMessage());
        }
    }
}
