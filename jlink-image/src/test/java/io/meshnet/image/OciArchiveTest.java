package io.meshnet.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The container image that the build has packed without an engine: its bytes, its layout by the OCI image specification 1.1, and what
 * runs in its file system. Needs root: the programs are run in it with chroot, beneath a mount namespace that has its procfs.
 */
final class OciArchiveTest {
    private static final Path BUILT = Path.of("target", "meshnet").toAbsolutePath();
    private static final Path ARCHIVE = Path.of("target", "meshnet-oci.tar").toAbsolutePath();
    private static final String SCRIPT =
            Path.of("src", "build", "oci.sh").toAbsolutePath().toString();
    private static final String MEDIA_TYPE = "application/vnd.oci.image.";

    @TempDir
    private static Path folder;

    private static Path layout;
    private static Path root;
    private static JsonNode index;
    private static JsonNode manifest;
    private static JsonNode config;

    @BeforeAll
    static void unpack() throws Exception {
        layout = Files.createDirectory(folder.resolve("layout"));
        root = Files.createDirectory(folder.resolve("root"));
        run(Map.of(), "tar", "-xf", ARCHIVE.toString(), "-C", layout.toString());
        index = json(layout.resolve("index.json"));
        manifest = json(blob(index.at("/manifests/0")));
        config = json(blob(manifest.path("config")));
        for (JsonNode layer : manifest.path("layers")) {
            run(Map.of(), "tar", "-xzpf", blob(layer).toString(), "-C", root.toString());
        }
    }

    /** Another place, umask, locale and time zone, and files of another age. */
    @Test
    void theSameImageGivesTheSameBytes() throws Exception {
        Path copy = folder.resolve("somewhere else");
        run(Map.of(), "cp", "-r", BUILT.toString(), copy.toString());
        Path archive = folder.resolve("again.tar");
        String version = index.at("/manifests/0/annotations/org.opencontainers.image.ref.name")
                .textValue();
        run(
                Map.of("TZ", "Asia/Kathmandu", "LC_ALL", "C.UTF-8", "TMPDIR", folder.toString()),
                "sh",
                "-c",
                "umask 077; exec bash \"$@\"",
                "-",
                SCRIPT,
                copy.toString(),
                archive.toString(),
                version);
        assertThat(sha256(archive)).isEqualTo(sha256(ARCHIVE));
    }

    @Test
    void theLayoutIsTheSpecifications() throws Exception {
        assertThat(json(layout.resolve("oci-layout")).path("imageLayoutVersion").textValue())
                .isEqualTo("1.0.0");
        assertThat(index.path("schemaVersion").intValue()).isEqualTo(2);
        assertThat(index.path("mediaType").textValue()).isEqualTo(MEDIA_TYPE + "index.v1+json");
        assertThat(index.path("manifests")).hasSize(1);
        assertThat(manifest.path("schemaVersion").intValue()).isEqualTo(2);
        assertThat(manifest.path("mediaType").textValue()).isEqualTo(MEDIA_TYPE + "manifest.v1+json");
        assertThat(config.path("os").textValue()).isEqualTo("linux");
        assertThat(config.path("architecture").textValue()).isIn("amd64", "arm64");
        assertThat(config.at("/rootfs/type").textValue()).isEqualTo("layers");
        assertThat(config.at("/config/Entrypoint/0").textValue()).isEqualTo("/opt/meshnet/bin/meshnetd");
    }

