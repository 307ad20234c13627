package io.meshnet.daemon;

import io.meshnet.store.etcd.Endpoints;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the daemon was told: flags, then environment, then the seed's defaults.
 *
 * @param port TCP port of the REST API, on this node and on its peers
 * @param etcd where its topology is
 * @param vtep address or interface name that this node's tunnels end at; empty to take the source of the default route
 * @param node this node's name, unique in the cluster
 * @param socket Unix socket of the CNI front
 * @param state directory of what the daemon has to remember until the node reboots
 * @param vxlanPort UDP destination port of every vxlan
 * @param mtu of every link that the topology gives none, in bytes; empty to take what the underlay carries, at most 1500
 * @param strict whether an ADD waits until its links are up at both ends, unless its configuration says otherwise
 * @param patience how long a strict ADD waits
 * @param timeToLive how long this node counts as alive after its last sign of life
 * @param resync how often everything is looked at though nothing was told
 * @param isInsecure whether PUT /vtep makes links that no topology has, as legacy meshnet does
 * @param frontMounts whether the front mounts the patch namespace, for a daemon in a container
 */
record Configuration(
        int port,
        Endpoints etcd,
        Optional<String> vtep,
        String node,
        Path socket,
        Path state,
        int vxlanPort,
        OptionalInt mtu,
        boolean strict,
        Duration patience,
        Duration timeToLive,
        Duration resync,
        boolean isInsecure,
        boolean frontMounts) {}
