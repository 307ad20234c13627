package io.meshnet.topology;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/**
 * Which names an interface of a link may have: those that {@code dev_valid_name} of the kernel (net/core/dev.c)
 * accepts, less what would not mean that very name.
 */
public final class InterfaceName {
    /** {@code IFNAMSIZ - 1}: the kernel keeps a terminating zero. */
    public static final int MAX_BYTES = 15;

    /** The loopback of every namespace, and the two directories of /proc/sys/net/ipv6/conf that are no interfaces. */
    private static final Set<String> TAKEN = Set.of("lo", "all", "default");

    private InterfaceName() {}

    /** What makes the text unfit as a name, in words that follow it ("is ..."); empty if it is fit. */
    public static Optional<String> defect(String name) {
        if (name.isEmpty()) {
            return Optional.of("is empty");
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BYTES) {
            return Optional.of("is " + bytes + " bytes long, the kernel allows " + MAX_BYTES);
        }
        if (name.equals(".") || name.equals("..")) {
            return Optional.of("is not a name that the kernel allows");
        }
        if (TAKEN.contains(name)) {
            return Optional.of("is a name that every network namespace has for itself");
        }
        return name.codePoints()
                .filter(codePoint -> !isAllowed(codePoint))
                .mapToObj(InterfaceName::forbidden)
                .findFirst();
    }

    /** The kernel would take other bytes too, but they do not survive in the tools that print a name. */
    private static boolean isAllowed(int codePoint) {
        return codePoint > ' ' && codePoint < 0x7f && "/:%\"'\\".indexOf(codePoint) < 0;
    }

    private static String forbidden(int codePoint) {
        if (Character.isWhitespace(codePoint)) {
            return "contains white space";
        }
        return codePoint > ' ' && codePoint < 0x7f
                ? "contains '" + Character.toString(codePoint) + "'"
                : "contains U+%04X, which is not printable ASCII".formatted(codePoint);
    }
}
