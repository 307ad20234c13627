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
            IOException writing = write(channel, ByteBuffer.wrap(request));
            try {
                return Answer.read(new AnswerReader(channel));
            } catch (IOException e) {
                throw unreachable("the connection broke: ", writing == null ? e : writing);
            } catch (FrontException e) {
                if (writing != null) {
                    throw unreachable("the connection broke: ", writing);
                }
                throw e;
            }
        } catch (IOException e) {
            throw unreachable("no Unix socket: ", e);
        }
    }

    /** Writes all of it. A daemon may answer and close before it has read everything, so that a failure is not yet the end. */
    private static IOException write(SocketChannel channel, ByteBuffer request) {
        try {
            while (request.hasRemaining()) {
                channel.write(request);
            }
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    private static FrontException unreachable(String what, Exception e) {
        return new FrontException(FrontException.TRY_AGAIN_LATER, what + e.getMessage());
    }
}
