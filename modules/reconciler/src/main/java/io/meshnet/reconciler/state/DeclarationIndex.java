package io.meshnet.reconciler.state;

import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Indexes all declared links by the pod that declares them, by the peer that they name, by
 * interface and by uid, so that one pod's event never scans the other pods. Used by one thread at a
 * time.
 */
final class DeclarationIndex {

    /** One pod's own list. */
    private static final class Own {
        private final List<DeclaredLink> links;
        private final Map<Integer, DeclaredLink> byUid = new HashMap<>();
        private final Map<String, DeclaredLink> byIfname = new HashMap<>();

        Own(List<DeclaredLink> links) {
            this.links = links;
            for (DeclaredLink link : links) {
                byUid.putIfAbsent(link.uid(), link);
                byIfname.putIfAbsent(link.local().ifname(), link);
                if (link.isSelfLoop()) {
                    byIfname.putIfAbsent(link.peer().ifname(), link);
                }
            }
        }
    }

    private static final Own NONE = new Own(List.of());

    private final Map<PodName, Own> own = new HashMap<>();

    /** The links that peers declare to a pod, from the pod's own view, by its interface. */
    private final Map<PodName, Map<String, List<DeclaredLink>>> told = new HashMap<>();

    private final Map<Integer, List<DeclaredLink>> byUid = new HashMap<>();

    /** Replaces the list of a pod. */
    void replace(PodName pod, List<DeclaredLink> links) {
        for (DeclaredLink gone : own(pod)) {
            remove(byUid, gone.uid(), gone);
            if (!gone.isSelfLoop()) {
                PodName peer = gone.peer().pod();
                Map<String, List<DeclaredLink>> ofPeer = told.get(peer);
                remove(ofPeer, gone.peer().ifname(), gone.mirrored());
                if (ofPeer.isEmpty()) {
                    told.remove(peer);
                }
            }
        }
        if (links.isEmpty()) {
            own.remove(pod);
        } else {
            own.put(pod, new Own(links));
        }
        for (DeclaredLink link : links) {
            byUid.computeIfAbsent(link.uid(), _ -> new ArrayList<>()).add(link);
            if (!link.isSelfLoop()) {
                told.computeIfAbsent(link.peer().pod(), _ -> new HashMap<>())
                        .computeIfAbsent(link.peer().ifname(), _ -> new ArrayList<>())
                        .add(link.mirrored());
            }
        }
    }

    private static <K> void remove(Map<K, List<DeclaredLink>> lists, K key, DeclaredLink link) {
        List<DeclaredLink> links = lists.get(key);
        links.remove(link);
        if (links.isEmpty()) {
            lists.remove(key);
        }
    }

    /** What a pod declares itself. */
    List<DeclaredLink> own(PodName pod) {
        return own.getOrDefault(pod, NONE).links;
    }

    /** The link of that uid that a pod declares itself. */
    Optional<DeclaredLink> own(PodName pod, int uid) {
        return Optional.ofNullable(own.getOrDefault(pod, NONE).byUid.get(uid));
    }

    /** The link that a pod declares itself on one of its interfaces. */
    Optional<DeclaredLink> own(PodName pod, String ifname) {
        return Optional.ofNullable(own.getOrDefault(pod, NONE).byIfname.get(ifname));
    }

    /** The links that peers declare to a pod, from the pod's own view. */
    List<DeclaredLink> told(PodName pod) {
        List<DeclaredLink> all = new ArrayList<>();
        told.getOrDefault(pod, Map.of()).values().forEach(all::addAll);
        return all;
    }

    /** The links that peers declare to one interface of a pod, from the pod's own view. */
    List<DeclaredLink> told(PodName pod, String ifname) {
        return told.getOrDefault(pod, Map.of()).getOrDefault(ifname, List.of());
    }

    /** Whether another pod declares a link to this one. */
    boolean isToldOf(PodName pod) {
        return told.containsKey(pod);
    }

    /** Every declaration of a uid, each from the view of the pod that declares it. */
    List<DeclaredLink> of(int uid) {
        return List.copyOf(byUid.getOrDefault(uid, List.of()));
    }

    /** A pod and all pods that share a link with it, whichever of the two declares it. */
    Set<PodName> neighbours(PodName pod) {
        Set<PodName> all = new HashSet<>();
        all.add(pod);
        own(pod).forEach(link -> all.add(link.peer().pod()));
        told(pod).forEach(link -> all.add(link.peer().pod()));
        return all;
    }

    /** Every pod that declares a link or that a link names as the peer. */
    Set<PodName> pods() {
        Set<PodName> all = new HashSet<>(own.keySet());
        all.addAll(told.keySet());
        return all;
    }
}
