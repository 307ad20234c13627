package io.meshnet.store.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.GetOption;
import io.meshnet.topology.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * One jetcd client, with the deadline on every call and words for what fails. Opening does no I/O. Safe for use by any
 * thread; closed by whoever opened it, which fails the calls in flight.
 */
final class Connection implements AutoCloseable {
    private static final int PAGE_KEYS = 1_000;
    private static final int MAX_MESSAGE_BYTES = 64 << 20;
    /** etcd closes connections whose client pings more often than every 5 s (--grpc-keepalive-min-time). */
    private static final Duration KEEPALIVE = Duration.ofSeconds(10);

    private static final ByteSequence ALL = bytes("/");
    /** The first key that does not begin with a slash. */
    private static final ByteSequence ALL_END = bytes("0");

    private final Endpoints endpoints;
    private final Duration deadline;
    private final Client client;
    private final long openedNanos = System.nanoTime();

    private Connection(Endpoints endpoints, Duration deadline, Client client) {
        this.endpoints = endpoints;
        this.deadline = deadline;
        this.client = client;
    }

    static Connection open(Endpoints endpoints, Duration deadline) {
        Client client = Client.builder()
                .target(endpoints.target())
                .waitForReady(false)
                .retryMaxAttempts(0)
                .connectTimeout(deadline)
                .keepaliveTime(KEEPALIVE)
                .keepaliveTimeout(deadline)
                .keepaliveWithoutCalls(false)
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .build();
        return new Connection(endpoints, deadline, client);
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    Client client() {
        return client;
    }

    Duration deadline() {
        return deadline;
    }

    /** When it was opened, by {@link System#nanoTime}. */
    long openedNanos() {
        return openedNanos;
    }

    /** All keys under a prefix that ends with a slash. */
    Keyspace read(String prefix, Interpreter interpreter) throws StoreException {
        var option = GetOption.builder().isPrefix(true).build();
        GetResponse response =
                call("reading " + prefix, client -> client.getKVClient().get(bytes(prefix), option));
        var keys = new Keyspace(interpreter);
        response.getKvs().forEach(keys::put);
        keys.advance(response.getHeader().getRevision());
        return keys;
    }

    /** All keys of all pods and nodes, in pages that are all of the first one's revision. */
    Keyspace readAll(Interpreter interpreter) throws StoreException {
        var keys = new Keyspace(interpreter);
        ByteSequence from = ALL;
        long revision = 0;
        while (true) {
            ByteSequence start = from;
            var option = GetOption.builder()
                    .withRange(ALL_END)
                    .withLimit(PAGE_KEYS)
                    .withRevision(revision)
                    .build();
            GetResponse page =
                    call("reading all pods", client -> client.getKVClient().get(start, option));
            page.getKvs().forEach(keys::put);
            if (revision == 0) {
                revision = page.getHeader().getRevision();
            }
            if (!page.isMore()) {
                keys.advance(revision);
                return keys;
            }
            from = page.getKvs().getLast().getKey().concat(ByteSequence.from(new byte[1]));
        }
    }

    /** Asks for nothing but an answer of the cluster. */
    void probe() throws StoreException {
        var option = GetOption.builder().withCountOnly(true).build();
        call("probing", client -> client.getKVClient().get(ALL, option));
    }

    /**
     * Makes a call and waits for its answer, at most for the deadline. A call whose deadline has passed may still take
     * effect.
     *
     * @param what the call does, in words
     */
    <T> T call(String what, Function<Client, CompletableFuture<T>> call) throws StoreException {
        return call(what, deadline, call);
    }

    /** As {@link #call(String, Function)}, for at most another time than the deadline. */
    <T> T call(String what, Duration atMost, Function<Client, CompletableFuture<T>> call) throws StoreException {
        try {
            return call.apply(client).get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw failure(what, e.getCause());
        } catch (TimeoutException e) {
            throw new StoreException(message(what, "no answer within " + atMost.toMillis() + " ms"), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(message(what, "interrupted"), e);
        } catch (RuntimeException e) {
            throw failure(what, e);
        }
    }

    /** Puts a failure into the words of the store. */
    StoreException failure(String what, Throwable cause) {
        return new StoreException(message(what, reason(cause)), cause);
    }

    /** Whether etcd has answered that something is not there: a lease that ran out, or that it never knew. */
    static boolean isNotFound(StoreException e) {
        return e.getCause() instanceof EtcdException etcd && etcd.getErrorCode() == ErrorCode.NOT_FOUND;
    }

    @Override
    public void close() {
        client.close();
    }

    private String message(String what, String why) {
        return what + " (etcd at " + endpoints + "): " + why;
    }

    /** The innermost message: around it gRPC and jetcd say no more than that something is unavailable. */
    private static String reason(Throwable failure) {
        String reason = failure.getClass().getSimpleName();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                reason = cause.getMessage();
            }
        }
        return reason;
    }
}
