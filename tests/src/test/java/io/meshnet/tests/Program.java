package io.meshnet.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The tests' own C programs. Each is compiled when it is first needed, and deleted when the JVM ends. */
enum Program {
    /** Prints the frames that an interface receives. */
    CAPTURE,
    /** Sends a frame out of an interface, or in a vxlan packet. */
    INJECT,
    /** Answers echo requests behind a tap, as a guest in a VM does. */
    GUEST,
    /** Lists, deletes and makes devices in a namespace that a device's link-netnsid names. */
    REACH;

    private static final Path SOURCES = Path.of("src/test/c").toAbsolutePath();

    private static final Map<Program, Path> COMPILED = new EnumMap<>(Program.class);

    /** The program as a command. */
    Command command(String... arguments) {
        return Command.of(path().toString()).and(arguments);
    }

    private Path path() {
        synchronized (COMPILED) {
            return COMPILED.computeIfAbsent(
                    this, program -> compile(program.name().toLowerCase(Locale.ROOT)));
        }
    }

    private static Path compile(String name) {
        try {
            Path directory = Files.createTempDirectory("meshnet-" + name + "-");
            Path program = directory.resolve(name);
            directory.toFile().deleteOnExit();
            program.toFile().deleteOnExit();
            Command.of("gcc", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o")
                    .and(program.toString(), SOURCES.resolve(name + ".c").toString())
                    .output();
            return program;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
