package io.meshnet.tests;

import io.helidon.common.tls.Tls;
import io.helidon.http.HeaderNames;
import io.helidon.webclient.api.HttpClientResponse;
import io.helidon.webclient.api.UnixDomainSocketClientConnection;
import io.helidon.webclient.api.WebClient;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** HTTP over a Unix socket, without a process for each request, to servers in whatever network namespace. */
final class UnixHttp {

    /** As long as the slowest call may take. */
    private static final WebClient CLIENT = WebClient.builder()
            .baseUri("http://localhost")
            .readTimeout(Duration.ofSeconds(60))
            .build();

    private static final Tls NO_TLS = Tls.builder().enabled(false).build();

    /** What a server answered. */
    record Answer(int status, String body) {}

    private UnixHttp() {}

    /**
     * Posts JSON.
     *
     * @throws RuntimeException when nobody listens, or breaks off
     */
    static Answer post(Path socket, String path, Map<String, String> headers, String json) {
        UnixDomainSocketClientConnection connection = UnixDomainSocketClientConnection.create(
                CLIENT, NO_TLS, List.of(), UnixDomainSocketAddress.of(socket), _ -> false, _ -> {});
        try {
            connection.connect();
            var request = CLIENT.post(path).connection(connection).header(HeaderNames.CONTENT_TYPE, "application/json");
            headers.forEach((name, value) -> request.header(HeaderNames.create(name), value));
            try (HttpClientResponse response = request.submit(json)) {
                String body = response.entity().hasEntity() ? response.as(String.class) : "";
                return new Answer(response.status().code(), body);
            }
        } finally {
            connection.closeResource();
        }
    }
}
