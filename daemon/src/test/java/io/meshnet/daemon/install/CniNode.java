package io.meshnet.daemon.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.meshnet.daemon.ctl.CtlRun;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The two CNI directories of a node, with a front to install. */
public record CniNode(Path root) {

    /** What {@code meshnetctl install} writes when nothing else is asked for. */
    static final String OURS = "00-meshnet.conflist";

    static final String PROGRAM = "\u007fELF and the rest of a program";

    /** Makes the directories in an empty one. */
    public static CniNode in(Path root) {
        CniNode node = new CniNode(root);
        try {
            Files.createDirectories(node.bin());
            Files.createDirectories(node.conf());
            Files.writeString(node.front(), PROGRAM);
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path bin() {
        return root.resolve("bin");
    }

    Path conf() {
        return root.resolve("net.d");
    }

    Path front() {
        return root.resolve("front");
    }

    Path ours() {
        return conf().resolve(OURS);
    }

    Path plugin() {
        return bin().resolve("meshnet");
    }

    /** Puts a configuration of a usual plugin there, as an administrator does. */
    Path usual(String name) throws IOException {
        try (InputStream in = CniNode.class.getResourceAsStream(name)) {
            return conf(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    Path conf(String name, String text) throws IOException {
        Path file = Files.writeString(conf().resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        return file;
    }

    /** The words of a command for this node; what {@code more} says of an option comes instead of the node's. */
    public String[] command(String command, String... more) {
        Stream<String> where = Stream.of("--bin-dir=" + bin(), "--conf-dir=" + conf());
        Stream<String> front = command.equals("install") ? Stream.of("--front=" + front()) : Stream.of();
        Stream<String> own = Stream.concat(where, front)
                .filter(option -> Stream.of(more)
                        .noneMatch(given -> given.startsWith(option.substring(0, option.indexOf('=') + 1))));
        return Stream.of(Stream.of(command), own, Stream.of(more))
                .flatMap(words -> words)
                .toArray(String[]::new);
    }

    CtlRun run(String command, String... more) {
        return CtlRun.of(command(command, more));
    }

    CtlRun install(String... more) {
        return run("install", more);
    }

    CtlRun uninstall(String... more) {
        return run("uninstall", more);
    }

    JsonNode written() throws IOException {
        return new JsonMapper().readTree(Files.readAllBytes(ours()));
    }

    /** Everything below both directories: what each entry is, its mode and its content. */
    Map<String, String> state() {
        Map<String, String> state = new TreeMap<>();
        for (Path directory : new Path[] {bin(), conf()}) {
            try (Stream<Path> entries = Files.walk(directory)) {
                entries.forEach(entry -> state.put(root.relativize(entry).toString(), describe(entry)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return state;
    }

    private static String describe(Path entry) {
        try {
            if (Files.isSymbolicLink(entry)) {
                return "link to " + Files.readSymbolicLink(entry);
            }
            String mode =
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(entry, LinkOption.NOFOLLOW_LINKS));
            return Files.isDirectory(entry) ? mode : mode + " " + Files.readString(entry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
