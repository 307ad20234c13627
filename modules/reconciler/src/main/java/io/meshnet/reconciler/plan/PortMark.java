package io.meshnet.reconciler.plan;

import io.meshnet.reconciler.state.EndId;
import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.Prefix;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The mark of a port, which is the ifalias of its patch side. It says which interface of which pod
 * the port serves, and which declaration was applied to that interface last. A port gets its mark
 * as the last step of being made, so that a port without a mark is half made.
 *
 * <pre>
 *   meshnet eth2 21 23.23.23.2/24 auto/1450 default/pod2                 from the topology, the node chose the MTU
 *   meshnet eth2 21 23.23.23.2/24 9000 default/pod2                      the link declares the MTU
 *   meshnet eth2 vni/5021/10.0.0.2 23.23.23.2/24 auto/1450 default/pod2  from a peer's update, the topology has no such link
 *   meshnet eth2 21 23.23.23.2/24 auto/0 default/pod2                    the daemon changes address or MTU
 * </pre>
 *
 * @param ifname the declared name of the interface in the pod, at most 15 bytes
 * @param source what asked for the port
 * @param address the address that was applied last, if any
 * @param mtu the MTU that was applied last, in bytes; 0 while a declaration is applied
 * @param isMtuDeclared whether that MTU was declared
 * @param pod the pod as text; a text that is too long for an ifalias is cut and ends in its digest
 */
public record PortMark(
        String ifname, Source source, Optional<Prefix> address, int mtu, boolean isMtuDeclared, String pod) {

    /** What asked for a port. */
    public sealed interface Source {}

    /**
     * The topology has a link of this uid.
     *
     * @param uid the link's uid
     */
    public record OfTopology(int uid) implements Source {
        @Override
        public String toString() {
            return Integer.toString(uid);
        }
    }

    /**
     * A daemon of another node asked for the port, and no topology has the link.
     *
     * @param vni the VNI of the tunnel
     * @param remote VTEP of the other node, as text
     */
    public record OfUpdate(int vni, String remote) implements Source {
        @Override
        public String toString() {
            return VNI + "/" + vni + "/" + remote;
        }
    }

    private static final String PREFIX = "meshnet";
    private static final String VNI = "vni";
    private static final String AUTO = "auto/";
    private static final String NO_ADDRESS = "-";

    /** IFALIASZ without its terminating zero (linux/if.h). */
    private static final int ALIAS_LIMIT = 255;

    /**
     * The longest text before the pod: the prefix, 15 bytes of ifname, 54 of source, 43 of address,
     * 10 of MTU, five spaces.
     */
    private static final int HEAD_LIMIT = 7 + 15 + 54 + 43 + 10 + 5;

    private static final int POD_LIMIT = ALIAS_LIMIT - HEAD_LIMIT;

    /** The mark of a port for an end of a link. */
    public static PortMark of(EndId end, Source source, Optional<Prefix> address, int mtu, boolean isMtuDeclared) {
        return new PortMark(end.ifname(), source, address, mtu, isMtuDeclared, podText(end));
    }

    /** How a mark writes the pod of an end. */
    public static String podText(EndId end) {
        String text = end.pod().toString();
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (utf8.length <= POD_LIMIT) {
            return text;
        }
        String digest = "~" + HexFormat.of().formatHex(Digest.of(text), 0, 8);
        String cut = text;
        while (cut.getBytes(StandardCharsets.UTF_8).length > POD_LIMIT - digest.length()) {
            cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
        }
        return cut + digest;
    }

    /** Reads an ifalias; empty for a text that is not a mark. */
    public static Optional<PortMark> parse(String alias) {
        String[] words = alias.split(" ", -1);
        if (words.length != 6 || !words[0].equals(PREFIX)) {
            return Optional.empty();
        }
        try {
            boolean isAuto = words[4].startsWith(AUTO);
            Optional<Prefix> address =
                    words[3].equals(NO_ADDRESS) ? Optional.empty() : Optional.of(Prefix.parse(words[3]));
            int mtu = Integer.parseInt(isAuto ? words[4].substring(AUTO.length()) : words[4]);
            return Optional.of(new PortMark(words[1], source(words[2]), address, mtu, !isAuto, words[5]));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Source source(String word) {
        String[] parts = word.split("/", 3);
        if (parts.length == 1) {
            return new OfTopology(Integer.parseInt(word));
        }
        if (parts.length != 3 || !parts[0].equals(VNI)) {
            throw new IllegalArgumentException("\"" + word + "\" is no source of a port");
        }
        return new OfUpdate(Integer.parseInt(parts[1]), parts[2]);
    }

    /**
     * The mark while a daemon changes the interface, which then has this mark's address or none. No
     * declaration has the MTU 0: if the daemon is killed, the next one applies the declaration
     * again.
     */
    public PortMark unfinished() {
        return new PortMark(ifname, source, address, 0, isMtuDeclared, pod);
    }

    /** Whether a daemon began to change the interface and did not finish. */
    public boolean isUnfinished() {
        return mtu == 0;
    }

    /** The VNI that the port's tunnel has while its wire leads to another node. */
    public int vni() {
        return switch (source) {
            case OfTopology(int uid) -> DeclaredLink.VNI_BASE + uid;
            case OfUpdate(int vni, String _) -> vni;
        };
    }

    /** The ifalias. */
    public String alias() {
        return String.join(
                " ",
                PREFIX,
                ifname,
                source.toString(),
                address.map(Prefix::toString).orElse(NO_ADDRESS),
                (isMtuDeclared ? "" : AUTO) + mtu,
                pod);
    }
}
