package io.meshnet.netlink;

/** What a {@link LinkMonitor} has seen. */
public sealed interface LinkEvent {

    /**
     * A link is new, or something of it changed (RTM_NEWLINK).
     *
     * @param link as it is now
     */
    record Changed(Link link) implements LinkEvent {}

    /**
     * A link is gone, or moved to another namespace (RTM_DELLINK). Its name is free, and so is its peer's.
     *
     * @param link as it was
     */
    record Deleted(Link link) implements LinkEvent {}

    /**
     * A link has an address of global scope (RTM_NEWADDR).
     *
     * @param ifindex of the link
     * @param address that it has
     */
    record AddressAdded(int ifindex, InterfaceAddress address) implements LinkEvent {}

    /**
     * A link has an address of global scope no longer (RTM_DELADDR).
     *
     * @param ifindex of the link
     * @param address that it had
     */
    record AddressDeleted(int ifindex, InterfaceAddress address) implements LinkEvent {}

    /** More happened than the socket had room for, and some of it is lost: look at all links and addresses anew. */
    record Overflow() implements LinkEvent {}
}
