package io.meshnet.tests;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A node whose pods a container runtime makes: a containerd, and a meshnetd beside it. */
final class RuntimeNode {
    /** What is linked into the runtime's directory of plugins; it adds the loopback by itself. */
    private static final List<String> PLUGINS = List.of("bridge", "host-local", "loopback");

    /** How the node's network is configured. */
    enum Form {
        /** As in the seed: meshnet alone, with the main plugin as its delegate. */
        DELEGATE,
        /** meshnet behind the main plugin. */
        CHAINED
    }

    private static final Map<Form, String> FILES =
            Map.of(Form.DELEGATE, "00-meshnet.conf", Form.CHAINED, "00-meshnet.conflist");

    /** The configuration of the node's network without meshnet. */
    private static final String BARE = "10-bridge.conf";

    /** What the daemon has by default, on the machine rather than in the tests' directory. */
    private static final Map<String, String> DEFAULTS =
            Map.of("MESHNET_SOCKET", "/run/meshnet/meshnetd.sock", "MESHNET_STATE", "/run/meshnet");

    private final Form form;
    private final Node node;
    private final Machine machine;
    private final Containerd containerd;
    private final Kubelet kubelet;
    private final PauseImage image;
    private final Path pause;

    RuntimeNode(Underlay underlay, int number, Form form) {
        node = new Node(underlay, number, Underlay.addressOf(number), DEFAULTS);
        this.form = form;
        Path directory = node.directory();
        image = new PauseImage(underlay.directory("image" + number));
        pause = image.program();
        machine = new Machine(underlay, node.netns(), pause, directory.resolve("machine.log"));
        node.placeIn(machine);
        containerd = new Containerd(underlay, machine, underlay.directory("containerd" + number));
        kubelet = new Kubelet(this);
        try {
            for (String plugin : PLUGINS) {
                link(plugin, Node.PLUGINS.resolve(plugin));
            }
            install();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts meshnet into the runtime's directories by hand. */
    void install() throws IOException {
        link("meshnet", Image.launcher("meshnet"));
        configure(form);
    }

    /** Undoes {@link #uninstall}. */
    void reinstall() throws IOException {
        Files.delete(containerd.configurations().resolve(BARE));
        install();
    }

    /** Leaves the runtime's directories as they are on a node that has a network and no meshnet. */
    void uninstall() throws IOException {
        Files.delete(containerd.plugins().resolve("meshnet"));
        Files.delete(containerd.configurations().resolve(FILES.get(form)));
        ObjectNode config = node.delegate().put("cniVersion", "1.0.0");
        Files.writeString(containerd.configurations().resolve(BARE), config.toPrettyString());
    }

    private void link(String plugin, Path to) throws IOException {
        Files.createSymbolicLink(containerd.plugins().resolve(plugin), to);
    }

    private void configure(Form form) throws IOException {
        ObjectNode config = node.config();
        switch (form) {
            case DELEGATE -> config.put("cniVersion", "0.3.1");
            case CHAINED -> {
                ArrayNode plugins = Json.array().add(node.delegate());
                plugins.add(Json.object().put("type", "meshnet"));
                config = Json.object().put("cniVersion", "1.0.0").put("name", Node.BRIDGE);
                config.set("plugins", plugins);
            }
        }
        Files.writeString(containerd.configurations().resolve(FILES.get(form)), config.toPrettyString());
    }

    /** Starts both daemons, and waits for neither. */
    void begin() {
        node.begin();
        containerd.begin();
    }

    /** Waits until pods can be made. */
    void awaitReady() {
        containerd.awaitReady();
        containerd.load(image.archive(pause));
        node.awaitReady();
    }

    String name() {
        return node.name();
    }

    Machine machine() {
        return machine;
    }

    /** The node itself, with its meshnetd. */
    Node node() {
        return node;
    }

    Containerd runtime() {
        return containerd;
    }

    Kubelet kubelet() {
        return kubelet;
    }

    /** The logs of both daemons. */
    String logs() {
        return "--- meshnetd on %s%n%s%n--- containerd on %s%n%s%n"
                .formatted(name(), node.log(), name(), containerd.log());
    }
}
