/** Rtnetlink and BPF over the Foreign Function and Memory API. */
module io.meshnet.netlink {
    exports io.meshnet.bpf;
    exports io.meshnet.netlink;
}
