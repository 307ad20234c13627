package io.meshnet.reconciler.kernel;

import java.net.InetAddress;

/**
 * Where the frames of a VNI go.
 *
 * @param port the ifindex of the port
 * @param remote the only node they are taken from
 * @param wrongSender how many frames the tunnel program has dropped because another host sent them
 */
public record TunnelWire(int port, InetAddress remote, long wrongSender) {}
