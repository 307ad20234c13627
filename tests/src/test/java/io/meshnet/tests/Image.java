package io.meshnet.tests;

import java.nio.file.Files;
import java.nio.file.Path;

/** The run-time image that the build has made. */
final class Image {
    private static final Path DIRECTORY = Path.of(System.getProperty("meshnet.image", "../jlink-image/target/meshnet"))
            .toAbsolutePath()
            .normalize();

    private Image() {}

    /** One of the image's launchers as a command. */
    static Command command(String launcher) {
        return Command.of(launcher(launcher).toString());
    }

    /** The same as an OCI archive. */
    static Path archive() {
        Path archive = DIRECTORY.resolveSibling("meshnet-oci.tar");
        if (!Files.exists(archive)) {
            throw new AssertionError(archive + " is not there: make it first (mvn verify does)");
        }
        return archive;
    }

    /** Where one of the image's launchers is. */
    static Path launcher(String name) {
        Path path = DIRECTORY.resolve("bin").resolve(name);
        if (!Files.isExecutable(path)) {
            throw new AssertionError(path + " is not there: build the image first (mvn verify does)");
        }
        return path;
    }
}
