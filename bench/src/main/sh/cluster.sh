# Two nodes that are network namespaces, a real etcd, and the image's daemon and front.
# shellcheck shell=bash
# shellcheck disable=SC2154 # what side-by-side.sh has set

ETCD=http://10.99.0.1:2379

in_netns() {
    local netns=$1
    shift
    nsenter --net="/run/netns/$PREFIX$netns" -- "$@"
}

add_node() {
    local node=$1 address=$2
    ip netns add "$PREFIX$node"
    ip -n "$PREFIX$node" link set lo up
    ip -n "${PREFIX}fabric" link add "to-$node" type veth peer name uplink netns "$PREFIX$node"
    ip -n "${PREFIX}fabric" link set "to-$node" master fabric0 up
    ip -n "$PREFIX$node" address add "$address/24" dev uplink
    ip -n "$PREFIX$node" link set uplink up
    ip -n "$PREFIX$node" route add default via 10.99.0.1
}

# repeat_until SECONDS WHAT COMMAND...
repeat_until() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || die "$what: not within the deadline"
        sleep 0.005
    done
}

start_cluster() {
    ip netns add "${PREFIX}fabric"
    ip -n "${PREFIX}fabric" link set lo up
    ip -n "${PREFIX}fabric" link add fabric0 up type bridge
    ip -n "${PREFIX}fabric" address add 10.99.0.1/24 dev fabric0
    add_node node1 10.99.0.11
    add_node node2 10.99.0.12
    nsenter --net="/run/netns/${PREFIX}fabric" -- etcd --name=bench --data-dir="$WORK/etcd" \
        --listen-client-urls="$ETCD" --advertise-client-urls="$ETCD" --listen-peer-urls=http://127.0.0.1:2380 \
        --initial-advertise-peer-urls=http://127.0.0.1:2380 --initial-cluster=bench=http://127.0.0.1:2380 \
        >"$WORK/etcd.log" 2>&1 &
    CHILDREN+=($!)
    repeat_until 60 'etcd answers' in_netns fabric curl --silent --fail "$ETCD/health"
    mkdir -p "$WORK/plugins" && ln -sf "$BIN/noop" "$WORK/plugins/noop"
    cat >"$WORK/meshnet.conf" <<END
{"cniVersion": "1.0.0", "name": "bench", "type": "meshnet", "etcd_host": "10.99.0.1", "etcd_port": "2379",
 "delegate": {"type": "noop"}}
END
}

ready() { curl --silent --fail http://127.0.0.1:8181/observe/health/ready; }

# start_daemon NODE: sets DAEMON to its process.
start_daemon() {
    local node=$1
    mkdir -p "$WORK/$node"
    MESHNET_NODE=$node MESHNET_VTEP=uplink MESHNET_ETCD_ENDPOINTS=$ETCD MESHNET_SOCKET=$WORK/$node/meshnetd.sock \
        MESHNET_STATE=$WORK/$node/state \
        nsenter --net="/run/netns/$PREFIX$node" -- "$PWD/$IMAGE/bin/meshnetd" >>"$WORK/$node/log" 2>&1 &
    DAEMON=$!
    CHILDREN+=("$DAEMON")
}

await_daemon() { repeat_until 60 "meshnetd on $1 is ready" in_netns "$1" curl --silent --fail http://127.0.0.1:8181/observe/health/ready; }

stop_process() {
    kill -TERM "$1"
    wait "$1" 2>/dev/null || true
}

# Whether the daemon of the caller's namespace is ready, asked without starting a process for it.
ready_here() {
    local connection status
    { exec {connection}<>/dev/tcp/127.0.0.1/8181; } 2>/dev/null || return 1
    printf 'GET /observe/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&"$connection"
    IFS= read -r -t 10 status <&"$connection" || status=
    exec {connection}>&-
    [[ $status == *' 200 '* ]]
}

# From the start of the daemon to its first 200 of ready, in nanoseconds. Who asks must not take a core away: the pause starts no process.
measure_start() {
    local begin end
    begin=${EPOCHREALTIME/[.,]/}
    start_daemon node1
    (
        export -f ready_here
        # shellcheck disable=SC2016 # expanded by the inner shell
        in_netns node1 timeout 60 bash -c 'exec {never}<><(:); until ready_here 2>/dev/null; do read -r -t 0.002 -u $never || true; done'
    ) || die "meshnetd does not become ready; see $WORK/node1/log"
    end=${EPOCHREALTIME/[.,]/}
    echo $(((end - begin) * 1000)) >>"$RESULTS/daemon.start"
}

# What the daemon has used of processors since it was started, in nanoseconds.
processor_time() { awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / ticks * 1e9 }' "/proc/$1/stat"; }

# in_patch NODE COMMAND...: in the patch namespace of a node.
in_patch() { nsenter --net="$WORK/$1/state/netns" -- "${@:2}"; }

resident() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"; }

# topology KIND NAME…: writes it into etcd; prints each pod and the number of its links.
topology() {
    in_netns fabric "$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$CLASSES" \
        io.meshnet.bench.Topology "$ETCD" "$@"
}

# Makes the namespaces of the pods that stdin names, one to a line with whatever behind.
add_pods() { awk -v prefix="$PREFIX" '{ print "netns add " prefix "pod-" $1 }' | ip -batch -; }

# call NODE FRONT PARALLEL COMMAND: for every pod of stdin; prints what cni prints.
call() {
    local node=$1 front=$2 parallel=$3 command=$4
    awk -v prefix="$PREFIX" -v command="$command" '{ print command, $1, "/run/netns/" prefix "pod-" $1 }' |
        MESHNET_SOCKET=$WORK/$node/meshnetd.sock in_netns "$node" "$BIN/cni" "$PWD/$IMAGE/bin/$front" "$WORK/meshnet.conf" \
            "$WORK/plugins" "$parallel" "$WORK/answers" ||
        die "$command failed on $node: $(tail -c 500 "$WORK/answers")"
}

# Removes the namespaces of the pods that stdin names.
remove_pods() { awk -v prefix="$PREFIX" '{ print "netns delete " prefix "pod-" $1 }' | ip -batch -; }

# Expects of stdin's pods that all their links come up and carry; writes when to FILE. Sets WATCHER.
watch_links() {
    local file=$1
    awk -v prefix="$PREFIX" '{ print $2, "/run/netns/" prefix "pod-" $1 }' >"$WORK/watched"
    "$BIN/uplinks" 120 <"$WORK/watched" >"$file" &
    WATCHER=$!
    CHILDREN+=("$WATCHER")
    repeat_until 30 'the links are watched' grep -q watching "$file"
}

# Requests that etcd has served up to now, streams not counted.
etcd_requests() {
    in_netns fabric curl --silent --fail "$ETCD/metrics" |
        awk '/^grpc_server_started_total.*grpc_type="unary"/ { sum += $2 } END { print sum + 0 }'
}
