/** The reconciler: desired and observed links to actions, and actions to netlink. */
module io.meshnet.reconciler {
    requires transitive io.meshnet.netlink;
    requires transitive io.meshnet.topology;

    exports io.meshnet.reconciler;
}
