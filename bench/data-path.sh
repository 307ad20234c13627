#!/usr/bin/env bash
# How frames fare between two pods of a node and between two nodes, beside a direct veth and a vxlan in the pod that ip made in the same
# run: TCP of one stream, UDP datagrams of 64 bytes, the median of pings, and what the sender's processor spends on a datagram up to the
# receiver's socket, which is the steadiest of them on a machine that does other things as well. The sides take turns; a median of all rounds each.
# usage: data-path.sh [ROUNDS [MILLISECONDS]]      default 10 rounds of 1000 ms
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. bench/src/main/sh/common.sh
. bench/src/main/sh/cluster.sh
. bench/src/main/sh/data.sh

DATA_ROUNDS=${1:-10}
DATA_MILLIS=${2:-1000}

# median FILE
median() { sort -n "$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# line WHERE WHAT UNIT DIVISOR NAME: of both sides, and the median of the rounds' own ratios.
line() {
    paste "$RESULTS/data.$1.$2.meshnet" "$RESULTS/data.$1.$2.ip" | awk '{ print $1 / $2 }' >"$WORK/ratios"
    awk -v name="$5" -v unit="$3" -v divisor="$4" -v meshnet="$(median "$RESULTS/data.$1.$2.meshnet")" -v ip="$(median "$RESULTS/data.$1.$2.ip")" \
        -v rounds="$(median "$WORK/ratios")" 'BEGIN {
            printf "%-30s %9.2f %-6s beside %9.2f %-6s %5.2f; median of the ratios of each round %5.2f\n", name, meshnet / divisor, unit,
                ip / divisor, unit, meshnet / ip, rounds }'
}

require_root
install_missing
install_rivals
find_jdk
build
build_image
begin_work
RESULTS=$WORK/results
mkdir "$RESULTS"
start_cluster
for node in node1 node2; do
    start_daemon "$node"
    await_daemon "$node"
done
measure_data
line 1 tcp Gb/s 125e6 'one node, TCP'
line 1 udp 1000/s 1e3 'one node, UDP of 64 bytes'
line 1 ping us 1e3 'one node, ping'
line 1 cost ns 1 'one node, cost of a datagram'
line 2 tcp Gb/s 125e6 'two nodes, TCP'
line 2 udp 1000/s 1e3 'two nodes, UDP of 64 bytes'
line 2 ping us 1e3 'two nodes, ping'
line 2 cost ns 1 'two nodes, cost of a datagram'
