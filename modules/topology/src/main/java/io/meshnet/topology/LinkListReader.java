package io.meshnet.topology;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads one pod's array of links and checks what concerns several links of it. For one use, by one thread. */
final class LinkListReader {
    private final PodName pod;
    private final List<LinkDraft> drafts = new ArrayList<>();
    /** The first link with a uid. */
    private final Map<Integer, LinkDraft> byUid = new HashMap<>();
    /** The first link at an interface; keyed by ends without address. */
    private final Map<LinkEnd, LinkDraft> byInterface = new HashMap<>();
    /** The second view of a self-loop that is listed from both its ends, by the first. */
    private final Map<LinkDraft, LinkDraft> mirrors = new HashMap<>();

    LinkListReader(PodName pod) {
        this.pod = pod;
    }

    /** Reads the array; the parser is at its start, and is left at its end. */
    void read(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            LinkDraft draft = LinkDraft.read(pod, drafts.size(), parser);
            drafts.add(draft);
            boolean checked = checkUid(draft);
            if (!checked) {
                checkInterfaces(draft);
            }
        }
    }

    /** Everything that is wrong, in the order of the text. */
    List<Problem> problems() {
        return drafts.stream().flatMap(draft -> draft.problems().stream()).toList();
    }

    /** The links, those with problems left out, a self-loop once. */
    List<DeclaredLink> links() {
        return drafts.stream()
                .filter(draft -> !mirrors.containsValue(draft))
                .flatMap(draft -> link(draft).stream())
                .toList();
    }

    private Optional<DeclaredLink> link(LinkDraft draft) {
        Optional<DeclaredLink> mirror = Optional.ofNullable(mirrors.get(draft)).flatMap(LinkDraft::link);
        return draft.link().map(link -> mirror.map(link::completedBy).orElse(link));
    }

    /** Returns whether the link is a repetition, whose interfaces need no look of their own. */
    private boolean checkUid(LinkDraft draft) {
        OptionalInt uid = draft.uid();
        if (uid.isEmpty()) {
            return false;
        }
        LinkDraft first = byUid.putIfAbsent(uid.getAsInt(), draft);
        if (first == null) {
            return false;
        }
        if (isMirrored(first, draft)
                && !same(first.local(), first.peer())
                && mirrors.putIfAbsent(first, draft) == null) {
            if (first.link().isPresent() && draft.link().isPresent()) {
                TopologyCheck.differences(draft.link().get(), first.link().get())
                        .forEach(difference -> draft.fault(
                                difference.name(),
                                difference.own() + ", but " + difference.theirs() + " in " + first.designation()));
            }
            return true;
        }
        draft.fault(LinkDraft.UID, uid.getAsInt() + " is already the uid of link " + first.index());
        return isMirrored(first, draft) || (same(first.local(), draft.local()) && same(first.peer(), draft.peer()));
    }

    private static boolean isMirrored(LinkDraft first, LinkDraft second) {
        return same(first.local(), second.peer()) && same(first.peer(), second.local());
    }

    private static boolean same(Optional<LinkEnd> one, Optional<LinkEnd> other) {
        return one.isPresent() && other.isPresent() && one.get().sameInterface(other.get());
    }

    private void checkInterfaces(LinkDraft draft) {
        draft.local().ifPresent(end -> claim(draft, LinkDraft.LOCAL_INTF, end));
        if (!same(draft.local(), draft.peer())) {
            draft.peer().ifPresent(end -> claim(draft, LinkDraft.PEER_INTF, end));
        }
    }

    private void claim(LinkDraft draft, String name, LinkEnd end) {
        LinkDraft first = byInterface.putIfAbsent(new LinkEnd(end.pod(), end.ifname(), Optional.empty()), draft);
        if (first != null) {
            String owner = end.pod().equals(pod) ? "" : " of " + end.pod().name();
            draft.fault(name, Quoted.of(end.ifname()) + owner + " is already an end of " + first.designation());
        }
    }
}
