package io.meshnet.tests;

import static io.meshnet.tests.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A node: a network namespace on the underlay, with a meshnetd of the built image. */
final class Node {

    /** The bridge that the delegate makes on each node. */
    static final String BRIDGE = "dind0";

    /** Where Debian keeps the reference CNI plugins. */
    static final Path PLUGINS = Path.of("/usr/lib/cni");

    private final String name;
    private final int number;
    private final String netns;
    private final Path directory;
    private final Path log;
    private final Map<String, String> settings = new HashMap<>();
    private UnaryOperator<Command> container = UnaryOperator.identity();
    private UnaryOperator<Command> place;
    private Optional<Machine> machine = Optional.empty();
    private Daemon daemon;

    /**
     * @param vtep the tunnel end as the daemon is told of it: an address or the name of an interface
     * @param more variables of the daemon's environment
     */
    Node(Underlay underlay, int number, String vtep, Map<String, String> more) {
        this.name = "node" + number;
        this.number = number;
        this.netns = underlay.addNode(name, number);
        this.directory = underlay.directory(name);
        this.log = directory.resolve("log");
        this.place = command -> command.inside(netns);
        settings.put("MESHNET_SOCKET", socket().toString());
        settings.put("MESHNET_STATE", directory.resolve("state").toString());
        settings.put("MESHNET_NODE", name);
        settings.put("MESHNET_VTEP", vtep);
        settings.put("MESHNET_ETCD_ENDPOINTS", Etcd.ENDPOINT);
        settings.putAll(more);
        underlay.undo().add(() -> PatchView.unmount(directory.resolve("state").resolve("netns")));
        underlay.undo().add(this::kill);
    }

    String name() {
        return name;
    }

    String netns() {
        return netns;
    }

    /** The node's underlay address. */
    String address() {
        return Underlay.addressOf(number);
    }

    /** A directory of the node's own, gone with the underlay. */
    Path directory() {
        return directory;
    }

    /** Where the daemon listens for the front. */
    Path socket() {
        return directory.resolve("meshnetd.sock");
    }

