#!/usr/bin/env bash
# Measures a built image: its size, one call of each front, the daemon's start and resident memory, and that of an installation
# that stays. For the fronts alone, measure-front.sh is finer.
# usage: measure.sh [IMAGE [RUNS]]      IMAGE: default target/meshnet; RUNS: of each kind, default 10
# Set MESHNET_JAVA_OPTIONS to see what an option of the JVM changes. Needs etcd on the PATH.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$folder/common.sh"
isolate "$folder/measure.sh" "$@"

image=$(cd "${1-$folder/../../target/meshnet}" && pwd)
runs=${2-10}

die() {
    echo "measure: $1" >&2
    exit 1
}

now() {
    echo "${EPOCHREALTIME/[.,]/}"
}

# Reads microseconds, one per line; prints NAME: median (least-greatest) ms.
report() {
    sort -n | awk -v name="$1" '{ t[NR] = $1 / 1000 }
        END { printf "%-40s %6.1f ms (%.1f-%.1f)\n", name, t[int((NR + 1) / 2)], t[1], t[NR] }'
}

stop() {
    kill -TERM "$1"
    until_true 30 'meshnetd stopped' gone "$1"
}

start() {
    "$image/bin/meshnetd" >"$work/meshnetd.log" 2>&1 &
    daemon=$!
    children+=("$daemon")
    until_true 30 'meshnetd is live' http GET "$1" >/dev/null
}

resident() {
    awk -v name="$1" '/^VmRSS/ { printf "%-40s %6.0f MB\n", name, $2 / 1024 }' "/proc/$daemon/status"
}

# front LAUNCHER
front() {
    local begin
    for ((i = 0; i < runs; i++)); do
        begin=$(now)
        call "$1" VERSION pod '' '{"cniVersion":"1.0.0"}' >/dev/null || die 'VERSION failed'
        echo $(($(now) - begin))
    done
}

# What the second container of a DaemonSet does: keeps a configuration installed.
keep_installed() {
    mkdir "$work/bin" "$work/net.d"
    echo '{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"ptp"}]}' >"$work/net.d/10-n.conflist"
    "$image/bin/meshnetctl" install --watch --interval 1 --bin-dir "$work/bin" --conf-dir "$work/net.d" \
        >"$work/install.log" 2>&1 &
    daemon=$!
    children+=("$daemon")
    until_true 30 'meshnet is installed' test -e "$work/net.d/00-meshnet.conflist"
}

# daemon_start PATH
daemon_start() {
    local begin
    for ((i = 0; i < runs; i++)); do
        begin=$(now)
        start "$1"
        echo $(($(now) - begin))
        stop "$daemon"
    done
}

set_up
start_etcd "$work/etcd.log"
printf '%-40s %6d MB\n' 'image' "$(du -sm "$image" | cut -f1)" \
    'image without the AOT caches' "$(du -sm --exclude='*.aot' "$image" | cut -f1)"
daemon_start /observe/health/live | report 'meshnetd, exec to first 200 of live'
daemon_start /observe/health/ready | report 'meshnetd, exec to first 200 of ready'
start /observe/health/ready
resident 'meshnetd, resident once ready'
front meshnet | report 'meshnet, one call'
front meshnet-java | report 'meshnet-java, one call'
for ((i = 0; i < 200; i++)); do
    http GET /observe/health >/dev/null || die 'health failed'
done
resident 'meshnetd, resident after 200 requests'
stop "$daemon"
keep_installed
sleep 30
resident 'meshnetctl install --watch, after 30 s'
stop "$daemon"
