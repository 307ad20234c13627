package io.meshnet.netlink;

/**
 * What a {@link LinkMonitor} has seen.
 *
 * <p>The {@code netnsid} of an event is the id that the monitor's own namespace has for the one where it happened, or
 * {@link #OWN_NETNS}.
 */
public sealed interface LinkEvent {

    /** The monitor's own namespace. No id of a namespace is negative. */
    int OWN_NETNS = -1;

    /**
     * A link is new, or something of it changed (RTM_NEWLINK).
     *
     * @param netnsid of the namespace where it is
     * @param link as it is now; its {@link Link#peerNetnsid} is an id that its own namespace has
     */
    record Changed(int netnsid, Link link) implements LinkEvent {}

    /**
     * A link is gone, or moved to another namespace (RTM_DELLINK). Its name is free, and so is its peer's.
     *
     * @param netnsid of the namespace where it was
     * @param link as it was
     */
    record Deleted(int netnsid, Link link) implements LinkEvent {}

    /**
     * A link has an address of global scope (RTM_NEWADDR).
     *
     * @param netnsid of the namespace where the link is
     * @param ifindex of the link
     * @param address that it has
     */
    record AddressAdded(int netnsid, int ifindex, InterfaceAddress address) implements LinkEvent {}

    /**
     * A link has an address of global scope no longer (RTM_DELADDR).
     *
     * @param netnsid of the namespace where the link is
     * @param ifindex of the link
     * @param address that it had
     */
    record AddressDeleted(int netnsid, int ifindex, InterfaceAddress address) implements LinkEvent {}

    /**
     * A namespace is gone, and its id is free for another (RTM_DELNSID). Of the end of its links nothing more is told, but of that of
     * their peers elsewhere.
     *
     * @param netnsid that it had
     */
    record NetnsGone(int netnsid) implements LinkEvent {}

    /** More happened than the socket had room for, and some of it is lost: look at all links and addresses anew. */
    record Overflow() implements LinkEvent {}
}
