package io.meshnet.reconciler.kernel;

import io.meshnet.netlink.NetlinkException;
import io.meshnet.netlink.Netns;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the patch namespace is mounted, which keeps it alive while no daemon runs. A daemon in the host's mount namespace makes
 * namespace and mount itself. A daemon in a container cannot: its mounts end with the container, so that the CNI front, which the
 * runtime executes on the host, makes both. For the kernel thread only.
 *
 * @param path of the mount
 * @param isFrontMounting whether the front makes namespace and mount
 */
public record PatchMount(Path path, boolean isFrontMounting) {

    private static final System.Logger LOG = System.getLogger(PatchMount.class.getName());

    /** The namespace that is mounted; empty when none is. The caller closes it. */
    public Optional<Netns> find() {
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Netns.open(path));
        } catch (NetlinkException e) {
            LOG.log(Level.DEBUG, "{0} is no patch namespace: {1}", path, e.getMessage());
            return Optional.empty();
        }
    }

    /** Whether a namespace is mounted. */
    public boolean isThere() {
        Optional<Netns> found = find();
        found.ifPresent(Netns::close);
        return found.isPresent();
    }

    /**
     * Makes the namespace and mounts it. The caller closes it.
     *
     * @throws MissingNamespaceException when the front has to do it
     */
    public Netns make() {
        if (isFrontMounting) {
            throw new MissingNamespaceException(path);
        }
        return Netns.createAt(path);
    }

    /** Whether the mount leads to that namespace. */
    public boolean holds(Netns netns) {
        Optional<Netns> found = find();
        try {
            return found.isPresent() && found.get().id().equals(netns.id());
        } finally {
            found.ifPresent(Netns::close);
        }
    }
}
