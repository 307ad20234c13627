package io.meshnet.topology;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What several pods' lists say of each other. One side's declaration is enough for a link, so a peer that has no list,
 * or does not list the link, disagrees with nobody; a pod's own list has the last word on its own interfaces.
 */
public final class TopologyCheck {

    private TopologyCheck() {}

    /** What two views of a link say of one thing, each in words with the declarer's own member names. */
    record Difference(String name, String own, String theirs) {}

    /** An interface, which can be an end of one link only. */
    private record Port(PodName pod, String ifname) {
        static Port of(LinkEnd end) {
            return new Port(end.pod(), end.ifname());
        }
    }

    /**
     * Why a link cannot be made as declared, as far as its peer's own list tells: the peer gives the uid to another
     * pod, interface or address, states another MTU, or uses the interface for another link.
     *
     * @param link as its local pod declares it
     * @param peerLinks the list of {@code link.peer().pod()}; empty if it has none, or a broken one
     * @return the first disagreement, naming both keys
     */
    public static Optional<Problem> disagreement(DeclaredLink link, List<DeclaredLink> peerLinks) {
        return disagreements(link, peerLinks).stream().findFirst();
    }

    /**
     * Everything on which the lists of a topology disagree: what {@link #disagreement} finds, uids that two pairs of
     * pods use, and interfaces that two links claim. Each is told once, of the pod that comes first.
     *
     * @param topology pods and their lists; without those that have none or a broken one
     */
    public static List<Problem> check(Map<PodName, List<DeclaredLink>> topology) {
        var sorted = new TreeMap<>(topology);
        var problems = new ArrayList<Problem>();
        checkViews(sorted, problems);
        checkUids(sorted, problems);
        checkInterfaces(sorted, problems);
        return List.copyOf(problems);
    }

    /** How the peer's view of the same uid differs from a link; empty if they agree. */
    static List<Difference> differences(DeclaredLink link, DeclaredLink theirs) {
        LinkEnd local = link.local();
        LinkEnd peer = link.peer();
        if (!theirs.peer().pod().equals(local.pod())) {
            return List.of(difference(
                    LinkDraft.PEER_POD,
                    peer.pod().name(),
                    LinkDraft.PEER_POD,
                    theirs.peer().pod().name()));
        }
        var found = new ArrayList<Difference>();
        if (!theirs.local().ifname().equals(peer.ifname())) {
            found.add(difference(
                    LinkDraft.PEER_INTF,
                    peer.ifname(),
                    LinkDraft.LOCAL_INTF,
                    theirs.local().ifname()));
        }
        if (!theirs.peer().ifname().equals(local.ifname())) {
            found.add(difference(
                    LinkDraft.LOCAL_INTF,
                    local.ifname(),
                    LinkDraft.PEER_INTF,
                    theirs.peer().ifname()));
        }
        address(LinkDraft.LOCAL_IP, local, LinkDraft.PEER_IP, theirs.peer()).ifPresent(found::add);
        address(LinkDraft.PEER_IP, peer, LinkDraft.LOCAL_IP, theirs.local()).ifPresent(found::add);
        mtu(link, theirs).ifPresent(found::add);
        if (found.isEmpty()) {
            family(link, theirs).ifPresent(found::add);
        }
        return List.copyOf(found);
    }

    private static Difference difference(String ownName, String own, String theirName, String theirs) {
        return new Difference(ownName, Quoted.of(own), theirName + " is " + Quoted.of(theirs));
    }

    private static Optional<Difference> address(String ownName, LinkEnd own, String theirName, LinkEnd theirs) {
        return own.address()
                .filter(_ -> theirs.address().isPresent())
                .filter(address -> !address.equals(theirs.address().get()))
                .map(address -> difference(
                        ownName,
                        address.toString(),
                        theirName,
                        theirs.address().get().toString()));
    }

    private static Optional<Difference> mtu(DeclaredLink link, DeclaredLink theirs) {
        return link.mtu().isPresent() && theirs.mtu().isPresent() && !link.mtu().equals(theirs.mtu())
                ? Optional.of(new Difference(
                        LinkDraft.MTU,
                        Integer.toString(link.mtu().getAsInt()),
                        LinkDraft.MTU + " is " + theirs.mtu().getAsInt()))
                : Optional.empty();
    }

    /** One view may state one end and the other view the other end, each in a family of its own. */
    private static Optional<Difference> family(DeclaredLink link, DeclaredLink theirs) {
        DeclaredLink whole = link.completedBy(theirs);
        Optional<Prefix> local = whole.local().address();
        Optional<Prefix> peer = whole.peer().address();
        if (local.isEmpty() || peer.isEmpty() || local.get().sameFamily(peer.get())) {
            return Optional.empty();
        }
        return link.local().address().isPresent()
                ? Optional.of(otherFamily(LinkDraft.LOCAL_IP, local.get(), LinkDraft.LOCAL_IP, peer.get()))
                : Optional.of(otherFamily(LinkDraft.PEER_IP, peer.get(), LinkDraft.PEER_IP, local.get()));
    }

