package io.meshnet.daemon.install;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * meshnet in the CNI directories of a node. Every step leaves a state that runtimes can work with, and doing it again, after
 * a step or a crash, leads to the same end.
 */
public final class Installation {

    private final ConfDirectory configurations;
    private final FrontFile front;
    private final Path own;

    /**
     * @param directories of the node
     * @param name of the file to be written, as {@code 00-meshnet.conflist}
     * @throws InstallException when runtimes would not take a file of that name for a list of plugins
     */
    public Installation(Directories directories, String name) throws InstallException {
        if (!name.endsWith(".conflist") || name.indexOf('/') >= 0) {
            throw new InstallException("\"" + name
                    + "\" is not a name for a list of plugins: it must end with .conflist and" + " have no directory");
        }
        configurations = new ConfDirectory(directories.configurations());
        front = new FrontFile(directories.plugins());
        own = directories.configurations().resolve(name);
    }

    /**
     * The CNI directories of a node.
     *
     * @param plugins where the executables are, usually {@code /opt/cni/bin}
     * @param configurations where the configurations are, usually {@code /etc/cni/net.d}
     */
    public record Directories(Path plugins, Path configurations) {}

    /**
     * What is to be installed.
     *
     * @param front the program or launcher
     * @param launchers whether a launcher will do
     * @param form of the configuration
     * @param etcd members of meshnet's entry that name its store; empty to leave it to the daemon
     */
    public record Plan(Path front, boolean launchers, Form form, ObjectNode etcd) {
        /** The entry's members for one endpoint. */
        public static ObjectNode etcd(String host, int port) {
            return ConfigurationText.object().put("etcd_host", host).put("etcd_port", Integer.toString(port));
        }

        /** The same for none. */
        public static ObjectNode daemonsOwn() {
            return ConfigurationText.object();
        }
    }

    /** Where the configurations are. */
    Path directory() {
        return configurations.path();
    }

    /**
     * Installs the front, then the configuration, so that no runtime finds the latter without the former.
     *
     * @return a line for everything that was changed
     * @throws InstallException.NoOriginal when there is nothing to add meshnet to, or it cannot be read; what was there stays
     * @throws InstallException when a file of the name is there and was not written by meshnetctl, and the like
     * @throws IOException when a directory cannot be written
     */
    public List<String> install(Plan plan) throws IOException, InstallException {
        byte[] program = FrontSource.read(plan.front(), plan.launchers());
        ConfDirectory.Configuration original = configurations.original();
        requireFirst(original.file());
        ObjectNode list = plan.form().of(original, plan.etcd());
        requireOurs();
        List<String> changes = new ArrayList<>();
        if (front.install(program)) {
            changes.add("installed " + front.path());
        }
        AtomicFile configuration = new AtomicFile(own);
        configuration.sweep();
        if (configuration.write(ConfigurationText.write(list), Files.getPosixFilePermissions(original.file()))) {
            changes.add("wrote " + own + " from " + original.file().getFileName());
        }
        for (Path older : configurations.ours()) {
            if (!older.equals(own) && new AtomicFile(older).delete()) {
                changes.add("removed " + older + ", which " + own.getFileName() + " takes the place of");
            }
        }
        return changes;
    }

    /**
     * Takes away what {@link #install} has put there, the configuration first.
     *
     * @return a line for everything that was changed
     */
    public List<String> uninstall() throws IOException, InstallException {
        List<String> changes = removeConfiguration();
        if (front.uninstall()) {
            changes.add("removed " + front.path());
        }
        return changes;
    }

    /** Takes the configuration away and leaves the front. */
    List<String> removeConfiguration() throws IOException, InstallException {
        List<String> changes = new ArrayList<>();
        for (Path ours : configurations.ours()) {
            if (new AtomicFile(ours).delete()) {
                changes.add("removed " + ours);
            }
            new AtomicFile(ours).sweep();
        }
        new AtomicFile(own).sweep();
        return changes;
    }

    private void requireFirst(Path original) throws InstallException {
        String name = original.getFileName().toString();
        if (!ConfDirectory.comesBefore(own.getFileName().toString(), name)) {
            throw new InstallException("runtimes use the first file, and " + own.getFileName() + " comes after "
                    + original + ": choose another name for it (--file), or rename the other");
        }
    }

    private void requireOurs() throws InstallException {
        if (Files.exists(own, LinkOption.NOFOLLOW_LINKS)
                && !configurations.ours().contains(own)) {
            throw new InstallException(own + " is there already and was not written by meshnetctl: move it away first");
        }
    }
}
