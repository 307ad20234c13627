package io.meshnet.reconciler.plan;

import java.net.InetAddress;

/**
 * Where the program of the tunnel device sends the frames that arrive with a VNI: the VNI's entry
 * in the kernel's map.
 *
 * @param port index of the port in the patch namespace
 * @param remote the only VTEP that frames are taken from
 * @param wrongSender how many frames were dropped because another VTEP sent them
 */
public record TunnelWire(int port, InetAddress remote, long wrongSender) {}