    private static Difference otherFamily(String ownName, Prefix own, String theirName, Prefix theirs) {
        return new Difference(
                ownName,
                Quoted.of(own.toString()),
                theirName + " is " + Quoted.of(theirs.toString()) + ", of another family");
    }

    private static List<Problem> disagreements(DeclaredLink link, List<DeclaredLink> peerLinks) {
        if (link.isSelfLoop()) {
            return List.of();
        }
        Optional<DeclaredLink> theirs =
                peerLinks.stream().filter(other -> other.uid() == link.uid()).findFirst();
        if (theirs.isPresent()) {
            return differences(link, theirs.get()).stream()
                    .map(difference -> Problem.ofLink(
                            link,
                            Optional.of(difference.name()),
                            difference.own() + ", but in "
                                    + Problem.key(link.peer().pod()) + ": link uid " + link.uid() + ": "
                                    + difference.theirs()))
                    .toList();
        }
        return peerLinks.stream()
                .filter(other -> uses(other, link.peer()))
                .findFirst()
                .map(other -> List.of(claimed(link, LinkDraft.PEER_INTF, link.peer(), other)))
                .orElse(List.of());
    }

    private static boolean uses(DeclaredLink link, LinkEnd end) {
        return link.local().sameInterface(end) || link.peer().sameInterface(end);
    }

    private static Problem claimed(DeclaredLink link, String name, LinkEnd end, DeclaredLink other) {
        return Problem.ofLink(
                link,
                Optional.of(name),
                Quoted.of(end.ifname()) + " of " + end.pod().name() + " is an end of another link in "
                        + Problem.key(other.local().pod()) + ": link uid " + other.uid());
    }

    private static void checkViews(SortedMap<PodName, List<DeclaredLink>> topology, List<Problem> problems) {
        topology.forEach((pod, links) -> {
            for (DeclaredLink link : links) {
                List<DeclaredLink> peerLinks = topology.getOrDefault(link.peer().pod(), List.of());
                boolean toldByPeer = link.peer().pod().compareTo(pod) < 0
                        && peerLinks.stream()
                                .anyMatch(theirs -> theirs.uid() == link.uid()
                                        && theirs.peer().pod().equals(pod));
                if (!toldByPeer) {
                    problems.addAll(disagreements(link, peerLinks));
                }
            }
        });
    }

    private static void checkUids(SortedMap<PodName, List<DeclaredLink>> topology, List<Problem> problems) {
        Set<Integer> told = new HashSet<>();
        problems.stream().map(Problem::uid).filter(OptionalInt::isPresent).forEach(uid -> told.add(uid.getAsInt()));
        var firsts = new HashMap<Integer, DeclaredLink>();
        for (DeclaredLink link : all(topology)) {
            DeclaredLink first = firsts.putIfAbsent(link.uid(), link);
            if (first != null && !samePods(first, link) && told.add(link.uid())) {
                problems.add(Problem.ofLink(
                        link,
                        Optional.of(LinkDraft.UID),
                        link.uid() + " is the uid of another link, " + pair(first) + " in "
                                + Problem.key(first.local().pod())));
            }
        }
    }

    private static boolean samePods(DeclaredLink one, DeclaredLink other) {
        return pods(one).equals(pods(other));
    }

    private static Set<PodName> pods(DeclaredLink link) {
        return new HashSet<>(List.of(link.local().pod(), link.peer().pod()));
    }

    private static String pair(DeclaredLink link) {
        return link.local().pod().name() + " - " + link.peer().pod().name();
    }

    /** What {@link #checkViews} could not see because the interface's own pod is silent about it. */
    private static void checkInterfaces(SortedMap<PodName, List<DeclaredLink>> topology, List<Problem> problems) {
        var claims = new HashMap<Port, DeclaredLink>();
        List<DeclaredLink> links = all(topology);
        links.forEach(link -> claims.putIfAbsent(Port.of(link.local()), link));
        links.stream().filter(DeclaredLink::isSelfLoop).forEach(link -> claims.putIfAbsent(Port.of(link.peer()), link));
        for (DeclaredLink link : links) {
            DeclaredLink first = claims.putIfAbsent(Port.of(link.peer()), link);
            boolean foreign =
                    first != null && !first.local().pod().equals(link.peer().pod());
            if (foreign && first.uid() != link.uid()) {
                problems.add(claimed(link, LinkDraft.PEER_INTF, link.peer(), first));
            }
        }
    }

    private static List<DeclaredLink> all(SortedMap<PodName, List<DeclaredLink>> topology) {
        return topology.values().stream()
                .flatMap(links -> links.stream().sorted(Comparator.comparingInt(DeclaredLink::uid)))
                .toList();
    }
}
