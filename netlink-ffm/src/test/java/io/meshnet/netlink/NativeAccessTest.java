package io.meshnet.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NativeAccessTest {

    /** What the JVM that is denied native access runs; twice, since a class that cannot be initialized says why only once. */
    static final class Denied {
        public static void main(String[] arguments) {
            for (int i = 0; i < 2; i++) {
                try {
                    Netns.ofThread().close();
                } catch (IllegalCallerException e) {
                    System.out.println(e.getMessage());
                }
            }
        }
    }

    private static String location(Class<?> type) {
        return Path.of(URI.create(
                        type.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }

    @Test
    void whoForgetsTheFlagIsToldWhichOneEveryTime() throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Path classes = Path.of(location(Netns.class));
        Process process = new ProcessBuilder(
                        java.toString(),
                        "--illegal-native-access=deny",
                        "-p",
                        classes.toString(),
                        "--patch-module",
                        "io.meshnet.netlink=" + classes.resolveSibling("test-classes"),
                        "-m",
                        "io.meshnet.netlink/" + Denied.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.lines())
                .hasSize(2)
                .allMatch(line -> line.equals("io.meshnet.netlink may not call native code:"
                        + " start the JVM with --enable-native-access=io.meshnet.netlink"));
    }
}
