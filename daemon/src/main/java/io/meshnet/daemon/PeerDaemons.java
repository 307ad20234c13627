package io.meshnet.daemon;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Prefix;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/**
 * Tells the daemons of other nodes of links to their pods ({@code PUT /vtep}). They see the same in the store; this is for speed, and for
 * nodes that run the original, which follows no store. It is done in the background and holds up nobody.
 */
final class PeerDaemons implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PeerDaemons.class.getName());
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Duration CONNECT = Duration.ofSeconds(2);
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final int ATTEMPTS = 4;

    /** What a daemon answers about a pod that is not there or a link that it does not have: to ask again changes nothing. */
    private static final int FORBIDDEN = 403;

    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);

    private final int port;
    private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();

    /** Made when it is first needed: it brings up all of TLS, which a start need not wait for. Guarded by this. */
    private Optional<HttpClient> client = Optional.empty();

    /** @param port that the daemons of all nodes listen on */
    PeerDaemons(int port) {
        this.port = port;
    }

    /**
     * Tells each peer, node by node, with a deadline and a bounded number of attempts. Returns at once.
     *
     * @return for each update when the peer has its end in place; fails with an {@link IOException} that says why it has not
     */
    Map<PeerUpdate, CompletableFuture<Void>> tell(List<PeerUpdate> updates) {
        Map<PeerUpdate, CompletableFuture<Void>> answers = new LinkedHashMap<>();
        updates.forEach(update -> answers.put(update, new CompletableFuture<>()));
        updates.stream()
                .collect(Collectors.groupingBy(PeerUpdate::node))
                .values()
                .forEach(node -> background.execute(() -> tellNode(node, answers)));
        return answers;
    }

    /** A node that does not even answer is given up: it will see the same in the store. */
    private void tellNode(List<PeerUpdate> updates, Map<PeerUpdate, CompletableFuture<Void>> answers) {
        try {
            for (PeerUpdate update : updates) {
                Optional<IOException> refusal = tell(update);
                refusal.ifPresentOrElse(
                        why -> {
                            LOG.log(Level.WARNING, "{0}: {1}", update.link(), why.getMessage());
                            answers.get(update).completeExceptionally(why);
                        },
                        () -> answers.get(update).complete(null));
            }
        } catch (IOException e) {
            URI uri = uri(updates.getFirst().node());
            LOG.log(Level.WARNING, "{0} was not told of {1} links: {2}", uri, updates.size(), e.toString());
            var silent = new IOException(uri + " does not answer: " + e, e);
            updates.forEach(update -> answers.get(update).completeExceptionally(silent));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            // Nobody shall wait for what was given up, whatever the reason.
            updates.forEach(update -> answers.get(update).cancel(false));
        }
    }

    /**
     * Tells one update.
     *
     * @return why the peer refuses it, if it does
     * @throws IOException when the peer does not answer
     */
    private Optional<IOException> tell(PeerUpdate update) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri(update.node()))
                .timeout(ANSWER)
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(body(update.update()).toString()))
                .build();
        Duration pause = FIRST_PAUSE;
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ATTEMPTS;
            try {
                HttpResponse<String> answer = client().send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200) {
                    return Optional.empty();
                }
                if (last || answer.statusCode() == FORBIDDEN) {
                    return Optional.of(new IOException(
                            request.uri() + " answers " + answer.body().strip()));
                }
            } catch (IOException e) {
                if (last) {
                    throw e;
                }
            }
            Thread.sleep(pause.plusMillis(ThreadLocalRandom.current().nextLong(pause.toMillis())));
            pause = pause.multipliedBy(2);
        }
    }

    private synchronized HttpClient client() {
        HttpClient known = client.orElseGet(() -> HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT)
                .executor(background)
                .build());
        client = Optional.of(known);
        return known;
    }

    private URI uri(InetAddress node) {
        String address = NumericAddress.format(node);
        String host = node instanceof Inet6Address ? "[" + address + "]" : address;
        return URI.create("http://" + host + ":" + port + "/vtep");
    }

    static ObjectNode body(VtepUpdate update) {
        ObjectNode json = JSON.createObjectNode();
        json.put("net_ns", update.netns().toString());
        json.put("link_name", update.ifname());
        json.put("link_ip", update.address().map(Prefix::toString).orElse(""));
        json.put("peer_vtep", NumericAddress.format(update.remote()));
        json.put("vni", update.vni());
        return json;
    }

    @Override
    public synchronized void close() {
        background.shutdownNow();
        client.ifPresent(HttpClient::shutdownNow);
    }
}
