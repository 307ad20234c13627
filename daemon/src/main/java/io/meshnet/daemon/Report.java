package io.meshnet.daemon;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshnet.netlink.InterfaceAddress;
import io.meshnet.netlink.Link;
import io.meshnet.reconciler.Cluster;
import io.meshnet.reconciler.Desired;
import io.meshnet.reconciler.LinkState;
import io.meshnet.reconciler.LinkView;
import io.meshnet.reconciler.NodeIdentity;
import io.meshnet.reconciler.Survey;
import io.meshnet.topology.Declaration;
import io.meshnet.topology.LinkEnd;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Placement;
import io.meshnet.topology.PodName;
import io.meshnet.topology.PodRecord;
import io.meshnet.topology.Prefix;
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
    private final Survey survey;
    private final LinkLog log;

    Report(NodeIdentity node, Cluster cluster, Survey survey, LinkLog log) {
        this.node = node;
        this.cluster = cluster;
        this.survey = survey;
        this.log = log;
    }

    /** Adds every link of this node's pods, looked at now; one between two of them is there once for each end. */
    CompletableFuture<Void> links(ArrayNode to, Predicate<PodName> wanted) {
        return survey.take()
                .thenAccept(seen -> new TreeMap<>(seen.pods()).forEach((pod, views) -> {
                    if (wanted.test(pod)) {
                        views.forEach(view -> to.add(link(pod, view)));
                    }
                }));
    }

    private ObjectNode link(PodName pod, LinkView view) {
        ObjectNode json = JSON.createObjectNode();
        LinkEnd local = view.local();
        LinkEnd peer = view.desired().link().ends().stream()
                .filter(end -> !end.equals(local))
                .findFirst()
                .orElse(local);
        json.put("uid", view.desired().link().uid());
        json.put("pod", pod.toString()).put("interface", local.ifname());
        json.put("peer_pod", peer.pod().toString()).put("peer_interface", peer.ifname());
        standing(json, pod, view);
        json.set("desired", desired(view));
        json.set(
                "observed",
                view.device().map(device -> observed(device, view.addresses())).orElse(null));
        return json;
    }

    /** What the last reconciliation said, which knows the kernel's words and since when; unless it looks different by now. */
    private void standing(ObjectNode json, PodName pod, LinkView view) {
        Optional<LinkLog.Standing> last = log.find(pod, view.desired().link());
        boolean holds =
                last.isPresent() && last.get().state().phase() == view.state().phase();
        LinkState state = holds ? last.get().state() : view.state();
        json.put("state", text(state.phase()));
        json.put("since", (holds ? last.get().since() : Instant.now()).toString());
        json.put("reason", state.reason());
    }

    private static String text(LinkState.Phase phase) {
        return phase.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static ObjectNode desired(LinkView view) {
        ObjectNode json = JSON.createObjectNode();
        switch (view.desired()) {
            case Desired.Veth _ -> json.put("kind", "veth");
            case Desired.Vxlan vxlan ->
                json.put("kind", "vxlan")
                        .put("vni", vxlan.link().vni())
                        .put("remote", NumericAddress.format(vxlan.remote()));
            case Desired.Waiting _, Desired.Disputed _ -> json.putNull("kind");
        }
        json.put("mtu", view.mtu());
        ArrayNode addresses = json.putArray("addresses");
        view.local().address().map(Prefix::toString).ifPresent(addresses::add);
        return json;
    }

    private static ObjectNode observed(Link device, List<InterfaceAddress> addresses) {
        ObjectNode json = JSON.createObjectNode();
        json.put("kind", device.kind());
        device.vxlan().ifPresent(vxlan -> {
            json.put("vni", vxlan.vni());
            vxlan.remote().ifPresent(remote -> json.put("remote", NumericAddress.format(remote)));
        });
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
