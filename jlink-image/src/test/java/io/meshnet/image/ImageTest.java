package io.meshnet.image;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a copy of the image does on a machine that has no Java: every process here starts with an environment of its own. */
final class ImageTest {
    private static final Path BUILT = Path.of("target", "meshnet").toAbsolutePath();

    /** The JVM's demand that its AOT cache fits; without it, an unsuitable cache only makes a process slower. */
    private static final Map<String, String> CACHE_REQUIRED = Map.of("MESHNET_JAVA_OPTIONS", "-XX:AOTMode=on");

    @TempDir
    private static Path copies;

    private static Path copy;

    @TempDir
    private Path folder;

    private Path image;

    private record Outcome(int status, String out, String err) {}

    @BeforeAll
    static void copyTheImage() throws IOException, InterruptedException {
        copy = copies.resolve("meshnet");
        assertThat(new ProcessBuilder("cp", "-r", BUILT.toString(), copy.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Gives each test links to the copy's files: a cache may be replaced there, never written into. */
    @BeforeEach
    void linkTheCopy() throws IOException, InterruptedException {
        image = folder.resolve("meshnet");
        assertThat(run(Map.of(), "/bin/cp", "-rl", copy.toString(), image.toString()))
                .isEqualTo(new Outcome(0, "", ""));
    }

    @Test
    void theToolSaysItsVersionAndNothingElse() throws IOException, InterruptedException {
        Outcome outcome = run(Map.of(), launcher("meshnetctl"), "version");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out()).contains("meshnet").hasLineCount(1);
        assertThat(outcome.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"meshnet", "meshnet-java"})
    void aFrontWithoutADaemonAnswersTryAgainLater(String front) throws IOException, InterruptedException {
        Outcome outcome = callWithoutDaemon(front, Map.of());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(codeOf(outcome)).isEqualTo(11);
        assertThat(outcome.err()).isEmpty();
    }

    @Test
    void theNativeFrontNeedsNothingOfTheImage() throws IOException, InterruptedException {
        Path alone = Files.copy(Path.of(launcher("meshnet")), folder.resolve("alone"), COPY_ATTRIBUTES);
        assertThat(callWithoutDaemon(alone, Map.of())).isEqualTo(callWithoutDaemon("meshnet-java", Map.of()));
    }

    @Test
    void theToolsCacheIsAccepted() throws IOException, InterruptedException {
        assertThat(run(CACHE_REQUIRED, launcher("meshnetctl"), "version").status())
                .isZero();
    }

    @Test
    void theDaemonsCacheIsAccepted() throws IOException, InterruptedException {
        Outcome outcome = run(CACHE_REQUIRED, launcher("meshnetd"), "--help");
        assertThat(outcome.status()).as(outcome.err()).isZero();
    }

    @Test
    void theFrontsCacheIsAccepted() throws IOException, InterruptedException {
        assertThat(codeOf(callWithoutDaemon("meshnet-java", CACHE_REQUIRED))).isEqualTo(11);
    }

    @ParameterizedTest
    @ValueSource(strings = {"meshnet-java", "meshnetctl", "meshnetd"})
    void aCacheThatDoesNotFitIsRefusedOnDemand(String name) throws IOException, InterruptedException {
        spoil(cache(name));
        Outcome outcome = run(CACHE_REQUIRED, launcher(name), "--help");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.out() + outcome.err()).contains("Unable to use AOT cache");
    }

    @ParameterizedTest
    @ValueSource(strings = {"meshnetctl", "meshnetd"})
    void aMissingOrUnsuitableCacheIsNotWorthAWord(String name) throws IOException, InterruptedException {
        Outcome usual = run(Map.of(), launcher(name), "--help");
        assertThat(usual.status()).isZero();
        spoil(cache(name));
        assertThat(run(Map.of(), launcher(name), "--help")).isEqualTo(usual);
        Files.delete(cache(name));
        assertThat(run(Map.of(), launcher(name), "--help")).isEqualTo(usual);
    }

    @Test
    void theFrontAnswersTheSameWithoutItsCache() throws IOException, InterruptedException {
        Outcome usual = callWithoutDaemon("meshnet-java", Map.of());
        spoil(cache("meshnet-java"));
        assertThat(callWithoutDaemon("meshnet-java", Map.of())).isEqualTo(usual);
        Files.delete(cache("meshnet-java"));
        assertThat(callWithoutDaemon("meshnet-java", Map.of())).isEqualTo(usual);
    }

    @Test
    void aFrontWhoseJvmCannotStartLeavesTheStandardOutputAlone() throws IOException, InterruptedException {
        String little = "ulimit -v 400000; exec \"$0\"";
        Outcome outcome = run(Map.of("CNI_COMMAND", "ADD"), "/bin/sh", "-c", little, launcher("meshnet-java"));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("Error occurred during initialization of VM");
    }

    @Test
    void theLaunchersFindTheImageThroughLinks() throws IOException, InterruptedException {
        Path plugins = Files.createDirectory(folder.resolve("plugins"));
        Path relative = Files.createSymbolicLink(plugins.resolve("relative"), Path.of("../meshnet/bin/meshnetctl"));
        Path absolute = Files.createSymbolicLink(plugins.resolve("absolute"), relative);
        assertThat(run(Map.of(), absolute.toString(), "version"))
                .isEqualTo(run(Map.of(), launcher("meshnetctl"), "version"));
    }

    @Test
    void optionsMeantForOtherJvmsAreIgnored() throws IOException, InterruptedException {
        Map<String, String> others = Map.of("JAVA_TOOL_OPTIONS", "-Xlog:gc", "JDK_JAVA_OPTIONS", "-verbose");
        assertThat(run(others, launcher("meshnetctl"), "version"))
                .isEqualTo(run(Map.of(), launcher("meshnetctl"), "version"));
    }

    @Test
    void theModulesAreTheOnesThatAreListed() throws IOException, InterruptedException {
        Outcome outcome = run(Map.of(), image.resolve("bin/java").toString(), "--list-modules");
        List<String> names =
                outcome.out().lines().map(line -> line.replaceAll("[@ ].*", "")).toList();
        assertThat(names).containsExactlyElementsOf(listedModules());
    }

    @Test
    void everyModuleOfTheJdkBringsItsLicence() throws IOException {
        List<String> ofTheJdk = listedModules().stream()
                .filter(name -> name.startsWith("java.") || name.startsWith("jdk."))
                .toList();
        assertThat(ofTheJdk)
                .isNotEmpty()
                .allSatisfy(name ->
                        assertThat(image.resolve("legal/" + name + "/LICENSE")).exists());
    }

    private static List<String> listedModules() throws IOException {
        try (InputStream in = ImageTest.class.getResourceAsStream("modules.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    private static int codeOf(Outcome outcome) throws IOException {
        return new ObjectMapper().readTree(outcome.out()).path("code").intValue();
    }

    private static void spoil(Path cache) throws IOException {
        Files.delete(cache);
        Files.writeString(cache, "no cache");
    }

    private Path cache(String name) {
        return image.resolve("lib").resolve(name + ".aot");
    }

    private String launcher(String name) {
        return image.resolve("bin").resolve(name).toString();
    }

    private Outcome callWithoutDaemon(String front, Map<String, String> environment)
            throws IOException, InterruptedException {
        return callWithoutDaemon(Path.of(launcher(front)), environment);
    }

    private Outcome callWithoutDaemon(Path front, Map<String, String> environment)
            throws IOException, InterruptedException {
        Map<String, String> call = new HashMap<>(environment);
        call.put("CNI_COMMAND", "ADD");
        call.put("CNI_CONTAINERID", "image-test");
        call.put("CNI_NETNS", "/run/netns/nowhere");
        call.put("CNI_IFNAME", "eth0");
        call.put("CNI_PATH", image.resolve("bin").toString());
        call.put("MESHNET_SOCKET", folder.resolve("nobody.sock").toString());
        return run(call, front.toString());
    }

    private Outcome run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        Path in = folder.resolve("stdin");
        Path out = folder.resolve("stdout");
        Path err = folder.resolve("stderr");
        Files.writeString(in, "{\"cniVersion\":\"1.0.0\"}");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("end of %s", command[0])
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    }
}
