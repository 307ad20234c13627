package io.meshnet.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.netlink.NetnsId;
import io.meshnet.store.etcd.Endpoints;
import io.meshnet.topology.PodName;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * What the runtime attached to this node, one small file for each container. The store knows it too for pods of the topology; this is
 * for what it cannot know: pods that came while it could not be asked, pods that get their links only later, pods that went while it
 * was away, and which namespace a path led to. The directory has to be one that a reboot empties, as it does the namespaces. Safe for
 * use by any thread.
 */
final class Attachments {

    private static final System.Logger LOG = System.getLogger(Attachments.class.getName());
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SUFFIX = ".json";

    private final Path directory;
    private final Map<String, PodAttachment> all = new ConcurrentHashMap<>();

    /** The containers of a pod, and those that came to a path; usually one each. Changed together with {@link #all}, under this lock. */
    private final Map<PodName, Set<String>> byPod = new ConcurrentHashMap<>();

    private final Map<String, Set<String>> byNetns = new ConcurrentHashMap<>();

    private Attachments(Path directory) {
        this.directory = directory;
    }

    /** Reads what is there. A file that cannot be read is reported and left alone. */
    static Attachments load(Path directory) throws IOException {
        Files.createDirectories(directory);
        Attachments attachments = new Attachments(directory);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                try {
                    PodAttachment attachment = decode(JSON.readTree(file.toFile()));
                    attachments.enter(attachment);
                } catch (IOException | IllegalArgumentException e) {
                    LOG.log(Level.WARNING, "{0} is no attachment, and is ignored: {1}", file, e.getMessage());
                }
            }
        }
        return attachments;
    }

    /** Keeps an attachment, over whatever was known of its container. */
    void put(PodAttachment attachment) throws IOException {
        Path file = file(attachment.containerId());
        Path whole = directory.resolve(file.getFileName() + ".new");
        Files.write(whole, JSON.writeValueAsBytes(encode(attachment)));
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        enter(attachment);
    }

    private synchronized void enter(PodAttachment attachment) {
        leave(attachment.containerId());
        String id = attachment.containerId();
        all.put(id, attachment);
        byPod.computeIfAbsent(attachment.pod(), _ -> ConcurrentHashMap.newKeySet())
                .add(id);
        byNetns.computeIfAbsent(attachment.netns(), _ -> ConcurrentHashMap.newKeySet())
                .add(id);
    }

    private synchronized void leave(String containerId) {
        PodAttachment old = all.remove(containerId);
        if (old != null) {
            byPod.computeIfPresent(old.pod(), (_, ids) -> without(ids, containerId));
            byNetns.computeIfPresent(old.netns(), (_, ids) -> without(ids, containerId));
        }
    }

    /** Null, which takes the entry out of its map, when nothing remains. */
    private static Set<String> without(Set<String> ids, String id) {
        ids.remove(id);
        return ids.isEmpty() ? null : ids;
    }

    /** Forgets a container; one that is not known is no error. */
    void remove(String containerId) throws IOException {
        leave(containerId);
        Files.deleteIfExists(file(containerId));
    }

    Optional<PodAttachment> find(String containerId) {
        return Optional.ofNullable(all.get(containerId));
    }

    List<PodAttachment> all() {
        return List.copyOf(all.values());
    }

    /** Every incarnation of a pod that the runtime attached, those included whose end the store was not told yet. */
    List<PodAttachment> of(PodName pod) {
        return all(byPod.getOrDefault(pod, Set.of())).toList();
    }

    /** What came with a CNI network and was not taken away, be its namespace still there or not. */
    List<PodAttachment> of(String network) {
        return all.values().stream()
                .filter(attachment ->
                        !attachment.detached() && attachment.network().equals(network))
                .toList();
    }

    /** The incarnation of a pod that came last and was not taken away. */
    Optional<PodAttachment> living(PodName pod) {
        return last(byPod.getOrDefault(pod, Set.of()));
    }

    /** The incarnation that came last to a path and was not taken away. */
    Optional<PodAttachment> at(String netns) {
        return last(byNetns.getOrDefault(netns, Set.of()));
    }

    /** Whether a container that came later lives at the same path, so that the path no longer leads to this one's namespace. */
    boolean isTakenOver(PodAttachment attachment) {
        return at(attachment.netns())
                .filter(other ->
                        !other.containerId().equals(attachment.containerId()) && other.since() > attachment.since())
                .isPresent();
    }

    /** Whether another container lives in the very namespace of this one. */
    boolean isShared(PodAttachment attachment) {
        return attachment.identity().isPresent()
                && all.values().stream()
                        .anyMatch(other -> other.living()
                                && !other.containerId().equals(attachment.containerId())
                                && other.identity().equals(attachment.identity()));
    }

    private Optional<PodAttachment> last(Set<String> ids) {
        return all(ids).filter(PodAttachment::living).max(Comparator.comparingLong(PodAttachment::since));
    }

    private Stream<PodAttachment> all(Set<String> ids) {
        return ids.stream().flatMap(id -> find(id).stream());
    }

    private Path file(String containerId) {
        return directory.resolve(containerId + SUFFIX);
    }

    private static ObjectNode encode(PodAttachment attachment) {
        ObjectNode json = JSON.createObjectNode();
        json.put("container_id", attachment.containerId());
        json.put("network", attachment.network());
        json.put("pod_namespace", attachment.pod().namespace());
        json.put("pod", attachment.pod().name());
        json.put("net_ns", attachment.netns());
        attachment.identity().ifPresent(identity -> {
            json.put("net_ns_device", identity.device());
            json.put("net_ns_inode", identity.inode());
            json.put("net_ns_cookie", identity.cookie());
        });
        json.put("ifname", attachment.ifname());
        json.put("etcd", attachment.etcd());
        json.put("since", attachment.since());
        json.put("stage", attachment.stage().name());
        return json;
    }

    private static PodAttachment decode(JsonNode json) {
        Optional<NetnsId> identity = json.has("net_ns_cookie")
                ? Optional.of(new NetnsId(
                        json.required("net_ns_device").asLong(),
                        json.required("net_ns_inode").asLong(),
                        json.required("net_ns_cookie").asLong()))
                : Optional.empty();
        String etcd = json.required("etcd").asText();
        Endpoints.parse(etcd);
        return new PodAttachment(
                json.required("container_id").asText(),
                json.path("network").asText(""),
                new PodName(
                        json.required("pod_namespace").asText(),
                        json.required("pod").asText()),
                json.required("net_ns").asText(),
                identity,
                json.required("ifname").asText(),
                etcd,
                json.required("since").asLong(),
                PodAttachment.Stage.valueOf(json.required("stage").asText()));
    }
}
