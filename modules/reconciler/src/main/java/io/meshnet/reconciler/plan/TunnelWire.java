package io.meshnet.reconciler.plan;

import java.net.InetAddress;

/**
 * Where the program of the tunnel device sends the frames that arrive under a VNI, as the kernel has it.
 *
 * @param port index of the port in the patch namespace
 * @param remote the only VTEP that frames are taken from
 * @param wrongSender how many frames were dropped since another VTEP sent them
 */
public record TunnelWire(int port, InetAddress remote, long wrongSender) {}