    @Test
    void everyDescriptorTellsTypeSizeAndDigestAndNoBlobIsWithoutOne() throws Exception {
        List<JsonNode> descriptors = new ArrayList<>();
        descriptors.add(described(index.at("/manifests/0"), "manifest.v1+json"));
        descriptors.add(described(manifest.path("config"), "config.v1+json"));
        for (JsonNode layer : manifest.path("layers")) {
            descriptors.add(described(layer, "layer.v1.tar+gzip"));
        }
        try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
            assertThat(blobs.map(blob -> "sha256:" + blob.getFileName()))
                    .containsExactlyInAnyOrderElementsOf(descriptors.stream()
                            .map(each -> each.path("digest").textValue())
                            .toList());
        }
    }

    @Test
    void theDiffIdsAreTheUncompressedLayers() throws Exception {
        List<String> ids = new ArrayList<>();
        for (JsonNode layer : manifest.path("layers")) {
            try (InputStream tar = new GZIPInputStream(Files.newInputStream(blob(layer)))) {
                ids.add("sha256:" + sha256(tar));
            }
        }
        List<String> named = new ArrayList<>();
        config.at("/rootfs/diff_ids").forEach(id -> named.add(id.textValue()));
        assertThat(ids).hasSize(2).isEqualTo(named);
    }

    @Test
    void theDaemonAndTheToolRunInItsFileSystem() throws Exception {
        assertThat(inside("/opt/meshnet/bin/meshnetd", "--version")).contains("0.1.0");
        assertThat(inside("/opt/meshnet/bin/meshnetctl", "version")).startsWith("meshnet 0.1.0");
        assertThat(inside("/opt/meshnet/bin/meshnetctl", "install", "--help")).contains("--bin-dir");
    }

    @Test
    void theFrontAnswersInItsFileSystem() throws Exception {
        assertThat(inside(
                        "/bin/sh",
                        "-c",
                        "echo '{\"cniVersion\":\"1.0.0\"}' | CNI_COMMAND=VERSION /opt/meshnet/bin/meshnet"))
                .contains("supportedVersions");
    }

    @Test
    void whatDelegatesNeedIsThere() throws Exception {
        assertThat(inside("nsenter", "--mount=/proc/self/ns/mnt", "--", "readlink", "/proc/self/ns/mnt"))
                .startsWith("mnt:[");
    }

    @Test
    void everyPackageOfTheBaseBringsItsStatusAndLicence() throws IOException {
        try (Stream<Path> packages = Files.list(root.resolve("var/lib/dpkg/status.d"))) {
            assertThat(packages.map(each -> each.getFileName().toString()))
                    .contains("libc6", "dash", "coreutils", "util-linux")
                    .allSatisfy(name -> assertThat(root.resolve("usr/share/doc/" + name + "/copyright"))
                            .isNotEmptyFile());
        }
    }

    @Test
    void everythingIsRootsAndNothingIsWritableForOthersButTmp() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.toList()) {
                int mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
                assertThat(Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS))
                        .isEqualTo(0);
                boolean shared = Files.isSymbolicLink(file) || file.equals(root.resolve("tmp"));
                assertThat((mode & 022) == 0 || shared).as("%s: %o", file, mode).isTrue();
            }
        }
    }

    private static JsonNode described(JsonNode descriptor, String type) throws IOException {
        assertThat(descriptor.path("mediaType").textValue()).isEqualTo(MEDIA_TYPE + type);
        assertThat(descriptor.path("size").longValue()).isEqualTo(Files.size(blob(descriptor)));
        assertThat(descriptor.path("digest").textValue()).isEqualTo("sha256:" + sha256(blob(descriptor)));
        return descriptor;
    }

    /** Runs a command of the image as its container would, with the JVM's demand that its AOT cache fits. */
    private static String inside(String... command) throws IOException, InterruptedException {
        String path = config.at("/config/Env/0").textValue().substring("PATH=".length());
        List<String> words = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" \"$@\"",
                root.toString()));
        words.addAll(List.of(command));
        return run(
                Map.of("PATH", path, "MESHNET_JAVA_OPTIONS", "-XX:AOTMode=on", "MESHNET_SOCKET", "/none"),
                words.toArray(String[]::new));
    }

    private static String run(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", List.of(command), out).isZero();
        return out;
    }

    private static Path blob(JsonNode descriptor) {
        return layout.resolve("blobs")
                .resolve(descriptor.path("digest").textValue().replace(':', '/'));
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(file));
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return sha256(in);
        }
    }

    private static String sha256(InputStream in) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
