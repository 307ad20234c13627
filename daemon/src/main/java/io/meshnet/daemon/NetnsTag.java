package io.meshnet.daemon;

import io.meshnet.netlink.NetnsId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes the identity of a network namespace so that it still tells namespaces apart after a reboot, when the kernel counts from the
 * start again: {@code BOOT_ID/DEVICE:INODE:COOKIE}.
 *
 * @param bootId of the running kernel (random(4))
 */
record NetnsTag(String bootId) {

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Pattern TAG = Pattern.compile("([^/]+)/([0-9]+):([0-9]+):([0-9]+)");

    /** What no namespace is: those of an earlier boot are all gone. */
    private static final NetnsId GONE = new NetnsId(-1, -1, -1);

    /** The one of this boot. */
    static NetnsTag ofThisBoot() throws ConfigurationException {
        try {
            return new NetnsTag(Files.readString(BOOT_ID).strip());
        } catch (IOException e) {
            throw new ConfigurationException("cannot tell one boot of this node from another: " + e, e);
        }
    }

    String write(NetnsId identity) {
        return "%s/%d:%d:%d".formatted(bootId, identity.device(), identity.inode(), identity.cookie());
    }

    /** The identity that a tag names; empty for a text that is none. */
    Optional<NetnsId> read(String tag) {
        Matcher parts = TAG.matcher(tag);
        if (!parts.matches()) {
            return Optional.empty();
        }
        if (!parts.group(1).equals(bootId)) {
            return Optional.of(GONE);
        }
        try {
            return Optional.of(new NetnsId(
                    Long.parseLong(parts.group(2)), Long.parseLong(parts.group(3)), Long.parseLong(parts.group(4))));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
