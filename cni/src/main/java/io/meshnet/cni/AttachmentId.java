package io.meshnet.cni;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.Set;

/**
 * What names an attachment (specification, section 3).
 *
 * @param containerId the container, as {@code CNI_CONTAINERID} gave it
 * @param ifname the interface in it, as {@code CNI_IFNAME} gave it
 */
public record AttachmentId(String containerId, String ifname) {
    /** The field of a GC's configuration that lists the attachments that are still valid. */
    static final String VALID = "cni.dev/valid-attachments";

    static ArrayNode json(Set<AttachmentId> attachments) {
        ArrayNode list = Json.object().arrayNode();
        for (AttachmentId each : attachments) {
            list.addObject().put("containerID", each.containerId).put("ifname", each.ifname);
        }
        return list;
    }
}
