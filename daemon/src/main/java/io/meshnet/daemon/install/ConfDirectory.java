package io.meshnet.daemon.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The directory of CNI configurations as runtimes read it.
 *
 * <p>libcni's {@code ConfFiles} takes every entry that is no directory and whose name ends, from its last dot, with
 * {@code .conf}, {@code .conflist} or {@code .json}; containerd and CRI-O sort the names bytewise and use the first. A name that begins
 * with a dot counts like any other.
 *
 * @param path the directory; it may be a link
 */
record ConfDirectory(Path path) {

    /** The member of meshnet's plugin entry that tells a file written here from one that a person wrote: the original's name. */
    static final String MARK = "installed_from";

    private static final Set<String> EXTENSIONS = Set.of(".conf", ".conflist", ".json");

    private static final Comparator<String> BYTEWISE = (left, right) ->
            Arrays.compareUnsigned(left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));

    /** Whose a configuration is. */
    enum Owner {
        /** Another plugin's. */
        OTHER,
        /** Written by meshnetctl. */
        OURS,
        /** Calls meshnet, but was written by a person. */
        PERSON
    }

    /** A file and what it holds. */
    record Configuration(Path file, ObjectNode json, Owner owner) {}

    /** Whether runtimes take a name for a configuration's. */
    static boolean isConfiguration(String name) {
        int dot = name.lastIndexOf('.');
        return dot >= 0 && EXTENSIONS.contains(name.substring(dot));
    }

    /** Whether runtimes come to {@code first} before {@code second}. */
    static boolean comesBefore(String first, String second) {
        return BYTEWISE.compare(first, second) < 0;
    }

    /**
     * The files that a runtime would consider, in its order.
     *
     * @throws InstallException when the directory cannot be read
     */
    List<Path> files() throws InstallException {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(entry -> isConfiguration(entry.getFileName().toString()))
                    .filter(entry -> !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
                    .sorted(Comparator.comparing(entry -> entry.getFileName().toString(), BYTEWISE))
                    .toList();
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw new InstallException("there is no directory " + path + " of CNI configurations", e);
        } catch (IOException e) {
            throw new InstallException("the directory of CNI configurations cannot be read: " + e, e);
        }
    }

    /**
     * The configuration that runtimes use, or would if ours were not there: the first that is not ours.
     *
     * @throws InstallException.NoOriginal when there is none, or it cannot be read
     * @throws InstallException when a person has configured meshnet
     */
    Configuration original() throws InstallException {
        for (Path file : files()) {
            Configuration found = read(file);
            if (found.owner() == Owner.PERSON) {
                throw new InstallException(
                        file + " calls meshnet and was not written by meshnetctl: there is nothing to"
                                + " install, or the file has to go first");
            }
            if (found.owner() == Owner.OTHER) {
                return found;
            }
        }
        throw new InstallException.NoOriginal(
                "there is no CNI configuration in " + path + " (*.conf, *.conflist, *.json) that meshnet could be added"
                        + " to: install the cluster's network first, or name another directory",
                true,
                null);
    }

    /** The files that were written by meshnetctl; one that cannot be read is not. */
    List<Path> ours() throws InstallException {
        List<Path> ours = new ArrayList<>(files());
        ours.removeIf(file -> !isOurs(file));
        return ours;
    }

    private static boolean isOurs(Path file) {
        try {
            return read(file).owner() == Owner.OURS;
        } catch (InstallException e) {
            return false; // whatever it is, meshnetctl never left it so
        }
    }

    static Configuration read(Path file) throws InstallException {
        ObjectNode json = ConfigurationText.read(file);
        Owner owner = owner(json);
        for (JsonNode plugin : json.path("plugins")) {
            owner = owner == Owner.OTHER ? owner(plugin) : owner;
        }
        return new Configuration(file, json, owner);
    }

    private static Owner owner(JsonNode plugin) {
        if (!"meshnet".equals(plugin.path("type").textValue())) {
            return Owner.OTHER;
        }
        return plugin.path(MARK).isTextual() ? Owner.OURS : Owner.PERSON;
    }
}
