/** The reconciler: what the links of this node's pods should be, what the kernel has, and what to do about the difference. */
module io.meshnet.reconciler {
    requires transitive io.meshnet.netlink;
    requires transitive io.meshnet.topology;

    exports io.meshnet.reconciler;
    exports io.meshnet.reconciler.peer;
    exports io.meshnet.reconciler.state;
}
