#!/usr/bin/env bash
# Shows the triangle: three pods on two nodes, wired by meshnet from a topology in etcd. See usage() below.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/lib.sh

usage() {
    cat <<END
Usage: $0 [--keep]      build what is not built, bring three pods up on two nodes, ping over their links, let a router
                  shut an interface, restart a pod, send a packet of 9000 bytes, delete them
       $0 --down NAME   take down what --keep has left; it tells the name

  --keep   leave everything up, and say how to look around
END
}

ETCD=http://10.99.0.1:2379
NAME=meshnet-demo-$$
DIR=${TMPDIR:-/tmp}/$NAME
KEEP=false
PASSED=0
FAILED=()
SUMMED_UP=false
declare -A DAEMONS=()

# ---- what is printed

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
note() { printf '   %s\n' "$*"; }
indented() { sed 's/^/     /'; }

# Prints a command, with the names short, and runs it. Its output is to be looked at; whether it is right, check() tells.
run() {
    local shown=${*//$DIR\//…/}
    printf '   $ %s\n' "${shown//$NAME-/}"
    "$@" 2>&1 | indented || true
}

# Runs a command that has to succeed for the demo to have held; its output shows only if it does not.
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        printf '   ok    %s\n' "$what"
        PASSED=$((PASSED + 1))
    else
        printf '   FAIL  %s\n' "$what"
        indented <<<"$output"
        FAILED+=("$what")
    fi
}

# ---- namespaces

in_netns() {
    local netns=$1
    shift
    nsenter --net="/run/netns/$NAME-$netns" -- "$@"
}

add_netns() {
    ip netns add "$NAME-$1"
    ip -n "$NAME-$1" link set lo up
}

add_node() {
    local node=$1 address=$2
    add_netns "$node"
    ip -n "$NAME-fabric" link add "to-$node" type veth peer name uplink netns "$NAME-$node"
    ip -n "$NAME-fabric" link set "to-$node" master fabric0 up
    ip -n "$NAME-$node" address add "$address/24" dev uplink
    ip -n "$NAME-$node" link set uplink up
    ip -n "$NAME-$node" route add default via 10.99.0.1
}

node_of() { if [ "$1" = pod3 ]; then echo node2; else echo node1; fi; }

# ---- etcd and the daemons, each in a session of its own: what --keep leaves outlives the terminal

# Repeats a command until it succeeds, up to 200 times with a tenth of a second in between. In a subshell, or else what an
# interruption has to say would go where the command's output goes.
wait_for() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 200; tries++)); do
        if ("$@") >/dev/null 2>&1; then
            return
        fi
        sleep 0.1
    done
    note "$what: not so after $tries tries"
    return 1
}

etcdctl() { in_netns fabric env ETCDCTL_API=3 etcdctl --endpoints="$ETCD" "$@"; }

start_etcd() {
    setsid nsenter --net="/run/netns/$NAME-fabric" -- etcd --name="$NAME" --data-dir="$DIR/etcd" \
        --listen-client-urls="$ETCD" --advertise-client-urls="$ETCD" \
        --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
        --initial-cluster="$NAME=http://127.0.0.1:2380" >"$DIR/etcd.log" 2>&1 </dev/null &
    wait_for "etcd answers" etcdctl endpoint health || { indented <"$DIR/etcd.log"; die "etcd does not start"; }
}

start_daemon() {
    local node=$1
    mkdir -p "$DIR/$node"
    MESHNET_NODE=$node MESHNET_VTEP=uplink MESHNET_ETCD_ENDPOINTS=$ETCD \
        MESHNET_SOCKET=$DIR/$node/meshnetd.sock MESHNET_STATE=$DIR/$node/state \
        setsid nsenter --net="/run/netns/$NAME-$node" -- "$PWD/$IMAGE/bin/meshnetd" >>"$DIR/$node/log" 2>&1 </dev/null &
    DAEMONS[$node]=$!
}

# Ends a daemon as an init system does.
stop_daemon() {
    note "meshnetd on $1 is stopped, and started again"
    kill "${DAEMONS[$1]}"
    wait "${DAEMONS[$1]}" || true
}

