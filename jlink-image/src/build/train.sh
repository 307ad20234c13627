#!/usr/bin/env bash
# Runs every launcher of an image once as it is used in earnest, so that the JVM writes the AOT cache of each.
# usage: train.sh IMAGE OUTPUT
#   IMAGE/bin/NAME.train   the launchers that write OUTPUT/NAME.aot
#   OUTPUT/*.log           what was said meanwhile
# Runs in a network namespace of its own where that is permitted, otherwise on loopback ports that are free. With an etcd
# on the PATH the store is trained, in a namespace of its own the links as well.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
isolate "$0" "$@"

image=$1
output=$2

die() {
    echo "training: $1" >&2
    tail -n 40 "$output"/*.log >&2
    exit 1
}

# Runs a command for what it exercises. Whether its answer is right is for the tests to say.
exercise() {
    local status=0
    "$@" >>"$output/training.log" 2>&1 || status=$?
    printf '\n%s: exit status %d\n' "${*:1:5}" "$status" >>"$output/training.log"
    return "$status"
}

# put KEY VALUE
put() {
    ETCDCTL_API=3 timeout 10 etcdctl --endpoints "$MESHNET_ETCD_ENDPOINTS" put "$1" "$2"
}

# links PEER LAST_BYTE LAST_BYTE_OF_PEER
links() {
    echo '[{"uid":1,"peer_pod":"'"$1"'","local_intf":"eth1","local_ip":"10.0.0.'"$2"'/24","peer_intf":"eth1","peer_ip":"10.0.0.'"$3"'/24"}]'
}

# elsewhere PID: that process is in another network namespace.
elsewhere() {
    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Two pods with a link between them come and go, and a peer on another node announces itself.
train_links() {
    local netns=() configuration command
    exercise put /alpha/links "$(links beta 1 2)" || die 'etcd did not take a topology'
    exercise put /beta/links "$(links alpha 2 1)" || die 'etcd did not take a topology'
    configuration='{"cniVersion":"1.0.0","name":"training","type":"meshnet","etcd_host":"127.0.0.1","etcd_port":"'$etcd_port'","prevResult":{"cniVersion":"1.0.0","interfaces":[],"ips":[],"dns":{}}}'
    for _ in alpha beta; do
        unshare --net sleep 300 &
        children+=($!)
        until_true 10 'a network namespace' elsewhere $!
        netns+=("/proc/$!/ns/net")
    done
    for command in ADD CHECK DEL; do
        exercise call meshnet $command alpha "${netns[0]}" "$configuration" || true
        exercise call meshnet $command beta "${netns[1]}" "$configuration" || true
        exercise http PUT /vtep '{"net_ns":"'"${netns[0]}"'","link_name":"eth2","link_ip":"10.0.1.1/24","peer_vtep":"192.0.2.2","vni":5002}' || true
    done
}

set_up
mkdir -p "$output"
: >"$output/training.log"
if command -v etcd >/dev/null; then
    start_etcd "$output/etcd.log"
fi

"$image/bin/meshnetd.train" >"$output/meshnetd.log" 2>&1 &
daemon=$!
children+=("$daemon")
live() {
    if gone "$daemon"; then
        die 'meshnetd ended'
    fi
    http GET /observe/health/live >/dev/null
}
until_true 60 'meshnetd is live' live
exercise http GET /observe/health || true
exercise http GET /observe/health/ready || true
if command -v etcd >/dev/null && command -v etcdctl >/dev/null && [ "$MESHNET_BUILD_NETNS" = private ]; then
    train_links
fi
exercise http PUT /vtep '{"net_ns":' || true
exercise http PUT /vtep '{"net_ns":"/nowhere","link_name":"eth1","link_ip":"","peer_vtep":"none","vni":-1}' || true
exercise call meshnet ADD gamma /nowhere '{"cniVersion":"1.0.0","name":"training","type":"meshnet"}' || true
exercise call meshnet VERSION gamma '' '{"cniVersion":"1.0.0"}' || die 'VERSION failed'

exercise call meshnet-java.train VERSION gamma '' '{"cniVersion":"1.0.0"}' || die 'VERSION failed while its cache was made'
exercise timeout 60 "$image/bin/meshnetctl.train" version || die 'meshnetctl version failed'
kill -TERM "$daemon"
until_true 300 'meshnetd stopped' gone "$daemon"

for name in meshnet-java meshnetd meshnetctl; do
    [ -s "$output/$name.aot" ] || die "no cache of $name"
done
