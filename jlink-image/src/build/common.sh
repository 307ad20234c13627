# shellcheck shell=bash
# What train.sh and measure.sh share: a network of their own, an etcd, and the daemon's HTTP. Sourced, with bash.
# Sets work, a private folder that is removed at the end, and the daemon's environment.

# isolate SCRIPT ARGUMENTS...: starts the script again in a network namespace of its own, with an underlay for tunnels, where that
# is permitted.
isolate() {
    local into
    if [ -n "${MESHNET_BUILD_NETNS-}" ]; then
        return
    fi
    for into in 'unshare --net' 'unshare --user --map-root-user --net'; do
        if $into ip link set lo up 2>/dev/null; then
            export MESHNET_BUILD_NETNS=private
            # shellcheck disable=SC2016 # expanded by the inner shell
            exec $into bash -c 'ip link set lo up && ip link add underlay up type bridge \
                && ip address add 192.0.2.1/24 dev underlay && ip address add 192.0.2.2/24 dev underlay \
                && exec "$@"' - "$@"
        fi
    done
    export MESHNET_BUILD_NETNS=shared
}

# shellcheck disable=SC2317 # called by the trap
clean() {
    local child
    for child in "${children[@]}"; do
        kill -KILL "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    done
    # The daemon's patch namespace outlives the daemon by a mount.
    umount "$work/netns" 2>/dev/null || true
    rm -rf "$work"
}

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# until_true SECONDS WHAT COMMAND...: waits for COMMAND to succeed. The caller defines die.
until_true() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || die "$what: not within the deadline"
        sleep 0.02
    done
}

gone() {
    ! kill -0 "$1" 2>/dev/null
}

listens() {
    (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# http METHOD PATH [BODY]: prints the status line of the daemon's answer; true when that is a 200.
http() {
    local connection status body=${3-}
    { exec {connection}<>"/dev/tcp/127.0.0.1/$MESHNETD_PORT"; } 2>/dev/null || return 1
    printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" "${#body}" "$body" >&"$connection"
    IFS= read -r -t 10 status <&"$connection" || status='no answer'
    exec {connection}>&-
    echo "$1 $2: ${status%$'\r'}"
    [[ $status == *' 200 '* ]]
}

# start_etcd LOG
start_etcd() {
    local peer
    peer=http://127.0.0.1:$(free_port)
    etcd --data-dir "$work/etcd" --listen-client-urls "$MESHNET_ETCD_ENDPOINTS" \
        --advertise-client-urls "$MESHNET_ETCD_ENDPOINTS" --listen-peer-urls "$peer" \
        --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" >"$1" 2>&1 &
    children+=($!)
    until_true 30 'etcd listens' listens "$etcd_port"
}

# call LAUNCHER COMMAND POD NETNS CONFIGURATION: one call of a runtime.
# shellcheck disable=SC2154 # image is the caller's
call() {
    env CNI_COMMAND="$2" CNI_CONTAINERID="build-$3" CNI_NETNS="$4" CNI_IFNAME=eth0 CNI_PATH="$work/plugins:$image/bin" \
        CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$3;K8S_POD_INFRA_CONTAINER_ID=build-$3" \
        timeout 60 "$image/bin/$1" <<<"$5"
}

set_up() {
    children=()
    work=$(mktemp -d)
    trap clean EXIT
    trap 'exit 130' INT TERM
    export MESHNET_SOCKET=$work/meshnetd.sock MESHNET_STATE=$work MESHNET_NODE=build
    if [ "$MESHNET_BUILD_NETNS" = private ]; then
        export MESHNET_VTEP=192.0.2.1
    fi
    MESHNETD_PORT=$(free_port)
    etcd_port=$(free_port)
    export MESHNETD_PORT MESHNET_ETCD_ENDPOINTS=http://127.0.0.1:$etcd_port
}
