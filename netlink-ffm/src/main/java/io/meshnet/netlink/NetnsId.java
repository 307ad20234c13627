package io.meshnet.netlink;

/**
 * What makes a network namespace the same one within a boot: never its path, and not its nsfs file alone, whose inode the kernel gives
 * to another namespace as soon as this one is gone. The cookie is never given again.
 *
 * @param device device number of the nsfs mount
 * @param inode inode number of the namespace
 * @param cookie what the kernel numbers namespaces with from boot on (SO_NETNS_COOKIE of socket(7), Linux 5.14); 0 where it does not
 */
public record NetnsId(long device, long inode, long cookie) {}
