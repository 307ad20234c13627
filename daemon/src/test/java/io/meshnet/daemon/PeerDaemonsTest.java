package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.meshnet.reconciler.peer.PeerUpdate;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.PodName;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PeerDaemonsTest {

    private static final InetAddress HERE = NumericAddress.parse("127.0.0.1");
    private static final VtepUpdate UPDATE = new VtepUpdate(
            Path.of("/run/netns/pod3"), "eth2", Optional.empty(), NumericAddress.parse("10.0.0.1"), 5021);
    private static final PeerUpdate TOLD = new PeerUpdate(
            PodLink.of(new DeclaredLink(
                    21,
                    new LinkEnd(PodName.of("pod2"), "eth2", Optional.empty()),
                    new LinkEnd(PodName.of("pod3"), "eth2", Optional.empty()))),
            PodName.of("pod3"),
            HERE,
            true,
            UPDATE);

    private final BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
    private final BlockingQueue<Status> answers = new LinkedBlockingQueue<>();
    private WebServer peer;

    @BeforeEach
    void startPeer() {
        peer = WebServer.builder()
                .bindAddress(new java.net.InetSocketAddress(HERE, 0))
                .routing(routing -> routing.put("/vtep", (request, response) -> {
                    bodies.add(request.content().as(String.class));
                    Status answer = answers.poll();
                    if (answer == null) {
                        response.send();
                    } else {
                        response.status(answer).send("the VNI is taken");
                    }
                }))
                .build()
                .start();
    }

    @AfterEach
    void stopPeer() {
        peer.stop();
    }

    @Test
    void aPeerIsToldOfItsEnd() throws Exception {
        try (PeerDaemons peers = new PeerDaemons(peer.port())) {
            var answer = peers.tell(List.of(TOLD)).get(TOLD);

            assertThat(VtepRequest.decode(next())).isEqualTo(UPDATE);
            assertThat(answer).succeedsWithin(Duration.ofSeconds(30));
        }
    }

    @Test
    void aPeerThatNeverCanIsGivenUpAndItsReasonTold() {
        answers.addAll(Collections.nCopies(10, Status.INTERNAL_SERVER_ERROR_500));
        try (PeerDaemons peers = new PeerDaemons(peer.port())) {
            var answer = peers.tell(List.of(TOLD)).get(TOLD);

            assertThat(answer)
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withMessageContaining("the VNI is taken");
        }
    }

    @Test
    void aPeerThatDoesNotAnswerIsGivenUpAndNamed() {
        int port = peer.port();
        peer.stop();
        try (PeerDaemons peers = new PeerDaemons(port)) {
            var answer = peers.tell(List.of(TOLD)).get(TOLD);

            assertThat(answer)
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withMessageContaining("127.0.0.1");
        }
    }

    @Test
    void aPeerThatCannotDoItYetIsToldAgain() throws Exception {
        answers.add(Status.INTERNAL_SERVER_ERROR_500);
        try (PeerDaemons peers = new PeerDaemons(peer.port())) {
            var answer = peers.tell(List.of(TOLD)).get(TOLD);

            assertThat(answer).succeedsWithin(Duration.ofSeconds(30));
            assertThat(VtepRequest.decode(next())).isEqualTo(UPDATE);
            assertThat(VtepRequest.decode(next())).isEqualTo(UPDATE);
        }
    }

    private byte[] next() throws InterruptedException {
        String body = bodies.poll(30, TimeUnit.SECONDS);
        assertThat(body).as("what the peer was told").isNotNull();
        return body.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
}
