package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.cni.Attachment;
import io.meshnet.cni.CniException;
import io.meshnet.cni.Delegates;
import io.meshnet.cni.Dispatcher;
import io.meshnet.cni.NetnsNeededException;
import io.meshnet.cni.NetworkConfig;
import io.meshnet.cni.PodNetwork;
import io.meshnet.reconciler.KernelThread;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What goes to the front over the Unix socket. */
class ServerTest {
    private static final String CHAINED =
            "{\"cniVersion\": \"1.0.0\", \"name\": \"n\", \"prevResult\": {\"cniVersion\": \"1.0.0\"}}";

    private static final Pattern COMPLETE = Pattern.compile("\r\n\r\n\\{.*\\}$", Pattern.DOTALL);

    @TempDir
    private Path directory;

    @Test
    void anAddThatNeedsANetworkNamespaceIsAnsweredWithItsPath() throws Exception {
        PodNetwork network = new Refusing(new NetnsNeededException(Path.of("/run/meshnet/netns")));

        String answer = add(network);

        assertThat(answer)
                .startsWith("HTTP/1.1 428 ")
                .containsIgnoringCase("\r\nMeshnet-Netns: /run/meshnet/netns\r\n");
        assertThat(answer).contains("\"code\":11,", "/run/meshnet/netns", "meshnetctl install");
    }

    @Test
    void anAddThatFailsOtherwiseAsksForNothing() throws Exception {
        String answer = add(new Refusing(new CniException(CniException.TRY_AGAIN_LATER, "etcd is away")));

        assertThat(answer).startsWith("HTTP/1.1 500 ").contains("etcd is away").doesNotContainIgnoringCase("netns");
    }

    /** The answer to an ADD of a pod network, with the daemon's advice around it. */
    private String add(PodNetwork network) throws ConfigurationException, IOException {
        Path socket = directory.resolve("meshnetd.sock");
        Main main = new Main(new KernelThread(_ -> {}));
        new CommandLine(main).parseArgs("--port=0", "--socket=" + socket);
        Dispatcher dispatcher = new Dispatcher(new AdvisingNetwork(network), new Delegates());
        try (Server server = Server.start(main.configuration(), dispatcher, null);
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            assertThat(server).isNotNull();
            channel.connect(UnixDomainSocketAddress.of(socket));
            String request = "POST /cni HTTP/1.1\r\nHost: meshnetd\r\nConnection: close\r\nContent-Length: "
                    + CHAINED.length()
                    + "\r\nCNI_COMMAND: ADD\r\nCNI_CONTAINERID: c0ffee\r\nCNI_NETNS: /run/netns/c\r\nCNI_IFNAME: eth0\r\n"
                    + "CNI_PATH: /opt/cni/bin\r\n\r\n" + CHAINED;
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
            return read(channel);
        }
    }

    /** Reads an answer to the closing brace of its body; the connection may stay open. */
    private static String read(SocketChannel channel) throws IOException {
        StringBuilder answer = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        while (!COMPLETE.matcher(answer).find() && channel.read(buffer.clear()) >= 0) {
            answer.append(StandardCharsets.US_ASCII.decode(buffer.flip()));
        }
        return answer.toString();
    }

    /** A pod network that refuses to begin any ADD. */
    private record Refusing(CniException why) implements PodNetwork {
        @Override
        public void validate(Attachment attachment) {}

        @Override
        public Joining begin(Attachment attachment) throws CniException {
            throw why;
        }

        @Override
        public boolean isAttached(Attachment attachment) {
            return false;
        }

        @Override
        public boolean isStale(Attachment attachment) {
            return false;
        }

        @Override
        public void delete(Attachment attachment) {}

        @Override
        public void check(Attachment attachment) {}

        @Override
        public void status(NetworkConfig config) {}
    }
}
