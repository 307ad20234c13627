package io.meshnet.netlink;

import java.util.Objects;

/**
 * One end of a link to be created, straight into its namespace under its final name.
 *
 * @param netns where it shall live; borrowed, not closed
 * @param name 1 to 15 bytes
 * @param ifindex the index it shall have there; 0 leaves it to the kernel
 * @param mtu in bytes; 0 leaves it to the kernel
 * @param mac or {@link MacAddress#NONE} to leave it to the kernel
 * @param group its IFLA_GROUP; 0 is the group of everything that has no other
 * @param alias its IFLA_IFALIAS, at most 255 bytes, empty for none
 */
public record NewLink(Netns netns, String name, int ifindex, int mtu, MacAddress mac, int group, String alias) {

    /** @throws IllegalArgumentException when a value is out of its range */
    public NewLink {
        Objects.requireNonNull(netns, "netns");
        Objects.requireNonNull(mac, "mac");
        Ifname.require(name);
        Ifalias.require(alias);
        if (ifindex < 0 || mtu < 0 || group < 0) {
            throw new IllegalArgumentException("link " + name + ": ifindex " + ifindex + ", mtu " + mtu + ", group "
                    + group + "; none may be negative");
        }
    }

    /** For an error: its name and where it was to be. */
    @Override
    public String toString() {
        return name + " in " + netns;
    }
}