await_daemon() {
    local node=$1
    wait_for "meshnetd on $node is ready" \
        in_netns "$node" curl --silent --fail http://127.0.0.1:8181/observe/health/ready ||
        { indented <"$DIR/$node/log"; die "meshnetd on $node does not become ready"; }
    note "meshnetd on $node is ready: port 8181, socket $DIR/$node/meshnetd.sock"
}

# ---- the topology, in the format of legacy meshnet

links_of() {
    case $1 in
        pod1) link 11 pod2 eth1 12.12.12.1/24 eth1 12.12.12.2/24, 13 pod3 eth2 13.13.13.1/24 eth1 13.13.13.3/24 ;;
        pod2) link 11 pod1 eth1 12.12.12.2/24 eth1 12.12.12.1/24, 21 pod3 eth2 23.23.23.2/24 eth2 23.23.23.3/24 ;;
        pod3) link 13 pod1 eth1 13.13.13.3/24 eth2 13.13.13.1/24, 21 pod2 eth2 23.23.23.3/24 eth2 23.23.23.2/24 ;;
    esac
}

# The same with an MTU for link 13.
jumbo_links_of() { links_of "$1" | sed 's/{"uid": 13,/{"uid": 13, "mtu": 9000,/'; }

# Prints links as a JSON list: uid, peer pod, own interface and address, the peer's interface and address, comma, next link.
link() {
    local separator='['
    while [ $# -gt 0 ]; do
        printf '%s{"uid": %d, "peer_pod": "%s", "local_intf": "%s", "local_ip": "%s", "peer_intf": "%s", "peer_ip": "%s"}' \
            "$separator" "$1" "$2" "$3" "$4" "$5" "${6%,}"
        separator=$',\n '
        shift 6
    done
    echo ']'
}

upload_topology() {
    local pod
    for pod in pod1 pod2 pod3; do
        links_of "$pod" | etcdctl put "/$pod/links" >/dev/null
        note "/$pod/links"
        links_of "$pod" | indented
    done
}

# ---- the runtime's part

cni_config() {
    local node=$1
    local range=10.244.${node#node}
    cat <<END
{
  "cniVersion": "0.1.0",
  "name": "my_network",
  "type": "meshnet",
  "etcd_host": "10.99.0.1",
  "etcd_port": "2379",
  "delegate": {
    "name": "dind0",
    "bridge": "dind0",
    "type": "bridge",
    "isDefaultGateway": true,
    "ipMasq": true,
    "ipam": {
      "type": "host-local",
      "subnet": "$range.0/24",
      "gateway": "$range.1",
      "dataDir": "$DIR/$node/ipam"
    }
  }
}
END
}

# Executes the plugin as a container runtime does: on the node, with an environment, the configuration on stdin.
cni() {
    local command=$1 pod=$2 node
    node=$(node_of "$pod")
    cni_config "$node" | CNI_COMMAND=$command CNI_CONTAINERID=$NAME-$pod CNI_NETNS=/run/netns/$NAME-$pod CNI_IFNAME=eth0 \
        CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$pod;K8S_POD_INFRA_CONTAINER_ID=$NAME-$pod" \
        CNI_PATH=$CNI_PLUGINS MESHNET_SOCKET=$DIR/$node/meshnetd.sock \
        in_netns "$node" "$PWD/$IMAGE/bin/meshnet"
}

add_pod() {
    local pod=$1 result status=0
    add_netns "$pod"
    printf '   $ CNI_COMMAND=ADD CNI_NETNS=/run/netns/%s … meshnet   (on %s)\n' "$pod" "$(node_of "$pod")"
    result=$(cni ADD "$pod") || status=$?
    tr -s ' \n' ' ' <<<"$result" | indented
    echo
    check "ADD of $pod" [ "$status" = 0 ]
}

# ---- what is checked

reaches() { in_netns "$1" ping -n -c 1 -W 1 "$2"; }

# A link between nodes comes up when the second node has heard of it, so the first try may be early.
ping_from() {
    local pod=$1 address=$2
    check "$pod reaches $address" wait_for "$pod reaches $address" reaches "$pod" "$address"
    run ip netns exec "$NAME-$pod" ping -n -c 1 -W 1 "$address"
}

ifindex() { ip -n "$NAME-$1" -o link show "$2" | cut -d: -f1; }

is_down() {
    local shown
    shown=$(in_netns "$1" ip -o link show "$2") || return 1
    [[ ! $shown =~ \<[A-Z,_-]*UP ]] || { echo "$shown"; return 1; }
}

# The ports of a node are in its patch namespace, which outlives the daemon.
in_patch() {
    local node=$1
    shift
    nsenter --net="$DIR/$node/state/netns" -- "$@"
}

ports_of() { in_patch "$1" ip -o link show type veth; }

has_ports() { [ "$(ports_of "$1" | wc -l)" = "$2" ] || { ports_of "$1"; return 1; }; }

passes_jumbo() { in_netns "$1" ping -n -c 1 -W 1 -M "do" -s 8972 "$2"; }

mtus_are_equal() {
    local pod mtus
    mtus=$(for pod in pod1 pod2 pod3; do
        in_netns "$pod" ip -o link show | grep -E ': eth[12]' | grep -oE 'mtu [0-9]+'
    done | sort | uniq -c)
    [[ $mtus =~ ^\ *6\ mtu\ [0-9]+$ ]] || { echo "$mtus"; return 1; }
}

only_loopback_in() {
    local links
    links=$(in_netns "$1" ip -o link show) || return 1
    links=$(grep -v ': lo:' <<<"$links" || true)
    [ -z "$links" ] || { echo "$links"; return 1; }
}

no_pod_links_on() {
    local links
    links=$(in_netns "$1" ip -o link show) || return 1
    links=$(grep -vE ': (lo|uplink(@[^:]*)?|dind0):' <<<"$links" || true)
    [ -z "$links" ] || { echo "$links"; return 1; }
}

placement_is_empty() {
    local key value
    for key in src_ip net_ns; do
        value=$(etcdctl get --print-value-only "/$1/$key") || return 1
        [ -z "$value" ] || { echo "/$1/$key is $value"; return 1; }
    done
}

no_leases_on() {
    local leases
    leases=$(find "$DIR/$1/ipam" -type f -name '[0-9]*') || return 1
    [ -z "$leases" ] || { echo "$leases"; return 1; }
}

# ---- the steps

build() {
    require_root
    install_missing
    find_jdk
    build_image
}

bring_up() {
    step "1. An underlay: two nodes, each a network namespace, joined by a bridge in a third one, where etcd listens"
    add_netns fabric
    ip -n "$NAME-fabric" link add fabric0 type bridge
    ip -n "$NAME-fabric" address add 10.99.0.1/24 dev fabric0
    ip -n "$NAME-fabric" link set fabric0 up
    add_node node1 10.99.0.11
    add_node node2 10.99.0.12
    run ip -n "$NAME-node1" -brief address show dev uplink
    run ip -n "$NAME-node2" -brief address show dev uplink
    start_etcd
    note "etcd answers at $ETCD"

    step "2. A meshnetd on each node"
    start_daemon node1
    start_daemon node2
    await_daemon node1
    await_daemon node2

    step "3. The topology goes into etcd: a triangle"
    upload_topology
}

add_pods() {
    local pod
    step "4. The pods come up: pod1 and pod2 on node1, pod3 on node2"
    for pod in pod1 pod2 pod3; do
        add_pod "$pod"
    done
}

look() {
    local pod
    step "5. The links carry, within a node and between the nodes"
    ping_from pod1 12.12.12.2
    ping_from pod2 23.23.23.3
    ping_from pod3 13.13.13.1
    echo
    for pod in pod1 pod2 pod3; do
        run ip -n "$NAME-$pod" -brief address show
    done
    run ip -n "$NAME-pod1" -d link show eth1
    run ip -n "$NAME-pod1" -d link show eth2
    note "The patch namespace of node1: a port for each interface, and one tunnel to all other nodes:"
    run nsenter --net="$DIR/node1/state/netns" ip -brief link show
    check "node1 has four ports" has_ports node1 4
    check "node2 has two ports" has_ports node2 2
    check "all six ends have one MTU" mtus_are_equal
    note "What etcd knows of pod1:"
    etcdctl get --prefix /pod1/ | indented
}

leave_alone() {
    step "6. A router shuts an interface, and meshnet leaves it alone, also when its daemon starts anew"
    run ip -n "$NAME-pod1" link set eth1 down
    stop_daemon node1
    start_daemon node1
    await_daemon node1
    check "pod1's eth1 is still down" is_down pod1 eth1
    check "pod1 reaches 13.13.13.3 all the while" reaches pod1 13.13.13.3
    run ip -n "$NAME-pod1" link set eth1 up
    ping_from pod1 12.12.12.2
}

restart_peer() {
    local before
    step "7. pod2 is deleted and made anew; pod1 keeps its interface"
    before=$(ifindex pod1 eth1)
    check "DEL of pod2" cni DEL pod2
    run ip -n "$NAME-pod1" -brief link show eth1
    ip netns delete "$NAME-pod2"
    add_pod pod2
    ping_from pod1 12.12.12.2
    check "pod1's eth1 has the ifindex $before, as before" [ "$(ifindex pod1 eth1)" = "$before" ]
}

grow() {
    local pod
    step "8. The topology gives link 13 an MTU of 9000, more than the underlay carries in one piece"
    for pod in pod1 pod3; do
        jumbo_links_of "$pod" | etcdctl put "/$pod/links" >/dev/null
    done
    check "9000 bytes in one packet from pod1 to pod3" wait_for "a ping of 9000 bytes" passes_jumbo pod1 13.13.13.3
    run ip netns exec "$NAME-pod1" ping -n -c 1 -W 1 -M "do" -s 8972 13.13.13.3
}

delete_pods() {
    local pod node
    step "9. The pods go, and nothing is left"
    for pod in pod1 pod2 pod3; do
        check "DEL of $pod" cni DEL "$pod"
    done
    for pod in pod1 pod2 pod3; do
        check "no interface left in $pod" only_loopback_in "$pod"
        check "src_ip and net_ns of $pod are empty" placement_is_empty "$pod"
    done
    for node in node1 node2; do
        check "no pod's interface left on $node" no_pod_links_on "$node"
        check "no port left on $node" has_ports "$node" 0
        check "no address still leased on $node" no_leases_on "$node"
    done
}

explain() {
    step "Everything is left up. To look around:"
    cat <<END
   ip netns exec $NAME-pod1 ip -d address       # a pod; also pod2, pod3
   ip netns exec $NAME-pod1 ping 13.13.13.3
   ip netns exec $NAME-fabric env ETCDCTL_API=3 etcdctl --endpoints=$ETCD get --prefix /
   ip netns exec $NAME-node1 curl -s http://127.0.0.1:8181/v1/links
   nsenter --net=$DIR/node1/state/netns ip -d link    # the ports of node1 and its tunnel
   less $DIR/node1/log                          # what the daemon of node1 did; also node2
To take it down:
   $0 --down $NAME
END
}

take_down() {
    remove_namespaces "$1-"
    remove_directory "${TMPDIR:-/tmp}/$1"
}

summary() {
    local total=$((PASSED + ${#FAILED[@]}))
    SUMMED_UP=true
    echo
    if [ ${#FAILED[@]} = 0 ]; then
        echo "PASS: all $total checks held ($1 s)"
    else
        printf 'failed: %s\n' "${FAILED[@]}"
        for log in "$DIR"/node?/log; do
            echo "--- the end of ${log#"$DIR"/}"
            tail -20 "$log"
        done
        echo "FAIL: ${#FAILED[@]} of $total checks did not hold ($1 s)"
        return 1
    fi
}

# What EXIT runs. An end before the summary is never a good one.
finish() {
    local status=$?
    if ! $SUMMED_UP; then
        case $status in
            129 | 130 | 143) echo "FAIL: interrupted" ;;
            *) echo "FAIL: ended early, with status $status" ;;
        esac
    fi
    take_down "$NAME"
    exit "$status"
}

main() {
    local begin status=0
    build
    mkdir -m 0700 "$DIR"
    at_exit finish
    begin=$SECONDS
    bring_up
    add_pods
    look
    leave_alone
    restart_peer
    grow
    if $KEEP; then
        explain
        trap - EXIT
    else
        delete_pods
    fi
    summary $((SECONDS - begin)) || status=$?
    exit "$status"
}

case ${1:-} in
    '') main ;;
    --keep)
        KEEP=true
        main
        ;;
    --down)
        [[ ${2:-} =~ ^meshnet-demo-[0-9]+$ ]] || { usage >&2; exit 2; }
        require_root
        take_down "$2"
        ;;
    -h | --help) usage ;;
    *) usage >&2; exit 2 ;;
esac
