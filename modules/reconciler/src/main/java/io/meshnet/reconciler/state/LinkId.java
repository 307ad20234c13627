package io.meshnet.reconciler.state;

/**
 * The identity of a link: its uid and its two ends. Addresses and MTU may change while the identity stays.
 *
 * @param uid unique in a topology, unless two lists dispute it
 * @param first the lower end, in the order of pod and interface
 * @param second the higher end
 */
public record LinkId(int uid, EndId first, EndId second) {

    /** In plain code, as {@link EndId#equals} is. */
    @Override
    public boolean equals(Object other) {
        return other instanceof LinkId id && uid == id.uid && first.equals(id.first) && second.equals(id.second);
    }

    /** Links that differ have different uids, except for links in dispute. */
    @Override
    public int hashCode() {
        return uid;
    }

    /** {@code link 21 default/pod2:eth2 - default/pod3:eth2}. */
    @Override
    public String toString() {
        return "link " + uid + " " + first + " - " + second;
    }
}
