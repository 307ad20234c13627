package io.meshnet.topology;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * One thing that is wrong with a topology, and where. {@link #toString} is the sentence for people, for instance
 * {@code /pod2/links: link 0 (uid 21): peer_pod: is missing}.
 *
 * @param pod whose list it is in; empty if it is about a topology file as such
 * @param index of the link in that list, from 0; empty if it is about the list, or the list was not at hand
 * @param uid of the link, where it is known
 * @param name of the JSON member, where it is about one
 * @param text what is wrong
 */
public record Problem(Optional<PodName> pod, OptionalInt index, OptionalInt uid, Optional<String> name, String text) {

    /** The etcd key of a pod's list, or its namespace and name where the seed's keys cannot say it. */
    static String key(PodName pod) {
        return pod.namespace().equals(PodName.DEFAULT_NAMESPACE) ? "/" + pod.name() + "/links" : pod.toString();
    }

    /** About a whole topology file. */
    static Problem ofFile(String text) {
        return new Problem(Optional.empty(), OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), text);
    }

    /** About a pod's whole list. */
    static Problem ofList(PodName pod, String text) {
        return new Problem(Optional.of(pod), OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), text);
    }

    /** About a link whose place in the list does not matter. */
    static Problem ofLink(DeclaredLink link, Optional<String> name, String text) {
        return new Problem(
                Optional.of(link.local().pod()), OptionalInt.empty(), OptionalInt.of(link.uid()), name, text);
    }

    @Override
    public String toString() {
        var where = new StringBuilder();
        pod.ifPresent(owner -> where.append(key(owner)).append(": "));
        if (index.isPresent()) {
            where.append("link ").append(index.getAsInt());
            uid.ifPresent(known -> where.append(" (uid ").append(known).append(')'));
            where.append(": ");
        } else {
            uid.ifPresent(known -> where.append("link uid ").append(known).append(": "));
        }
        name.ifPresent(member -> where.append(member).append(": "));
        return where.append(text).toString();
    }
}
