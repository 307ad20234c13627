package io.meshnet.cni.front;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** One request to the daemon and its answer. Blocks as long as the daemon does: who calls has a deadline of its own. */
final class Exchange {
    private Exchange() {}

    /** @throws FrontException with code 11 and the reason when no answer comes */
    static Answer with(String socket, byte[] request) throws FrontException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
            } catch (IOException | IllegalArgumentException e) {
                throw unreachable("cannot connect: ", e);
            }
            write(channel, ByteBuffer.wrap(request));
            return Answer.read(new AnswerReader(channel));
        } catch (IOException e) {
            throw unreachable("no Unix socket: ", e);
        }
    }

    /**
     * Writes all of it. A daemon may answer and close before it has read everything: whether a failure is one, its answer
     * tells.
     */
    private static void write(SocketChannel channel, ByteBuffer request) {
        try {
            while (request.hasRemaining()) {
                channel.write(request);
            }
        } catch (IOException e) {
            // the answer, or that there is none
        }
    }

    private static FrontException unreachable(String what, Exception e) {
        return new FrontException(FrontException.TRY_AGAIN_LATER, what + e.getMessage());
    }
}
