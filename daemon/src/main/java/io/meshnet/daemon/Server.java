package io.meshnet.daemon;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.health.HealthCheckResponse;
import io.helidon.health.HealthCheckType;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.observe.ObserveFeature;
import io.helidon.webserver.observe.health.HealthObserver;
import io.meshnet.cni.Dispatcher;
import io.meshnet.cni.Reply;
import io.meshnet.reconciler.peer.RefusedUpdateException;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.state.LinkException;
import io.meshnet.topology.PodName;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;

/** The two ways in that are HTTP: the CNI front's Unix socket, and the REST API that peers and probes use. */
final class Server implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Server.class.getName());

    private static final String CNI = "cni";
    private static final String CNI_VARIABLE = "CNI_";
    private static final HeaderName NETNS = HeaderNames.create(Reply.NETNS_HEADER);

    /** Larger than any configuration or result a runtime would send. */
    private static final long MAX_PAYLOAD = 16 << 20;

    /** What a request in flight is given at the end; a delegate may be running. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Configuration configuration;
    private final Dispatcher dispatcher;
    private final Fabrics fabrics;
    private final WebServer server;

    private Server(Configuration configuration, Dispatcher dispatcher, Fabrics fabrics) {
        this.configuration = configuration;
        this.dispatcher = dispatcher;
        this.fabrics = fabrics;
        this.server = WebServer.builder()
                .port(configuration.port())
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                .maxPayloadSize(MAX_PAYLOAD)
                .addFeature(ObserveFeature.just(health()))
                .routing(rest -> rest.put("/vtep", this::vtep)
                        .get("/v1/links", this::links)
                        .get("/v1/pods", this::pods))
                .putSocket(
                        CNI,
                        socket -> socket.bindAddress(UnixDomainSocketAddress.of(configuration.socket()))
                                .shutdownGracePeriod(GRACE)
                                .maxPayloadSize(MAX_PAYLOAD)
                                .routing(HttpRouting.builder().post("/cni", this::cni)))
                .build();
    }

    /**
     * Starts serving.
     *
     * @throws ConfigurationException when the socket cannot be made or the port is taken
     */
    static Server start(Configuration configuration, Dispatcher dispatcher, Fabrics fabrics)
            throws ConfigurationException {
        Path socket = configuration.socket();
        Server started = new Server(configuration, dispatcher, fabrics);
        try {
            Files.createDirectories(socket.toAbsolutePath().getParent());
            Files.deleteIfExists(socket);
            started.server.start();
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException | RuntimeException e) {
            started.server.stop();
            throw new ConfigurationException(
                    "cannot serve " + socket + " and port " + configuration.port() + ": " + e.getMessage(), e);
        }
        return started;
    }

    /**
     * Makes sure that no other daemon is at work on this node, before this one begins.
     *
     * @throws ConfigurationException when one answers on the socket
     */
    static void requireUnserved(Path socket) throws ConfigurationException {
        if (isServed(socket)) {
            throw new ConfigurationException("MESHNET_SOCKET: another daemon serves " + socket);
        }
    }

    private static boolean isServed(Path socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false;
        }
    }

    private HealthObserver health() {
        return HealthObserver.builder()
                .useSystemServices(false)
                .details(true)
                .addCheck(() -> HealthCheckResponse.builder().status(true).build(), HealthCheckType.LIVENESS, "serving")
                .addCheck(this::ready, HealthCheckType.READINESS, "topology")
                .build();
    }

    private HealthCheckResponse ready() {
        return HealthCheckResponse.builder()
                .status(fabrics.isReady())
                .detail("etcd", fabrics.own().toString())
                .build();
    }

    private void cni(ServerRequest request, ServerResponse response) {
        Map<String, String> environment = new HashMap<>();
        request.headers().forEach(header -> {
            String name = header.name().toUpperCase(Locale.ROOT);
            if (name.startsWith(CNI_VARIABLE)) {
                environment.put(name, header.get());
            }
        });
        Reply reply = dispatcher.dispatch(environment, body(request));
        reply.netns().ifPresent(path -> response.header(NETNS, path.toString()));
        response.status(Status.create(reply.status()))
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(reply.body().getBytes(StandardCharsets.UTF_8));
    }

    private void vtep(ServerRequest request, ServerResponse response) {
        VtepUpdate update;
        try {
            update = VtepRequest.decode(body(request));
        } catch (VtepRequest.MalformedException e) {
            answer(response, Status.BAD_REQUEST_400, e.getMessage());
            return;
        }
        try {
            fabrics.apply(update).join();
            response.status(Status.OK_200).send();
        } catch (CompletionException e) {
            boolean isRefused = e.getCause() instanceof RefusedUpdateException;
            String reason = e.getCause() instanceof LinkException
                    ? e.getCause().getMessage()
                    : e.getCause().toString();
            LOG.log(Level.WARNING, "{0}: {1}", Excerpt.of(update.toString()), Excerpt.of(reason));
            answer(response, isRefused ? Status.FORBIDDEN_403 : Status.INTERNAL_SERVER_ERROR_500, reason);
        }
    }

    private void links(ServerRequest request, ServerResponse response) {
        ArrayNode links = JSON.createArrayNode();
        try {
            fabrics.reports()
                    .forEach(report -> report.links(links, pods(request)).join());
            answer(response, "links", links);
        } catch (CompletionException e) {
            answer(response, Status.INTERNAL_SERVER_ERROR_500, e.getCause().getMessage());
        }
    }

    private void pods(ServerRequest request, ServerResponse response) {
        ArrayNode pods = JSON.createArrayNode();
        fabrics.reports().forEach(report -> report.pods(pods, pods(request)));
        answer(response, "pods", pods);
    }

    /** The pods that a request is about: all, unless it names one by {@code ?pod=}. */
    private static Predicate<PodName> pods(ServerRequest request) {
        Optional<String> named = request.query().first("pod").asOptional();
        return pod ->
                named.isEmpty() || named.get().equals(pod.name()) || named.get().equals(pod.toString());
    }

    private void answer(ServerResponse response, String name, ArrayNode list) {
        ObjectNode json = JSON.createObjectNode().put("node", configuration.node());
        json.set(name, list);
        response.header(HeaderNames.CONTENT_TYPE, "application/json")
                .send((json.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] body(ServerRequest request) {
        return request.content().hasEntity() ? request.content().as(byte[].class) : new byte[0];
    }

    private static void answer(ServerResponse response, Status status, String text) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .send((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Refuses new requests, lets those in flight finish, and removes the socket. */
    @Override
    public void close() {
        server.stop();
    }
}
