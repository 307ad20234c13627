package io.meshnet.store.etcd;

import static io.meshnet.store.etcd.Connection.bytes;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.PutOption;
import io.meshnet.store.etcd.PodKey.Item;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.StoreException;
import io.meshnet.topology.TopologyStore;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Topologies and placements in the keys of the seed, and the nodes beside them. Safe for use by any thread; calls block, at most for the deadline
 * and twice that where it says so. What etcd refuses because it is or was away may take a second more, after which it is asked again.
 *
 * <p>The keys know pods by name alone, so only pods of {@link PodName#DEFAULT_NAMESPACE} can be in them.
 */
public final class EtcdStore implements TopologyStore {
    private static final Duration LEAST_TIME_TO_LIVE = Duration.ofSeconds(1);
    private static final ByteSequence EMPTY = bytes("");

    private final Endpoints endpoints;
    private final Duration deadline;
    private final Interpreter interpreter = new Interpreter();
    private final Set<Follower> followers = ConcurrentHashMap.newKeySet();
    private final Set<Announcer> announcers = ConcurrentHashMap.newKeySet();
    private final Requests requests;
    private volatile boolean closed;

    private EtcdStore(Endpoints endpoints, Duration deadline) {
        this.endpoints = endpoints;
        this.deadline = deadline;
        this.requests = new Requests(this::open);
    }

    /**
     * A store on an etcd cluster. Returns at once: the connection is made by the first call, and again whenever it is
     * lost.
     *
     * @param deadline within which every single request is answered or has failed, above zero
     */
    public static EtcdStore connect(Endpoints endpoints, Duration deadline) {
        if (!deadline.isPositive()) {
            throw new IllegalArgumentException("deadline " + deadline + " is not above zero");
        }
        QuietLoggers.hush();
        return new EtcdStore(endpoints, deadline);
    }

    /** What is known of one pod; nothing is of one outside the default namespace. */
    @Override
    public PodRecord read(PodName pod) throws StoreException {
        if (!isKept(pod)) {
            return PodRecord.unknown(pod);
        }
        return requests.insist(etcd -> etcd.read(PodKey.prefix(pod), interpreter))
                .record(pod);
    }

    @Override
    public Map<PodName, PodRecord> readAll() throws StoreException {
        return Map.copyOf(requests.insist(etcd -> etcd.readAll(interpreter)).records());
    }

    /**
     * Writes a pod's placement in one transaction, over whatever incarnation was there.
     *
     * @throws IllegalArgumentException if the pod is outside the default namespace, or the placement has no container
     *     id, without which nobody could unregister it
     */
    @Override
    public long register(PodName pod, Placement placement) throws StoreException {
        if (!isKept(pod)) {
            throw new IllegalArgumentException(
                    pod + ": the keys in etcd have no namespace but " + PodName.DEFAULT_NAMESPACE);
        }
        requireContainerId(placement.containerId());
        return requests.insist(etcd -> etcd.call(
                        "registering " + pod,
                        client -> client.getKVClient()
                                .txn()
                                .Then(
                                        put(pod, Item.SRC_IP, bytes(NumericAddress.format(placement.vtep()))),
                                        put(pod, Item.NET_NS, bytes(placement.netns())),
                                        put(pod, Item.CONTAINER_ID, bytes(placement.containerId())),
                                        put(pod, Item.NODE, bytes(placement.node())),
                                        put(pod, Item.NET_NS_ID, bytes(placement.netnsId())))
                                .commit()))
                .getHeader()
                .getRevision();
    }

    /**
     * Empties {@code src_ip} and {@code net_ns}, as the original does, and deletes {@code container_id},
     * {@code node} and {@code net_ns_id}, which it does not know, in one transaction, if the placement is still that of the container. A
     * placement by the original is nobody's: it has no container id, or one that an earlier incarnation left, so it
     * stays as it is.
     *
     * <p>Makes two requests at least, each with the deadline, and more while others write the same placement.
     *
     * @throws IllegalArgumentException if {@code containerId} is empty
     */
    @Override
    public OptionalLong unregister(PodName pod, String containerId) throws StoreException {
        requireContainerId(containerId);
        if (!isKept(pod)) {
            return OptionalLong.empty();
        }
        while (true) {
            OptionalLong revision = requests.insist(etcd -> etcd.read(PodKey.prefix(pod), interpreter))
                    .values(pod)
                    .revisionOf(containerId);
            if (revision.isEmpty()) {
                return OptionalLong.empty();
            }
            TxnResponse emptied = empty(pod, containerId, revision.getAsLong());
            if (emptied.isSucceeded()) {
                return OptionalLong.of(emptied.getHeader().getRevision());
            }
        }
    }

    /**
     * Follows all pods on a thread of its own, which also calls the listener. An etcd that is gone is told at once, one
     * that hangs after two seconds of silence and a deadline.
     *
     * @throws IllegalStateException if the store is closed
     */
    @Override
    public Subscription subscribe(Listener listener) {
        var follower = Follower.start(this::open, interpreter, listener, deadline);
        followers.add(follower);
        if (closed) {
            follower.close();
            throw new IllegalStateException("the store is closed");
        }
        return () -> {
            followers.remove(follower);
            follower.close();
        };
    }

    /**
     * {@inheritDoc}
     *
     * <p>A key under a lease, kept alive and looked at by a thread of its own every quarter to third of the time to live. Whatever else is
     * under that key is overwritten, another process's announcement too; its value is {@code vtep}, and is not read by anybody. Time to
     * live is counted in whole seconds, two of them at least with an etcd of the usual election timeout. Less than one is refused.
     *
     * @throws IllegalStateException if the store is closed
     */
    @Override
    public Announcement announce(String node, InetAddress vtep, Duration timeToLive) {
        if (timeToLive.compareTo(LEAST_TIME_TO_LIVE) < 0) {
            throw new IllegalArgumentException("time to live " + timeToLive + " is less than " + LEAST_TIME_TO_LIVE);
        }
        var announcer = Announcer.start(requests, NodeKey.of(node), NumericAddress.format(vtep), timeToLive, deadline);
        announcers.add(announcer);
        if (closed) {
            announcer.close();
            throw new IllegalStateException("the store is closed");
        }
        return () -> {
            announcers.remove(announcer);
            announcer.close();
        };
    }

    /** Ends subscriptions and announcements, and fails the calls in flight. */
    @Override
    public void close() {
        closed = true;
        followers.forEach(Follower::close);
        announcers.forEach(Announcer::close);
        requests.close();
    }

    private Connection open() {
        return Connection.open(endpoints, deadline);
    }

    private TxnResponse empty(PodName pod, String containerId, long revision) throws StoreException {
        return requests.insist(etcd -> etcd.call(
                "unregistering " + pod,
                client -> client.getKVClient()
                        .txn()
                        .If(
                                new Cmp(key(pod, Item.CONTAINER_ID), Cmp.Op.EQUAL, CmpTarget.value(bytes(containerId))),
                                new Cmp(key(pod, Item.SRC_IP), Cmp.Op.EQUAL, CmpTarget.modRevision(revision)))
                        .Then(
                                put(pod, Item.SRC_IP, EMPTY),
                                put(pod, Item.NET_NS, EMPTY),
                                Op.delete(key(pod, Item.CONTAINER_ID), DeleteOption.DEFAULT),
                                Op.delete(key(pod, Item.NODE), DeleteOption.DEFAULT),
                                Op.delete(key(pod, Item.NET_NS_ID), DeleteOption.DEFAULT))
                        .commit()));
    }

    private static boolean isKept(PodName pod) {
        return pod.namespace().equals(PodName.DEFAULT_NAMESPACE);
    }

    private static void requireContainerId(String containerId) {
        if (containerId.isEmpty()) {
            throw new IllegalArgumentException("the container id is empty");
        }
    }

    private static ByteSequence key(PodName pod, Item item) {
        return bytes(new PodKey(pod, item).toString());
    }

    private static Op put(PodName pod, Item item, ByteSequence value) {
        return Op.put(key(pod, item), value, PutOption.DEFAULT);
    }
}
