package io.meshnet.netlink;

import java.net.InetAddress;
import java.util.Optional;

/**
 * How the kernel would reach a destination.
 *
 * @param ifindex of the device that it leaves by
 * @param source the address it would come from
 * @param gateway the next hop; empty when the destination is on the link
 */
public record Route(int ifindex, InetAddress source, Optional<InetAddress> gateway) {}
