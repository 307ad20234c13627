package io.meshnet.netlink;

import static io.meshnet.netlink.ScriptedKernel.PORT_ID;
import static io.meshnet.netlink.ScriptedKernel.datagram;
import static io.meshnet.netlink.ScriptedKernel.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** How requests and answers are matched, with answers that are made up. */
class RouteSocketTest {

    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int RTM_NEWLINK = 16;
    private static final int MULTI = 0x2;
    private static final int DUMP_INTR = 0x10;
    private static final int CAPPED = 0x100;
    private static final int ACK_TLVS = 0x200;

    private static byte[] link(int flags, int sequence, int portId, int ifindex) {
        return message(RTM_NEWLINK, flags, sequence, portId, words(0, ifindex, 0, 0));
    }

    private static byte[] done(int flags, int sequence, int error) {
        return message(NLMSG_DONE, flags | MULTI, sequence, PORT_ID, words(error));
    }

    private static byte[] ack(int sequence, int error) {
        return message(NLMSG_ERROR, CAPPED, sequence, PORT_ID, words(error, 0, 0, 0, 0));
    }

    private static byte[] words(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : words) {
            bytes.putInt(word);
        }
        return bytes.array();
    }

    private static List<Integer> ifindices(List<Link> links) {
        return links.stream().map(Link::ifindex).toList();
    }

    @Test
    void aDumpGoesOnUntilItIsDone() throws Throwable {
        try (ScriptedKernel kernel = new ScriptedKernel(List.of(seq -> List.of(
                datagram(link(MULTI, seq, PORT_ID, 1), link(MULTI, seq, PORT_ID, 2)),
                datagram(link(MULTI, seq, PORT_ID, 3)),
                datagram(done(0, seq, 0)))))) {
            assertThat(ifindices(kernel.socket.links().list())).containsExactly(1, 2, 3);
        }
    }

    @Test
    void aDumpThatWasInterruptedIsRepeatedAndOnlyTheLastCounts() throws Throwable {
        try (ScriptedKernel kernel = new ScriptedKernel(List.of(
                seq -> List.of(
                        datagram(link(MULTI | DUMP_INTR, seq, PORT_ID, 1), link(MULTI, seq, PORT_ID, 2)),
                        datagram(done(0, seq, 0))),
                seq -> List.of(datagram(link(MULTI, seq, PORT_ID, 1)), datagram(done(DUMP_INTR, seq, 0))),
                seq -> List.of(datagram(link(MULTI, seq, PORT_ID, 3)), datagram(done(0, seq, 0)))))) {
            assertThat(ifindices(kernel.socket.links().list())).containsExactly(3);
        }
    }

    @Test
    void aDumpThatIsInterruptedAgainAndAgainIsGivenUp() throws Throwable {
        Function<Integer, List<byte[]>> interrupted = seq -> List.of(datagram(done(DUMP_INTR, seq, 0)));
        try (ScriptedKernel kernel = new ScriptedKernel(Collections.nCopies(16, interrupted))) {
            NetlinkException refused = catchThrowableOfType(
                    NetlinkException.class, () -> kernel.socket.links().list());

            assertThat(refused)
                    .hasMessage("list links in a script: EAGAIN (try again): the answer was incomplete 16 times,"
                            + " for the namespace changed meanwhile");
        }
    }

    @Test
    void aDumpMayFailAtItsEnd() throws Throwable {
        try (ScriptedKernel kernel = new ScriptedKernel(List.of(
                seq -> List.of(datagram(link(MULTI, seq, PORT_ID, 1)), datagram(done(0, seq, -Errno.EINVAL)))))) {
            NetlinkException refused = catchThrowableOfType(
                    NetlinkException.class, () -> kernel.socket.links().list());

            assertThat(refused.errno()).isEqualTo(Errno.EINVAL);
        }
    }

    @Test
    void whatAnswersAnotherRequestOrAnotherSocketIsDropped() throws Throwable {
        try (ScriptedKernel kernel = new ScriptedKernel(List.of(seq -> List.of(
                datagram(link(MULTI, seq - 1, PORT_ID, 1), link(MULTI, seq + 1, PORT_ID, 2)),
                datagram(link(MULTI, seq, PORT_ID + 1, 3), done(0, seq - 1, 0)),
                datagram(link(MULTI, seq, PORT_ID, 4), done(0, seq, 0)))))) {
            assertThat(ifindices(kernel.socket.links().list())).containsExactly(4);
        }
    }

    @Test
    void anAnswerLongerThanTheBufferIsAskedForAgainWithMoreRoom() throws Throwable {
        Function<Integer, List<byte[]>> large = seq -> {
            List<byte[]> links = new ArrayList<>();
            for (int i = 1; i <= 1500; i++) { // of 32 bytes: 48,000
                links.add(link(MULTI, seq, PORT_ID, i));
            }
            links.add(done(0, seq, 0));
            return List.of(datagram(links.toArray(byte[][]::new)));
        };
        try (ScriptedKernel kernel = new ScriptedKernel(List.of(large, large))) {
            assertThat(kernel.socket.links().list()).hasSize(1500);
        }
    }

    @Test
    void anAnswerThatIsNoMessageIsAnError() throws Throwable {
        try (ScriptedKernel kernel = new ScriptedKernel(
                List.of(seq -> List.of(datagram(link(MULTI, seq, PORT_ID, 1), words(0, 0, 0, 0)))))) {
            NetlinkException refused = catchThrowableOfType(
                    NetlinkException.class, () -> kernel.socket.links().list());

            assertThat(refused)
                    .hasMessage("list links in a script: EBADMSG (bad message):"
                            + " a message of 0 bytes at offset 32, where 16 are left");
        }
    }

    @Test
    void everyRequestOfASendHasItsAckAndTheFirstRefusalWins() throws Throwable {
        try (ScriptedKernel kernel = new ScriptedKernel(List.of(
                seq -> List.of(
                        datagram(ack(seq - 1, -Errno.EPERM), ack(seq, 0)),
                        datagram(ack(seq + 1, -Errno.EINVAL)),
                        datagram(ack(seq + 2, -Errno.ENODEV))),
                seq -> List.of(datagram(ack(seq, 0)))))) {
            MessageWriter writer = kernel.socket.begin();
            LinkMessages.up(writer, 1, true);
            LinkMessages.up(writer, 2, true);
            LinkMessages.up(writer, 3, true);

            assertThat(kernel.socket.change(0)).isEqualTo(Errno.EINVAL);
            kernel.socket.links().up(1, true); // nothing of the first is left over
        }
    }

    @Test
    void theKernelsWordsComeFromTheAckWhetherItRepeatsTheRequestOrNot() throws Throwable {
        byte[] text = "no such thing\0\0\0".getBytes(StandardCharsets.US_ASCII); // fourteen bytes and padding
        byte[] attributes = ByteBuffer.allocate(28)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) 18)
                .putShort((short) 1)
                .put(text)
                .putShort((short) 8)
                .putShort((short) 2)
                .putInt(32)
                .array();
        byte[] capped = concatenated(words(-Errno.EINVAL, 32, 0, 0, 0), attributes);
        byte[] whole = concatenated(words(-Errno.EINVAL, 32, 0, 0, 0, 0, 0, 0, 0), attributes);
        try (ScriptedKernel kernel = new ScriptedKernel(List.of(
                seq -> List.of(message(NLMSG_ERROR, CAPPED | ACK_TLVS, seq, PORT_ID, capped)),
                seq -> List.of(message(NLMSG_ERROR, ACK_TLVS, seq, PORT_ID, whole))))) {
            for (int i = 0; i < 2; i++) {
                NetlinkException refused = catchThrowableOfType(
                        NetlinkException.class, () -> kernel.socket.links().up(7, true));

                assertThat(refused.kernelText()).isEqualTo("no such thing (at byte 32 of the request)");
                assertThat(refused).hasMessageStartingWith("set up link ifindex 7 in a script: EINVAL");
            }
        }
    }

    private static byte[] concatenated(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }

    @Test
    void ofABatchWhoseAnswerMakesNoSenseNothingCountsAsDone() throws Throwable {
        try (ScriptedKernel kernel = new ScriptedKernel(
                        List.of(seq -> List.of(message(NLMSG_ERROR, CAPPED, seq, PORT_ID, words()))));
                LinkBatch batch = new LinkBatch(kernel.socket, 2)) {
            batch.raise(1, "", List.of());
            batch.raise(2, "", List.of());

            assertThat(batch.send().stream()).containsExactly(0, 1);
        }
    }
}
