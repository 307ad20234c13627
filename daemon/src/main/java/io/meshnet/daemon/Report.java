package io.meshnet.daemon;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.reconciler.LinkView;
import io.meshnet.reconciler.NodeInspection;
import io.meshnet.reconciler.state.Cluster;
import io.meshnet.reconciler.state.DesiredLink;
import io.meshnet.reconciler.state.EndId;
import io.meshnet.reconciler.state.LinkStatus;
import io.meshnet.reconciler.state.NodeIdentity;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * What operators see of one topology: what should be, what the kernel has, and for everything that is not in place why and since when.
 * Safe for use by any thread.
 */
final class Report {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final NodeIdentity node;
    private final Cluster cluster;
    private final NodeInspection inspection;
    private final LinkLog log;

    Report(NodeIdentity node, Cluster cluster, NodeInspection inspection, LinkLog log) {
        this.node = node;
        this.cluster = cluster;
        this.inspection = inspection;
        this.log = log;
    }

    /** Adds every link of this node's pods, looked at now; one between two of them is there once for each end. */
    CompletableFuture<Void> links(ArrayNode to, Predicate<PodName> wanted) {
        return inspection
                .take(true)
                .thenAccept(seen -> new TreeMap<>(seen.pods()).forEach((pod, views) -> {
                    if (wanted.test(pod)) {
                        views.forEach(view -> to.add(link(pod, view)));
                    }
                }));
    }

    private ObjectNode link(PodName pod, LinkView view) {
        ObjectNode json = JSON.createObjectNode();
        LinkEnd local = view.desired().local();
        LinkEnd peer = view.desired().link().opposite(local);
        json.put("uid", view.desired().link().uid());
        json.put("pod", pod.toString()).put("interface", local.ifname());
        json.put("peer_pod", peer.pod().toString()).put("peer_interface", peer.ifname());
        standing(json, pod, view);
        json.set("desired", desired(view));
        json.set("observed", observed(view));
        json.set(
                "in_pod",
                view.device().map(device -> inPod(device, view.addresses())).orElse(null));
        return json;
    }

    /**
     * How the link stands. The last reconciliation knows since when, and for a link that is not in place the kernel's words. It does not
     * know the remark on a link in place, which counts frames.
     */
    private void standing(ObjectNode json, PodName pod, LinkView view) {
        Optional<LinkLog.Standing> last = log.find(pod, view.desired().link());
        boolean holds =
                last.isPresent() && last.get().state().phase() == view.status().phase();
        boolean isRemark = view.status().phase() == LinkStatus.Phase.IN_PLACE;
        LinkStatus state = holds && !isRemark ? last.get().state() : view.status();
        json.put("state", text(state.phase()));
        json.put("since", (holds ? last.get().since() : Instant.now()).toString());
        json.put("reason", state.reason());
    }

    private static String text(LinkStatus.Phase phase) {
        return phase.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static ObjectNode desired(LinkView view) {
        ObjectNode json = JSON.createObjectNode();
        switch (view.desired().wire()) {
            case DesiredLink.ToEnd(EndId far) -> json.put("wire", "local").put("to", far.toString());
            case DesiredLink.ToNode(InetAddress remote) ->
                json.put("wire", "tunnel")
                        .put("vni", view.desired().link().vni())
                        .put("remote", NumericAddress.format(remote));
            case DesiredLink.Unplugged _, DesiredLink.Disputed _ -> json.putNull("wire");
        }
        json.put("mtu", view.mtu());
        ArrayNode addresses = json.putArray("addresses");
        view.desired().local().address().map(Prefix::toString).ifPresent(addresses::add);
        return json;
    }

    /** What meshnet owns of the link. */
    private static ObjectNode observed(LinkView view) {
        ObjectNode json = JSON.createObjectNode();
        view.port().ifPresentOrElse(port -> json.put("port", port), () -> json.putNull("port"));
        view.wire().ifPresentOrElse(wire -> json.put("wire", wire), () -> json.putNull("wire"));
        json.put("too_big", view.tooBig());
        view.wrongSender().ifPresent(count -> json.put("wrong_sender", count));
        return json;
    }

    /** The interface in the pod, which is the pod's: it is shown, and not judged. */
    private static ObjectNode inPod(Link device, List<InterfaceAddress> addresses) {
        ObjectNode json = JSON.createObjectNode();
        json.put("name", device.name());
        json.put("ifindex", device.ifindex());
        json.put("mac", device.mac().toString());
        json.put("up", device.isUp());
        json.put("carrier", device.hasCarrier());
        json.put("mtu", device.mtu());
        ArrayNode list = json.putArray("addresses");
        addresses.forEach(address -> list.add(address.toString()));
        return json;
    }

    /** Adds every pod of which anything is known, wherever it is. */
    void pods(ArrayNode to, Predicate<PodName> wanted) {
        cluster.all().stream()
                .filter(pod -> wanted.test(pod.pod()))
                .sorted(Comparator.comparing(PodRecord::pod))
                .forEach(pod -> to.add(pod(pod)));
    }

    private ObjectNode pod(PodRecord pod) {
        ObjectNode json = JSON.createObjectNode();
        json.put("pod", pod.pod().toString());
        Optional<Placement> placement = pod.placement();
        boolean here = placement.filter(node::hosts).isPresent();
        boolean alive = here || placement.filter(cluster::isAlive).isPresent();
        json.put("here", here).put("alive", alive);
        String reason = "";
        if (placement.isEmpty()) {
            reason = "it is not placed on any node";
        } else if (!alive) {
            reason = "its node " + placement.get().node() + " is not alive";
        }
        switch (pod.declaration()) {
            case Declaration.Absent _ -> json.put("declaration", "none");
            case Declaration.Links links ->
                json.put("declaration", "links").put("links", links.links().size());
            case Declaration.Broken broken -> {
                json.put("declaration", "broken");
                reason = (reason.isEmpty() ? "" : reason + "; ") + "its list of links is broken: " + broken.reason();
            }
        }
        json.put("reason", reason);
        json.set("placement", placement.map(Report::placement).orElse(null));
        return json;
    }

    private static ObjectNode placement(Placement placement) {
        ObjectNode json = JSON.createObjectNode();
        json.put("node", placement.node());
        json.put("vtep", NumericAddress.format(placement.vtep()));
        json.put("net_ns", placement.netns());
        json.put("container_id", placement.containerId());
        return json;
    }
}
