package io.meshnet.netlink;

import static io.meshnet.netlink.generated.Rtnetlink.RTM_DELADDR;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_DELLINK;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_DELNSID;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWADDR;
import static io.meshnet.netlink.generated.Rtnetlink.RTM_NEWLINK;

import java.util.List;

/** Reads notifications; one that is none of {@link LinkEvent} is passed over. Keeps the readers that it walks with; one thread at a time. */
final class LinkEventDecoder {

    private final AttributeReader attributes = new AttributeReader();
    private final LinkDecoder links = new LinkDecoder();

    /** @param netnsid where the message was multicast, as events tell it */
    void decode(MessageReader message, int netnsid, List<LinkEvent> into) {
        int type = message.type();
        if (type == RTM_NEWLINK() && LinkDecoder.isLink(message)) {
            into.add(new LinkEvent.Changed(netnsid, links.decode(message)));
        } else if (type == RTM_DELLINK() && LinkDecoder.isLink(message)) {
            into.add(new LinkEvent.Deleted(netnsid, links.decode(message)));
        } else if (type == RTM_NEWADDR()) {
            AddressMessages.decode(message, attributes)
                    .ifPresent(it -> into.add(new LinkEvent.AddressAdded(netnsid, it.ifindex(), it.address())));
        } else if (type == RTM_DELADDR()) {
            AddressMessages.decode(message, attributes)
                    .ifPresent(it -> into.add(new LinkEvent.AddressDeleted(netnsid, it.ifindex(), it.address())));
        } else if (type == RTM_DELNSID() && netnsid == LinkEvent.OWN_NETNS) { // elsewhere it is about an id of theirs
            into.add(new LinkEvent.NetnsGone(NetnsMessages.decode(message, attributes)));
        }
    }
}
