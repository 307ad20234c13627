package io.meshnet.cni.front;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The forms of the front. They differ in nothing that a runtime or a daemon could see. */
enum FrontForm {
    /** The portable one, on the class path rather than in the image. */
    JAVA,
    /** The static executable as it is installed. */
    NATIVE,
    /** The same source, with sanitizers that end the process at the first fault of memory or arithmetic. */
    SANITIZED;

    /** What a sanitizer exits with, so that it is not taken for an error of CNI. */
    static final String SANITIZER_OPTIONS = "exitcode=99:detect_leaks=0";

    private static final Path BUILT = Path.of("target", "native").toAbsolutePath();

    List<String> command() {
        return switch (this) {
            case JAVA -> java();
            case NATIVE -> List.of(built("meshnet"));
            case SANITIZED -> List.of(built("meshnet-sanitized"));
        };
    }

    private static String built(String name) {
        Path path = BUILT.resolve(name);
        if (!Files.isExecutable(path)) {
            throw new AssertionError(path + " is not there: the build makes it where it finds gcc and libc6-dev");
        }
        return path.toString();
    }

    private static List<String> java() {
        try {
            Path classes = Path.of(Front.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    classes.toString(),
                    Front.class.getName());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
