/** Rtnetlink over the Foreign Function and Memory API. */
module io.meshnet.netlink {
    exports io.meshnet.netlink;
}
