package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that compiles the native front. */
class NativeBuildTest {
    private static final Path SOURCE = Path.of("src", "main", "c", "meshnet.c");

    @TempDir
    private Path directory;

    @Test
    void the_executable_is_the_same_wherever_it_is_built() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.copy(SOURCE, elsewhere.resolve("meshnet.c"));
        assertThat(build(elsewhere, "cc")).isEmpty();
        assertThat(directory.resolve("target/meshnet"))
                .hasSameBinaryContentAs(Path.of(FrontForm.NATIVE.command().getFirst()));
    }

    @Test
    void without_a_compiler_there_is_none_and_the_build_goes_on() throws Exception {
        Path stale = Files.createDirectory(directory.resolve("target")).resolve("meshnet");
        Files.writeString(stale, "of an earlier build");
        assertThat(build(SOURCE.getParent(), "no-such-compiler"))
                .startsWith("No native front: no-such-compiler does not link statically (");
        assertThat(directory.resolve("target")).isEmptyDirectory();
    }

    /** Returns what the script says. */
    private String build(Path source, String compiler) throws IOException, InterruptedException {
        String target = directory.resolve("target").toString();
        ProcessBuilder builder = new ProcessBuilder("bash", "src/build/native.sh", source.toString(), target)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CC", compiler);
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
