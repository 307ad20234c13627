#!/usr/bin/env bash
# Measures link setup beside the same in C and beside other tools, all in turn on this machine. See usage() below.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. bench/src/main/sh/common.sh
. bench/src/main/sh/links.sh
. bench/src/main/sh/cluster.sh
. bench/src/main/sh/pods.sh
. bench/src/main/sh/data.sh

usage() {
    cat <<END
Usage: $0 [--quick] [--only links|pods|data] [--output DIRECTORY]

  Writes benchmarks.md and benchmarks.svg from what it has measured, nothing else. Runs as root; installs what is missing; keeps to
  network namespaces of its own, which it removes however it ends.

  --quick    few repetitions, some five minutes once everything is built; writes to bench/target
  --only     one part: ports and wires beside C and other tools, whole pods through the front, or frames between pods
  --output   where to write; otherwise docs
END
}

QUICK=false
ONLY=
OUTPUT=
while [ $# -gt 0 ]; do
    case $1 in
        --quick) QUICK=true ;;
        --only) ONLY=$2 && shift ;;
        --output) OUTPUT=$2 && shift ;;
        -h | --help) usage && exit ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

RESULTS=bench/target/results

if $QUICK; then
    ROUNDS=2 LINKS=400 KOKO_LINKS=10 RIVAL_LINKS=50 REPETITIONS=5 CROWDED_ROUNDS=1 CROWDED_LINKS=200 CROWD=8000
    WARM_CALLS=20 CALLS=7 STARTS=3 MANY_LINKS=1500 MANY_ROUNDS=1 RING_PODS=100 RING_LINKS=400
    DATA_ROUNDS=3 DATA_MILLIS=500
    OUTPUT=${OUTPUT:-bench/target}
else
    ROUNDS=6 LINKS=1000 KOKO_LINKS=50 RIVAL_LINKS=200 REPETITIONS=10 CROWDED_ROUNDS=3 CROWDED_LINKS=500 CROWD=8000
    WARM_CALLS=100 CALLS=25 STARTS=10 MANY_LINKS=1500 MANY_ROUNDS=3 RING_PODS=1000 RING_LINKS=4000
    DATA_ROUNDS=20 DATA_MILLIS=1000
    OUTPUT=${OUTPUT:-docs}
fi

describe_machine() {
    local file=$RESULTS/machine
    {
        echo "mode=$($QUICK && echo quick || echo full)"
        echo "date=$(date -u +%F)"
        echo "kernel=$(uname -r)"
        echo "cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
        echo "cores=$(nproc)"
        echo "load=$(cut -d' ' -f1 /proc/loadavg)"
        echo "memory=$(awk '/^MemTotal/ { printf "%.1f GB", $2 / 1e6 }' /proc/meminfo)"
        echo "etcd=$(etcd --version | sed -n 's/^etcd Version: //p'), data on $(stat -f -c %T "${TMPDIR:-/tmp}")"
        echo "java=$(sed -n 's/^IMPLEMENTOR_VERSION="\(.*\)"/\1/p' "$JAVA_HOME/release")"
        echo "iproute2=$(ip -V | sed 's/.*iproute2-//')"
        echo "pyroute2=$(dpkg-query -W -f '${Version}' python3-pyroute2)"
        echo "netlink=$(dpkg-query -W -f '${Version}' golang-github-vishvananda-netlink-dev), $(go version | cut -d' ' -f3)"
        echo "cc=$(cc -dumpfullversion)"
        echo "commit=$(git describe --always --dirty 2>/dev/null || echo unknown)"
        echo "front=$(head -c 2 "$IMAGE/bin/meshnet" 2>/dev/null | grep -q "#!" && echo java || echo native)"
        echo "links=$MANY_LINKS"
        echo "crowd=$CROWD"
        echo "ring.pods=$RING_PODS"
        echo "ring.links=$RING_LINKS"
    } >"$file"
}

require_root
install_missing
install_rivals
find_jdk
build
if [ "$ONLY" != links ]; then
    build_image
fi
rm -rf "$RESULTS"
mkdir -p "$RESULTS" "$OUTPUT"
begin_work
describe_machine
if [ -z "$ONLY" ] || [ "$ONLY" = links ]; then
    measure_links
    measure_allocation
fi
if [ -z "$ONLY" ] || [ "$ONLY" = pods ]; then
    measure_pods
fi
if [ "$ONLY" = data ]; then
    start_cluster
    for node in node1 node2; do
        start_daemon "$node"
        await_daemon "$node"
    done
fi
if [ -z "$ONLY" ] || [ "$ONLY" = data ]; then
    measure_data
fi
"$JAVA_HOME/bin/java" -cp "$CLASSES" io.meshnet.bench.Report "$RESULTS" "$OUTPUT/benchmarks.md" "$OUTPUT/benchmarks.svg"
note "written: $OUTPUT/benchmarks.md and $OUTPUT/benchmarks.svg"
