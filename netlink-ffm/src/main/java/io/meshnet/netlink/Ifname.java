package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.IFNAMSIZ;

import java.nio.charset.StandardCharsets;

/** What the kernel takes for a name of a link (dev_valid_name in net/core/dev.c). */
final class Ifname {

    private Ifname() {}

    /** @throws IllegalArgumentException when the kernel would not take it, or would put a number into it */
    static String require(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length >= IFNAMSIZ()) {
            throw new IllegalArgumentException(
                    "interface name '" + name + "' has " + bytes.length + " bytes instead of 1 to " + (IFNAMSIZ() - 1));
        }
        if (name.equals(".") || name.equals("..")) {
            throw new IllegalArgumentException("interface name '" + name + "' is a directory's");
        }
        for (byte b : bytes) {
            // '%' makes the name a template; 0xa0 is a space to the kernel, even as a part of a longer UTF-8 sequence
            if (b == '/' || b == ':' || b == '%' || (b >= 0 && b <= ' ') || b == 0x7f || (b & 0xff) == 0xa0) {
                throw new IllegalArgumentException("interface name '" + name
                        + "' has a character that is not allowed: '/', ':', '%', a blank or a control character");
            }
        }
        return name;
    }
}
