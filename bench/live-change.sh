#!/usr/bin/env bash
# How soon an edit of the topology in etcd is seen in the pods: an address of a link is changed again and again, and each time it is
# looked for at the other end of the request until it is there. Two nodes, a veth and a vxlan. Looking takes some milliseconds itself.
# usage: live-change.sh [ROUNDS]      of each kind, default 20
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. bench/src/main/sh/common.sh
. bench/src/main/sh/cluster.sh

ROUNDS=${1:-20}

# The list of pod pa, with the third byte of its addresses.
links() {
    printf '[{"uid": 1, "peer_pod": "pb", "local_intf": "veth", "local_ip": "10.1.%d.1/24", "peer_intf": "veth"},' "$1"
    printf ' {"uid": 2, "peer_pod": "pc", "local_intf": "vxlan", "local_ip": "10.2.%d.1/24", "peer_intf": "vxlan"}]' "$1"
}

put() {
    in_netns fabric curl --silent --fail "$ETCD/v3/kv/put" \
        --data "{\"key\": \"$(printf /pa/links | base64 -w0)\", \"value\": \"$(base64 -w0)\"}" >/dev/null
}

has_address() { ip -n "${PREFIX}pod-pa" -o address show dev "$1" | grep -q " $2 "; }

# Milliseconds from before the edit until both links have their new addresses, one line for each.
round() {
    local byte=$1 begin kind
    begin=${EPOCHREALTIME/[.,]/}
    links "$byte" | put
    for kind in veth:1 vxlan:2; do
        until has_address "${kind%:*}" "10.${kind#*:}.$byte.1/24"; do :; done
        echo "${kind%:*} $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))"
    done
}

require_root
install_missing
install_rivals
find_jdk
build
build_image
begin_work
start_cluster
for node in node1 node2; do
    start_daemon "$node"
    await_daemon "$node"
done
links 0 | put
printf '%s\n' pa pb pc | add_pods
printf '%s\n' pa pb | call node1 meshnet 1 ADD >/dev/null
echo pc | call node2 meshnet 1 ADD >/dev/null
for ((byte = 1; byte <= ROUNDS; byte++)); do
    round "$byte"
done | sort -k1,1 -k2,2n | awk '
    { all[$1, ++count[$1]] = $2 }
    END {
        for (kind in count)
            printf "%s: %d ms (%d-%d), median and range of %d\n", kind, all[kind, int((count[kind] + 1) / 2)], all[kind, 1],
                all[kind, count[kind]], count[kind]
    }'
