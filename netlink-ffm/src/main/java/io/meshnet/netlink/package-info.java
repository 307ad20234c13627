/**
 * Rtnetlink over the Foreign Function and Memory API: links, addresses and routes of any network namespace.
 *
 * <p>Three layers. {@link io.meshnet.netlink.MessageWriter} and {@link io.meshnet.netlink.MessageReader} know how netlink lays out
 * bytes; one class for each family of messages knows what they mean; {@link io.meshnet.netlink.RouteSocket} sends and receives them.
 * All native calls are in one class, bound to what jextract made of the headers (src/main/jextract).
 */
package io.meshnet.netlink;
