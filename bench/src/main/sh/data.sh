# The part of the side-by-side that is about frames: between two pods of a node and of two nodes, beside a veth and a vxlan by ip.
# shellcheck shell=bash
# shellcheck disable=SC2154 # what side-by-side.sh has set

# Two pods of node1 and one of node2, with a link by meshnet and another by ip between them. The links by ip are of the same MTU.
make_paths() {
    topology pair n 1 820000 >"$WORK/path.1"
    topology pair t 1 820001 >"$WORK/path.2"
    add_pods <"$WORK/path.1"
    add_pods <"$WORK/path.2"
    printf '%s\n' na nb ta | call node1 meshnet 1 ADD >/dev/null
    echo tb | call node2 meshnet 1 ADD >/dev/null
    ip -n "${PREFIX}pod-na" link add ip0 mtu 1450 type veth peer name ip0 mtu 1450 netns "${PREFIX}pod-nb"
    add_vxlan node1 ta 10.99.0.11 10.99.0.12
    add_vxlan node2 tb 10.99.0.12 10.99.0.11
    for pod in na:1 nb:2 ta:1 tb:2; do
        ip -n "${PREFIX}pod-${pod%:*}" address add "192.168.77.${pod#*:}/24" dev ip0
        ip -n "${PREFIX}pod-${pod%:*}" link set ip0 up
    done
}

# add_vxlan NODE POD LOCAL REMOTE: in the pod, with its tunnel in the node. Its UDP port is not that of meshnet's own device.
add_vxlan() {
    in_netns "$1" ip link add ip0 mtu 1450 type vxlan id 77 local "$3" remote "$4" dstport 14789 dev uplink
    in_netns "$1" ip link set ip0 netns "${PREFIX}pod-$2"
}

address_of() { ip -n "${PREFIX}pod-$1" -o -4 address show dev "$2" | awk '{ sub(/\/.*/, "", $4); print $4 }'; }

# traffic WHERE WHAT SIDE CLIENT SERVER INTERFACE
traffic() {
    "$BIN/traffic" "$2" "/run/netns/${PREFIX}pod-$4" "/run/netns/${PREFIX}pod-$5" "$(address_of "$5" "$6")" "$DATA_MILLIS" \
        >>"$RESULTS/data.$1.$2.$3" || die "no traffic from $4 to $5 by $6"
}

# Both sides in turn, and the order is turned around from round to round.
measure_paths() {
    local round what
    for ((round = 0; round < DATA_ROUNDS; round++)); do
        for what in tcp udp ping cost; do
            if ((round % 2)); then
                traffic 1 "$what" ip na nb ip0
                traffic 1 "$what" meshnet na nb e0
                traffic 2 "$what" ip ta tb ip0
                traffic 2 "$what" meshnet ta tb e0
            else
                traffic 1 "$what" meshnet na nb e0
                traffic 1 "$what" ip na nb ip0
                traffic 2 "$what" meshnet ta tb e0
                traffic 2 "$what" ip ta tb ip0
            fi
        done
    done
}

# Expects both daemons to run.
measure_data() {
    note "frames between pods"
    make_paths
    measure_paths
}
