package io.meshnet.reconciler;

import io.meshnet.netlink.Link;
import io.meshnet.netlink.MacAddress;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.Prefix;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * How a device says that it is meshnet's, which link's, and what address meshnet gave it: by its group and its ifalias. What is not of
 * that group is not ours, and the reconciler never touches it; an address that the ifalias does not name is the pod's own. A device's MAC and ifindex
 * follow from the link too, so that they are the same after every restart.
 *
 * <pre>
 *   meshnet:21 23.23.23.2/24 default/pod2:eth2 default/pod3:eth2      made from the topology
 *   meshnet:vtep 23.23.23.2/24 5021                                   made by a peer's update
 * </pre>
 *
 * @param head {@code meshnet:} and the link's uid, or {@code vtep}
 * @param address the address that meshnet gave, or {@code -}
 * @param rest what tells the link apart from others of that head
 */
record Marking(String head, String address, String rest) {

    /** The IFLA_GROUP of every device that meshnet makes: {@code mesh} in ASCII. */
    static final int GROUP = 0x6d657368;

    /** To be cloned: to look for the provider takes as long as to digest. */
    private static final MessageDigest SHA_256 = sha256();

    private static final String PREFIX = "meshnet:";
    private static final String UPDATE = PREFIX + "vtep";
    private static final String NO_ADDRESS = "-";

    /** IFALIASZ less its terminator (linux/if.h). */
    private static final int ALIAS_LIMIT = 255;

    /** An IPv6 address in full with its prefix length; always reserved, so that an address can change while the rest stays. */
    private static final int LONGEST_ADDRESS = 43;

    /** Above what the kernel hands out by itself in a pod that lives an ordinary life. */
    private static final int FIRST_IFINDEX = 100_000;

    /** The marking of a link's end. */
    static Marking of(PodLink link, LinkEnd end) {
        String rest = PodLink.text(link.first()) + " " + PodLink.text(link.second());
        return new Marking(head(link), text(end.address()), rest);
    }

    /** What the marking of either end of a link begins with. */
    static String head(PodLink link) {
        return PREFIX + link.uid();
    }

    /** The marking of a device made by a peer's update. */
    static Marking of(VtepUpdate update) {
        return new Marking(UPDATE, text(update.address()), Integer.toString(update.vni()));
    }

    /**
     * The marking that a device carries; empty when meshnet did not make it. The kernel gives a device its group when it makes it and
     * its ifalias only afterwards, so one that was left half made has our group and no ifalias: it is ours and no link's.
     */
    static Optional<Marking> read(Link device) {
        if (device.group() != GROUP) {
            return Optional.empty();
        }
        if (device.alias().isEmpty()) {
            return Optional.of(new Marking(PREFIX, NO_ADDRESS, ""));
        }
        String[] words = device.alias().split(" ", 3);
        return device.alias().startsWith(PREFIX) && words.length == 3
                ? Optional.of(new Marking(words[0], words[1], words[2]))
                : Optional.empty();
    }

    /** Whether meshnet made the device. */
    static boolean isOurs(Link device) {
        return read(device).isPresent();
    }

    /** Whether both speak of the same link, whatever its address. */
    boolean sameLink(Marking other) {
        return head.equals(other.head) && limited().rest.equals(other.limited().rest);
    }

    /** The address that meshnet gave the device. */
    Optional<Prefix> given() {
        try {
            return address.equals(NO_ADDRESS) ? Optional.empty() : Optional.of(Prefix.parse(address));
        } catch (IllegalArgumentException e) {
            // Whoever is root in the pod can write what he likes there.
            return Optional.empty();
        }
    }

    /** The ifalias. A text that does not fit is cut, and told apart by its digest. */
    String alias() {
        Marking fit = limited();
        return fit.head + " " + fit.address + " " + fit.rest;
    }

    private Marking limited() {
        int room = ALIAS_LIMIT - head.length() - LONGEST_ADDRESS - 2;
        if (rest.getBytes(StandardCharsets.UTF_8).length <= room) {
            return this;
        }
        String digest = "~" + HexFormat.of().formatHex(digest(rest), 0, 8);
        String cut = rest;
        while (cut.getBytes(StandardCharsets.UTF_8).length > room - digest.length()) {
            cut = cut.substring(0, cut.length() - 1);
        }
        return new Marking(head, address, cut + digest);
    }

    /** The MAC of an end: locally administered, unicast, and derived from nothing but the link and the end. */
    static MacAddress mac(PodLink link, LinkEnd end) {
        byte[] digest = digest(link.uid() + " " + PodLink.text(end));
        long bits = (digest[0] & 0xfc) | 0x02;
        for (int i = 1; i < 6; i++) {
            bits = bits << 8 | (digest[i] & 0xff);
        }
        return new MacAddress(bits);
    }

    /** The ifindex that an end asks for. */
    static int ifindex(PodLink link, LinkEnd end) {
        return FIRST_IFINDEX + 2 * link.uid() + (end.equals(link.first()) ? 0 : 1);
    }

    private static String text(Optional<Prefix> address) {
        return address.map(Prefix::toString).orElse(NO_ADDRESS);
    }

    private static byte[] digest(String text) {
        try {
            return ((MessageDigest) SHA_256.clone()).digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the platform's own SHA-256 can be cloned", e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
