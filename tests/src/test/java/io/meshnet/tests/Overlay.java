package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What an overlay of the Kubernetes manifests renders to.
 *
 * @param objects in the order of the rendering
 */
record Overlay(String name, List<JsonNode> objects) {

    private static final Path KUBERNETES =
            Path.of("../deploy/kubernetes").toAbsolutePath().normalize();

    private static final ObjectReader READER = YAMLMapper.builder(YAMLFactory.builder()
                    .enable(YAMLParser.Feature.EMPTY_STRING_AS_NULL)
                    .build())
            .build()
            .readerFor(JsonNode.class);

    /** Renders one as {@code kubectl apply --kustomize} does. */
    static Overlay render(String name) {
        return render(name, KUBERNETES.resolve("overlays").resolve(name));
    }

    /** Renders one with a patch upon it, for which {@code scratch} has to be an empty directory. */
    static Overlay patched(String name, String patch, Path scratch) throws IOException {
        Command.of("cp", "-r", KUBERNETES.toString(), scratch.toString()).output();
        Path overlay = Files.createDirectory(scratch.resolve("kubernetes/patched"));
        String head = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: meshnetd\n";
        Files.writeString(overlay.resolve("patch.yaml"), head + Files.readString(KUBERNETES.resolve(patch)));
        Files.writeString(
                overlay.resolve("kustomization.yaml"),
                "resources: [../overlays/" + name + "]\npatches: [{path: patch.yaml}]\n");
        return render(name, overlay);
    }

    private static Overlay render(String name, Path directory) {
        String yaml = Command.of("kubectl", "kustomize", directory.toString()).output();
        try (var documents = READER.<JsonNode>readValues(yaml)) {
            return new Overlay(name, new ArrayList<>(documents.readAll()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names of all that there are. */
    static Stream<String> names() {
        try (var directories = Files.list(KUBERNETES.resolve("overlays"))) {
            return directories.map(each -> each.getFileName().toString()).sorted().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The objects of one kind. */
    List<JsonNode> all(String kind) {
        return objects.stream()
                .filter(each -> each.path("kind").asText().equals(kind))
                .toList();
    }

    /** The only object of its kind. */
    JsonNode the(String kind) {
        List<JsonNode> found = all(kind);
        if (found.size() != 1) {
            throw new AssertionError(name + " has " + found.size() + " of " + kind);
        }
        return found.getFirst();
    }

    /** A container of the DaemonSet. */
    JsonNode container(String container) {
        for (JsonNode each : the("DaemonSet").at("/spec/template/spec/containers")) {
            if (each.path("name").asText().equals(container)) {
                return each;
            }
        }
        throw new AssertionError(name + " has no container " + container);
    }

    /** What the manifest sets a variable of a container of the DaemonSet to. */
    String variable(String container, String variable) {
        return member(container(container).path("env"), variable).path("value").asText();
    }

    /** Where and how a container of the DaemonSet mounts a volume. */
    JsonNode mount(String container, String volume) {
        return member(container(container).path("volumeMounts"), volume);
    }

    /** A volume of the DaemonSet. */
    JsonNode volume(String volume) {
        return member(the("DaemonSet").at("/spec/template/spec/volumes"), volume);
    }

    private JsonNode member(JsonNode list, String wanted) {
        for (JsonNode each : list) {
            if (each.path("name").asText().equals(wanted)) {
                return each;
            }
        }
        throw new AssertionError(name + " has no " + wanted + " in " + list);
    }

    /** What is added to no capabilities for a container of the DaemonSet. */
    List<String> capabilities(String container) {
        JsonNode capabilities = container(container).at("/securityContext/capabilities");
        if (!capabilities.at("/drop/0").asText().equals("ALL")) {
            throw new AssertionError(container + " of " + name + " does not drop all capabilities");
        }
        List<String> added = new ArrayList<>();
        capabilities.path("add").forEach(each -> added.add(each.asText()));
        return added;
    }
}
