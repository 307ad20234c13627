package io.meshnet.reconciler.peer;

import io.meshnet.reconciler.state.PodLink;
import io.meshnet.topology.PodName;
import java.net.InetAddress;

/**
 * An update for the daemon of another node about one link.
 *
 * @param link the link
 * @param pod the pod at that node's end
 * @param node VTEP of that node, where its daemon listens as well
 * @param isFollower whether that daemon watches the store; a daemon of legacy meshnet does not
 * @param update its end of the link
 */
public record PeerUpdate(PodLink link, PodName pod, InetAddress node, boolean isFollower, VtepUpdate update) {}
