package io.meshnet.netlink;

import java.nio.charset.StandardCharsets;

/** What the kernel takes for an alias of a link (dev_set_alias in net/core/dev.c). */
final class Ifalias {

    private static final int IFALIASZ = 256;

    private Ifalias() {}

    /** @throws IllegalArgumentException when the kernel would not take it, or would cut it */
    static String require(String alias) {
        int bytes = bytes(alias);
        if (bytes >= IFALIASZ) {
            throw new IllegalArgumentException(
                    "an alias of " + bytes + " bytes; at most " + (IFALIASZ - 1) + " are kept: '" + alias + "'");
        }
        if (alias.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("an alias with a zero byte: '" + alias + "'");
        }
        return alias;
    }

    /** A char takes three bytes of UTF-8 at most; only what is that long has to be encoded in order to know. */
    private static int bytes(String alias) {
        int most = 3 * alias.length();
        return most < IFALIASZ ? most : alias.getBytes(StandardCharsets.UTF_8).length;
    }
}
