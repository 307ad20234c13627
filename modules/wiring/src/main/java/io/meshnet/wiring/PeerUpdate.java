package io.meshnet.wiring;

import java.net.InetAddress;

/**
 * What the daemon of another node has to be told of a link.
 *
 * @param link the link
 * @param node VTEP of that node, where its daemon listens as well
 * @param update its end of the link
 */
public record PeerUpdate(PodLink link, InetAddress node, VtepUpdate update) {}
