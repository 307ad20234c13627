package io.meshnet.daemon;

import io.meshnet.topology.PodName;
import java.util.List;
import java.util.function.Predicate;

/**
 * Those of a node's attachments that are of one topology.
 *
 * @param node all of the node's
 * @param mine which of them are meant
 */
record FabricAttachments(Attachments node, Predicate<PodAttachment> mine) {

    List<PodAttachment> all() {
        return node.all().stream().filter(mine).toList();
    }

    List<PodAttachment> of(PodName pod) {
        return node.of(pod).stream().filter(mine).toList();
    }
}
