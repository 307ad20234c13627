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

# link UID INTERFACE LAST_BYTE PEER PEER_INTERFACE LAST_BYTE_OF_PEER
link() {
    echo '{"uid":'"$1"',"peer_pod":"'"$4"'","local_intf":"'"$2"'","local_ip":"10.0.'"$1.$3"'/24","peer_intf":"'"$5"'","peer_ip":"10.0.'"$1.$6"'/24"}'
}

# A delegate that makes nothing and says so.
make_delegate() {
    mkdir -p "$work/plugins"
    cat >"$work/plugins/nothing" <<'END'
#!/bin/sh
cat >/dev/null
[ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion":"1.0.0","interfaces":[],"ips":[],"dns":{}}'
END
    chmod +x "$work/plugins/nothing"
}

# elsewhere PID: that process is in another network namespace.
elsewhere() {
    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Two pods come and go, one chained behind other plugins and one with a delegate. They have a link with each other, and one with a pod on
# another node, whose address is this daemon's too, so that somebody answers there.
train_links() {
    local netns=() configuration delegated command
    make_delegate
    exercise put /alpha/links "[$(link 1 eth1 1 beta eth1 2),$(link 2 eth2 1 delta eth1 2)]" ||
        die 'etcd did not take a topology'
    exercise put /beta/links "[$(link 1 eth1 2 alpha eth1 1),$(link 3 eth2 1 delta eth2 2)]" ||
        die 'etcd did not take a topology'
    exercise put /delta/src_ip 192.0.2.2 && exercise put /delta/net_ns /run/netns/delta ||
        die 'etcd did not take a placement'
    configuration='{"cniVersion":"1.0.0","name":"training","type":"meshnet","etcd_host":"127.0.0.1","etcd_port":"'$etcd_port'"'
    delegated=$configuration',"delegate":{"type":"nothing"}}'
    configuration=$configuration',"prevResult":{"cniVersion":"1.0.0","interfaces":[],"ips":[],"dns":{}}}'
    for _ in alpha beta; do
        unshare --net sleep 300 &
        children+=($!)
        until_true 10 'a network namespace' elsewhere $!
        netns+=("/proc/$!/ns/net")
    done
    for command in ADD CHECK DEL; do
        exercise call meshnet $command alpha "${netns[0]}" "$configuration" || true
        exercise call meshnet $command beta "${netns[1]}" "$delegated" || true
        exercise http PUT /vtep '{"net_ns":"'"${netns[0]}"'","link_name":"eth2","link_ip":"10.0.2.1/24","peer_vtep":"192.0.2.2","vni":5002}' || true
        exercise http GET /v1/links || true
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
