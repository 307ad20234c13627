package io.meshnet.netlink;

/**
 * What makes a network namespace the same one: the identity of its nsfs file, never its path.
 *
 * @param device device number of the nsfs mount
 * @param inode inode number of the namespace
 */
public record NetnsId(long device, long inode) {}
