package io.meshnet.netlink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What {@code ip} and {@code tc} send, as strace(1) sees it, and a form of a request in which the
 * order of attributes does not matter.
 */
final class IpRequests {

    private static final int RTM_NEWLINK = 16;
    private static final int RTM_NEWTFILTER = 44;
    private static final int RTM_NEWNSID = 88;
    private static final int NETNSA_FD = 3;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int IFLA_INFO_DATA = 2;
    private static final int VETH_INFO_PEER = 1;
    private static final int TCA_OPTIONS = 2;
    private static final int TCA_BPF_FD = 6;

    private IpRequests() {}

    /** The requests of {@code type} that {@code ip -n NETNS ARGUMENTS} sends, in order. */
    static List<byte[]> sent(int type, String netns, String... arguments) {
        return sentBy("ip", type, netns, arguments);
    }

    /** The requests of {@code type} that {@code PROGRAM -n NETNS ARGUMENTS} sends, in order. */
    static List<byte[]> sentBy(String program, int type, String netns, String... arguments) {
        try {
            Path trace = Files.createTempFile("meshnet-nl", ".strace");
            List<String> command = new ArrayList<>(List.of(
                    "strace",
                    "-o",
                    trace.toString(),
                    "-e",
                    "trace=sendmsg,sendto",
                    "-e",
                    "write=all",
                    program,
                    "-n",
                    netns));
            command.addAll(List.of(arguments));
            Commands.run(command.toArray(String[]::new));
            List<byte[]> all = requests(Files.readAllLines(trace));
            Files.delete(trace);
            return all.stream().filter(request -> type(request) == type).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lines such as {@code  | 00010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................ |}. */
    private static List<byte[]> requests(List<String> trace) {
        List<StringBuilder> dumps = new ArrayList<>();
        for (String line : trace) {
            if (line.startsWith(" | ")) {
                if (line.startsWith(" | 00000 ")) {
                    dumps.add(new StringBuilder());
                }
                dumps.getLast().append(line, 10, 59);
            }
        }
        return dumps.stream()
                .map(dump -> HexFormat.of().parseHex(dump.toString().replace(" ", "")))
                .map(sent -> Arrays.copyOf(
                        sent,
                        ByteBuffer.wrap(sent).order(ByteOrder.LITTLE_ENDIAN).getInt(0)))
                .toList();
    }

    private static int type(byte[] request) {
        return ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).getShort(4);
    }

    /**
     * Type and flags, the family header, and the attributes in the order of their types. A namespace's descriptor is left out, since
     * it is another in every process.
     */
    static String canonical(byte[] request, int familyHeader) {
        String header = HexFormat.of().formatHex(request, 4, 8);
        String family = HexFormat.of().formatHex(request, 16, 16 + familyHeader);
        int level = switch (type(request)) {
            case RTM_NEWLINK -> 0;
            case RTM_NEWTFILTER -> 4;
            case RTM_NEWNSID -> 8;
            default -> 9;
        };
        return header + " " + family
                + attributes(Arrays.copyOfRange(request, 16 + familyHeader, request.length), level);
    }

    /**
     * @param level 0 for a link's own attributes, 1 inside IFLA_LINKINFO, 2 inside IFLA_INFO_DATA;
     *     4 of a filter, 5 inside TCA_OPTIONS; 8 of an id; 9 where nothing nests
     */
    private static String attributes(byte[] bytes, int level) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        List<String> all = new ArrayList<>();
        int at = 0;
        boolean veth = false;
        while (at < bytes.length) {
            int length = buffer.getShort(at);
            int type = buffer.getShort(at + 2) & 0x3fff;
            byte[] payload = Arrays.copyOfRange(bytes, at + 4, at + length);
            veth |= level == 1 && type == 1 && Arrays.equals(payload, new byte[] {'v', 'e', 't', 'h'});
            all.add("%03d".formatted(type) + "=" + value(type, level, payload, veth));
            at += (length + 3) & ~3;
        }
        return all.stream().sorted().collect(Collectors.joining(" ", "{", "}"));
    }

    private static String value(int type, int level, byte[] payload, boolean veth) {
        if (level == 0 && type == IFLA_LINKINFO) {
            return attributes(payload, 1);
        }
        if (level == 1 && type == IFLA_INFO_DATA) {
            return attributes(payload, veth ? 2 : 9);
        }
        if (level == 2 && type == VETH_INFO_PEER) {
            return HexFormat.of().formatHex(payload, 0, 16)
                    + attributes(Arrays.copyOfRange(payload, 16, payload.length), 0);
        }
        if (level == 4 && type == TCA_OPTIONS) {
            return attributes(payload, 5);
        }
        boolean isDescriptor = (level == 0 && type == IFLA_NET_NS_FD)
                || (level == 5 && type == TCA_BPF_FD)
                || (level == 8 && type == NETNSA_FD);
        return isDescriptor ? "fd" : HexFormat.of().formatHex(payload);
    }
}
