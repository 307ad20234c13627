package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/**
 * The image of a pod's sandbox, one static program of the tests' own in an OCI archive (the layout of the OCI image specification, in
 * a tar file), so that no registry is needed.
 */
final class PauseImage {
    /** The name that the archive gives it. */
    static final String NAME = "localhost/pause:1";

    private static final Path SOURCE = Path.of("src/test/c/pause.c").toAbsolutePath();
    private static final String PREFIX = "application/vnd.oci.image.";
    /** What the Go programming language, and so the specification, calls the architectures. */
    private static final Map<String, String> ARCHITECTURES = Map.of("amd64", "amd64", "aarch64", "arm64");

    private final Path directory;
    private final Path blobs;

    /** @param directory for the program, the layout and the archive */
    PauseImage(Path directory) {
        this.directory = directory;
        this.blobs = directory.resolve("layout/blobs/sha256");
    }

    /** Compiles the program. */
    Path program() {
        Path program = directory.resolve("pause");
        Command.of("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o")
                .and(program.toString(), SOURCE.toString())
                .output();
        return program;
    }

    /** Writes the archive of an image that consists of a program. */
    Path archive(Path program) {
        try {
            Files.createDirectories(blobs);
            Path layer = directory.resolve("layer.tar");
            tar(layer, program.getParent(), program.getFileName().toString());
            ObjectNode content = describe("layer.v1.tar", Files.readAllBytes(layer));
            String platform = ARCHITECTURES.get(System.getProperty("os.arch"));
            ObjectNode config = Json.object().put("architecture", platform).put("os", "linux");
            config.putObject("config").putArray("Entrypoint").add("/" + program.getFileName());
            config.putObject("rootfs")
                    .put("type", "layers")
                    .putArray("diff_ids")
                    .add(content.get("digest"));
            ObjectNode manifest = Json.object().put("schemaVersion", 2).put("mediaType", PREFIX + "manifest.v1+json");
            manifest.set("config", describe("config.v1+json", bytes(config)));
            manifest.putArray("layers").add(content);
            ObjectNode image = describe("manifest.v1+json", bytes(manifest));
            image.putObject("annotations").put("io.containerd.image.name", NAME);
            ObjectNode index = Json.object().put("schemaVersion", 2);
            index.putArray("manifests").add(image);
            Path layout = directory.resolve("layout");
            Files.write(layout.resolve("index.json"), bytes(index));
            Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}");
            Path archive = directory.resolve("pause.tar");
            tar(archive, layout, "oci-layout", "index.json", "blobs");
            return archive;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a blob, and gives the descriptor that leads to it. */
    private ObjectNode describe(String type, byte[] content) throws IOException {
        try {
            String digest = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            Files.write(blobs.resolve(digest), content);
            return Json.object()
                    .put("mediaType", PREFIX + type)
                    .put("digest", "sha256:" + digest)
                    .put("size", content.length);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    private static byte[] bytes(JsonNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void tar(Path archive, Path directory, String... names) {
        Command.of("tar", "--create", "--numeric-owner", "--file=" + archive, "--directory=" + directory)
                .and(names)
                .output();
    }
}