    /** A directory for a test's own plugins, which is part of the {@code CNI_PATH}. */
    Path plugins() {
        try {
            return Files.createDirectories(directory.resolve("plugins"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a plugin of a test's own, a shell script. */
    void plugin(String name, String script) throws IOException {
        Path path = plugins().resolve(name);
        Files.writeString(path, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    String cniPath() {
        return plugins() + ":" + PLUGINS;
    }

    /** Has the daemon started elsewhere than in the node's network namespace alone, from its next start on. */
    void placeIn(Machine machine) {
        this.machine = Optional.of(machine);
        place = machine::command;
    }

    /** Starts the daemon and waits until it is ready. */
    void start() {
        begin();
        awaitReady();
    }

    /** Starts the daemon and waits until it is alive, be it ready or not. */
    void launch() {
        begin();
        awaitAlive();
    }

    /** The daemon's environment, of which a test may change what it likes. */
    Map<String, String> settings() {
        return Map.copyOf(settings);
    }

    /** Gives the daemon another variable of the environment from its next start on. */
    void set(String variable, String value) {
        settings.put(variable, value);
    }

    /** Has the daemon run in a container from its next start on: {@code around} makes its command the container's. */
    void contain(UnaryOperator<Command> around) {
        container = around;
    }

    /** Starts the daemon and waits for nothing. */
    void begin() {
        Command command = container.apply(Image.command("meshnetd").with(settings));
        daemon = Daemon.start(name, place.apply(command), log);
    }

    void awaitReady() {
        awaitAlive();
        eventually(() -> assertThat(health("ready")).as("ready").isEqualTo(200));
    }

    private void awaitAlive() {
        eventually(() -> {
            assertThat(daemon.running())
                    .as("meshnetd runs; its log:%n%s", log())
                    .isTrue();
            assertThat(health("live")).as("live").isEqualTo(200);
        });
    }

    boolean running() {
        return daemon != null && daemon.running();
    }

    /** The ids of the daemon's threads of that name, of which there is one at least. */
    List<Long> threads(String wanted) {
        return daemon.threads(wanted);
    }

    /** Holds one thread of the daemon, see {@link Daemon#hold}. */
    Process hold(String thread) {
        return daemon.hold(thread, directory.resolve("strace-" + thread));
    }

    /** Removes what the daemon has noted and the patch namespace with all its ports, as a reboot does. The daemon is not running. */
    void forget() {
        Mounts.unmountAll(directory.resolve("state"));
        Command.of("rm", "-r", directory.resolve("state").toString()).output();
    }

    /** The node's patch namespace. */
    PatchView patch() {
        return new PatchView(this);
    }

    /** Where the patch namespace is mounted. */
    Path patchMount() {
        String mount = settings.get("MESHNET_STATE") + "/netns";
        return machine.map(its -> its.path(mount)).orElseGet(() -> Path.of(mount));
    }

    /** Stops the daemon as an init system would. */
    void stop() {
        daemon.terminate();
    }

    /** Kills the daemon without any warning. */
    void kill() {
        if (daemon != null) {
            daemon.close();
        }
    }

    /** Keeps the daemon from doing anything until it is thawed; what it is told meanwhile piles up. */
    void freeze() {
        daemon.signal("STOP");
    }

    void thaw() {
        daemon.signal("CONT");
    }

    /** The status of a health check; 0 when no one answers. */
    int health(String check) {
        return http("GET", "/observe/health/" + check, "").status();
    }

    /** An answer of the daemon's REST interface; status 0 stands for none. */
    record HttpAnswer(int status, String body) {}

    /** Asks the daemon from its own node. As the client of legacy meshnet does, without a content type. */
    HttpAnswer http(String method, String path, String body) {
        Outcome outcome = Command.of(
                        "curl",
                        "--silent",
                        "--max-time",
                        "60",
                        "--request",
                        method,
                        "--header",
                        "Content-Type:",
                        "--data-binary",
                        "@-",
                        "--write-out",
                        "\n%{http_code}",
                        "http://127.0.0.1:" + settings.getOrDefault("MESHNETD_PORT", "8181") + path)
                .inside(netns)
                .fed(body)
                .run();
        int end = outcome.out().lastIndexOf('\n');
        return new HttpAnswer(
                Integer.parseInt(outcome.out().substring(end + 1)),
                outcome.out().substring(0, end));
    }

    /** What the daemon tells operators under a path, such as {@code /v1/pods}. */
    JsonNode told(String path) {
        HttpAnswer answer = http("GET", path, "");
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        return Json.parse(answer.body());
    }

    /** What the daemon tells of a pod, wherever it runs. */
    JsonNode toldOf(Pod pod) {
        return told("/v1/pods?pod=" + pod.name()).path("pods").path(0);
    }

    /** What the daemon tells of the link at an interface of a pod on this node. */
    JsonNode toldOf(Pod pod, String ifname) {
        for (JsonNode link : told("/v1/links?pod=" + pod.name()).path("links")) {
            if (link.path("interface").asText().equals(ifname)) {
                return link;
            }
        }
        throw new AssertionError(name + " does not know of " + ifname + " in " + pod.name());
    }

    /** Where the wire of an interface of a pod on this node leads, as the daemon tells it; empty while there is none. */
    String wireOf(Pod pod, String ifname) {
        return toldOf(pod, ifname).at("/observed/wire").asText("");
    }

    /** The same of all interfaces, by {@code pod:interface}. */
    Map<String, String> wires() {
        Map<String, String> wires = new HashMap<>();
        for (JsonNode link : told("/v1/links").path("links")) {
            String pod = link.path("pod").asText().replaceFirst(".*/", "");
            wires.put(
                    pod + ":" + link.path("interface").asText(),
                    link.at("/observed/wire").asText(""));
        }
        return wires;
    }

    /** Takes the node off the underlay. */
    void unplug() {
        ip("link", "set", Underlay.UPLINK, "down");
    }

    /** Undoes {@link #unplug}. */
    void plug() {
        ip("link", "set", Underlay.UPLINK, "up");
        ip("route", "replace", "default", "via", Underlay.ADDRESS);
    }

    /** The CNI configuration of this node, in the form of legacy meshnet. */
    ObjectNode config() {
        return cni().delegating();
    }

    /** A configuration of this node in which meshnet is chained behind plugins that made no interface. */
    ObjectNode chained() {
        return cni().chained();
    }

    /** The delegate's part of the configuration. */
    ObjectNode delegate() {
        return cni().delegate();
    }

    /** The addresses that the delegate has given out. */
    Set<String> leases() {
        return cni().leased();
    }

    private CniConfig cni() {
        return new CniConfig(number, directory.resolve("ipam"));
    }

    /** Runs {@code ip} on the node, as its user might. */
    void ip(String... arguments) {
        Command.ip(arguments).inside(netns).output();
    }

    /** The links in the node's own namespace. */
    Map<String, ObservedLink> links() {
        return ObservedLink.in(netns);
    }

    /** The links in the node's namespace that neither the underlay nor an idle delegate accounts for. */
    List<String> strayLinks() {
        return links().keySet().stream()
                .filter(link -> !Set.of("lo", Underlay.UPLINK, BRIDGE).contains(link))
                .toList();
    }

    String log() {
        return Daemon.text(log);
    }
}
