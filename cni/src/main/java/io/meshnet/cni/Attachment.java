package io.meshnet.cni;

/**
 * One interface of one container on one network, as the runtime names it.
 *
 * @param containerId {@code CNI_CONTAINERID}; a letter or digit, then letters, digits, {@code _}, {@code .} and {@code -}
 * @param netns {@code CNI_NETNS}, the path of the network namespace; empty when a DEL comes without one, otherwise not checked
 * @param ifname {@code CNI_IFNAME}; a name that the kernel accepts
 * @param args {@code CNI_ARGS}
 * @param config the configuration of this call
 */
public record Attachment(String containerId, String netns, String ifname, PodArguments args, NetworkConfig config) {

    /** What the specification names it by. */
    AttachmentId id() {
        return new AttachmentId(containerId, ifname);
    }
}
