package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Whatever the bytes are, reading them ends, in values or in a {@link MalformedMessageException}, and what lies behind them does not
 * matter. A find becomes a named test in MessageReaderTest.
 */
class ReaderFuzzTest {

    private static final int ROUNDS = 50_000;
    private static final List<byte[]> CORPUS = List.of(
            LinkMessagesTest.VETH,
            LinkMessagesTest.VXLAN,
            LinkMessagesTest.VXLAN6,
            AddressAndRouteMessagesTest.ADDRESS,
            AddressAndRouteMessagesTest.ADDRESS6,
            AddressAndRouteMessagesTest.ROUTE,
            NetnsMessagesTest.GONE,
            NetnsMessagesTest.KNOWN,
            TrafficMessagesTest.CLSACT,
            TrafficMessagesTest.DUMPED,
            LinkMessagesTest.EXTERNAL_VXLAN,
            concatenated(AddressAndRouteMessagesTest.ADDRESS6, LinkMessagesTest.VXLAN));

    private final LinkDecoder links = new LinkDecoder();
    private final AttributeReader attributes = new AttributeReader();
    private final AttributeReader options = new AttributeReader();
    private final LinkEventDecoder events = new LinkEventDecoder();
    private final ExtendedAck ack = new ExtendedAck();

    private static byte[] concatenated(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @Test
    void readingEndsWhateverTheBytesAre() {
        long seed = Long.getLong("meshnet.fuzz.seed", System.nanoTime());
        System.out.println("fuzz seed: -Dmeshnet.fuzz.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < ROUNDS; round++) {
            check(mutated(random), "seed " + seed + ", round " + round);
        }
    }

    @Test
    void readingEndsWhereverAMessageIsCut() {
        for (byte[] message : CORPUS) {
            for (int length = 0; length <= message.length; length++) {
                check(Arrays.copyOf(message, length), "cut at " + length);
            }
        }
    }

    private static byte[] mutated(SplittableRandom random) {
        byte[] message = CORPUS.get(random.nextInt(CORPUS.size())).clone();
        int changes = random.nextInt(1, 6);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(message.length);
            message[at] = switch (random.nextInt(4)) {
                case 0 -> 0;
                case 1 -> (byte) 0xff;
                case 2 -> (byte) (message[at] + random.nextInt(-4, 5));
                default -> (byte) random.nextInt();
            };
        }
        return random.nextInt(3) == 0 ? Arrays.copyOf(message, random.nextInt(message.length + 1)) : message;
    }

    /** Behind the message once zeroes and once ones: the outcome must be the same. */
    private void check(byte[] message, String where) {
        byte[] zeroes = Arrays.copyOf(message, message.length + 64);
        byte[] ones = zeroes.clone();
        Arrays.fill(ones, message.length, ones.length, (byte) 0xff);
        String context = where + ": " + HexFormat.of().formatHex(message);
        assertThat(outcome(zeroes, message.length, context))
                .as(context)
                .isEqualTo(outcome(ones, message.length, context));
    }

    private List<Object> outcome(byte[] bytes, int length, String context) {
        List<Object> outcome = new ArrayList<>();
        MessageReader reader = new MessageReader().wrap(MemorySegment.ofArray(bytes), length);
        try {
            while (reader.next()) {
                attempt(outcome, () -> links.decode(reader));
                attempt(outcome, () -> AddressMessages.decode(reader, attributes));
                attempt(outcome, () -> RouteMessages.decode(reader, attributes));
                attempt(outcome, () -> NetnsMessages.decode(reader, attributes));
                attempt(outcome, () -> {
                    List<LinkEvent> seen = new ArrayList<>();
                    events.decode(reader, LinkEvent.OWN_NETNS, seen);
                    return seen;
                });
                attempt(outcome, () -> TrafficMessages.qdisc(reader, attributes));
                attempt(outcome, () -> TrafficMessages.filter(reader, attributes, options));
                attempt(outcome, () -> ack.error(reader) + ack.text());
                attempt(outcome, () -> ack.done(reader) + ack.text());
            }
        } catch (MalformedMessageException e) {
            outcome.add(e.getMessage());
        } catch (RuntimeException e) {
            throw new AssertionError(context, e);
        }
        assertThat(outcome.size()).as(context).isLessThanOrEqualTo(9 * length);
        return outcome;
    }

    private interface Decoding {
        Object decode();
    }

    private static void attempt(List<Object> outcome, Decoding decoding) {
        try {
            outcome.add(decoding.decode());
        } catch (MalformedMessageException e) {
            outcome.add(e.getMessage());
        }
    }
}
