package io.meshnet.bpf;

/**
 * Kernel functions that a BPF program can call, the BPF helpers: enum bpf_func_id in linux/bpf.h,
 * bpf-helpers(7).
 */
public enum HelperFunction {
    /** {@code void *bpf_map_lookup_elem(map, key)}: a pointer to the value, or 0. */
    MAP_LOOKUP_ELEM(1),
    /**
     * {@code long bpf_skb_get_tunnel_key(skb, key, size, flags)}: 0, or a negated errno when the
     * frame has no tunnel key.
     */
    SKB_GET_TUNNEL_KEY(20),
    /** {@code long bpf_skb_set_tunnel_key(skb, key, size, flags)}: 0 or a negated errno. */
    SKB_SET_TUNNEL_KEY(21),
    /**
     * {@code long bpf_redirect(ifindex, flags)}: TC_ACT_REDIRECT, to be returned by the program.
     */
    REDIRECT(23),
    /** {@code long bpf_skb_load_bytes(skb, offset, to, length)}: 0 or a negated errno. */
    SKB_LOAD_BYTES(26),
    /**
     * {@code long bpf_check_mtu(skb, ifindex, mtu_len, len_diff, flags)}: 0 when the frame fits the
     * device, above 0 when it does not, or a negated errno. The licence of the program must be
     * compatible with the GPL.
     */
    CHECK_MTU(163);

    private final int number;

    HelperFunction(int number) {
        this.number = number;
    }

    /** Its number in {@code enum bpf_func_id}. */
    public int number() {
        return number;
    }
}
