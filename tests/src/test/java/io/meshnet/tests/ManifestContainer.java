package io.meshnet.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A container of the DaemonSet in the Kubernetes manifests, on a node that no Kubernetes manages: containerd's own client makes it as
 * the kubelet would, with the namespaces, capabilities, mounts and variables that the manifest says.
 *
 * @param node where it is to run
 * @param overlay the manifests
 * @param name which container
 * @param elsewhere paths of the node that are others in these tests
 */
record ManifestContainer(RuntimeNode node, Overlay overlay, String name, Map<String, Path> elsewhere) {

    /** What containerd gives a container when nothing is said (oci.defaultUnixCaps). */
    private static final Set<String> USUAL_CAPABILITIES = Set.of(
            "CHOWN",
            "DAC_OVERRIDE",
            "FSETID",
            "FOWNER",
            "MKNOD",
            "NET_RAW",
            "SETGID",
            "SETUID",
            "SETFCAP",
            "SETPCAP",
            "NET_BIND_SERVICE",
            "SYS_CHROOT",
            "KILL",
            "AUDIT_WRITE");

    /** Runs it with nothing but what the manifest says, until it is ended. */
    Daemon start() {
        Path log = node.node().directory().resolve(name + ".log");
        return Daemon.start(name, node.machine().command(command(Map.of())), log);
    }

    /**
     * The command that runs it until it ends, to be run on the node's machine; a signal to it reaches the container.
     *
     * @param settings what the manifest takes from elsewhere, such as the node's name; counts more than what it says
     */
    Command command(Map<String, String> settings) {
        JsonNode spec = overlay.the("DaemonSet").at("/spec/template/spec");
        JsonNode container = overlay.container(name);
        List<String> words = new ArrayList<>(List.of("run", "--rm", "--snapshotter=native"));
        words.add("--cgroup=" + node.machine().cgroup() + "/" + name);
        flag(words, spec.path("hostNetwork"), "--net-host");
        flag(words, spec.path("hostPID"), "--with-ns=pid:/proc/1/ns/pid");
        JsonNode security = container.path("securityContext");
        flag(words, security.path("readOnlyRootFilesystem"), "--read-only");
        flag(words, security.path("allowPrivilegeEscalation"), "--allow-new-privs");
        List<String> added = overlay.capabilities(name);
        added.forEach(each -> words.add("--cap-add=CAP_" + each));
        USUAL_CAPABILITIES.stream()
                .filter(each -> !added.contains(each))
                .forEach(each -> words.add("--cap-drop=CAP_" + each));
        for (JsonNode mount : container.path("volumeMounts")) {
            words.add(
                    "--mount=" + mount(mount, overlay.volume(mount.path("name").asText())));
        }
        Map<String, String> environment = new HashMap<>();
        container.path("env").forEach(each -> {
            if (each.has("value")) {
                environment.put(each.path("name").asText(), each.path("value").asText());
            }
        });
        environment.putAll(settings);
        environment.forEach((variable, value) -> words.add("--env=" + variable + "=" + value));
        words.addAll(List.of(container.path("image").asText(), name));
        container.path("command").forEach(word -> words.add(word.asText()));
        return node.runtime().ctr(words.toArray(String[]::new));
    }

    private static void flag(List<String> words, JsonNode wanted, String word) {
        if (wanted.asBoolean()) {
            words.add(word);
        }
    }

    private String mount(JsonNode mount, JsonNode volume) {
        String to = mount.path("mountPath").asText();
        if (volume.has("emptyDir")) {
            return "type=tmpfs,src=tmpfs,dst=" + to + ",options=nosuid:nodev";
        }
        String path = volume.at("/hostPath/path").asText();
        String from = elsewhere.containsKey(path) ? elsewhere.get(path).toString() : path;
        node.machine().command(Command.of("mkdir", "-p", from)).output();
        boolean follows = mount.path("mountPropagation").asText().equals("HostToContainer");
        return "type=bind,src=" + from + ",dst=" + to + ",options=rbind:" + (follows ? "rslave" : "rprivate");
    }
}
