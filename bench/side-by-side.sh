#!/usr/bin/env bash
# Measures link setup beside the same in C and beside other tools, all in turn on this machine. See usage() below.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. bench/src/main/sh/links.sh
. bench/src/main/sh/cluster.sh
. bench/src/main/sh/pods.sh

usage() {
    cat <<END
Usage: $0 [--quick] [--only links|pods] [--output DIRECTORY]

  Writes benchmarks.md and benchmarks.svg from what it has measured, nothing else. Runs as root; installs what is missing; keeps to
  network namespaces of its own, which it removes however it ends.

  --quick    few repetitions, within two minutes once everything is built; writes to bench/target
  --only     one half: single links beside C and other tools, or whole pods through the front
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

PREFIX=meshnet-bench-$$-
WORK=${TMPDIR:-/tmp}/${PREFIX}work
RESULTS=bench/target/results
BIN=$PWD/bench/target/bin
CHILDREN=()

if $QUICK; then
    ROUNDS=2 LINKS=400 KOKO_LINKS=10 RIVAL_LINKS=50 REPETITIONS=5 CROWDED_ROUNDS=1 CROWDED_LINKS=300
    WARM_CALLS=20 CALLS=7 STARTS=3 MANY_LINKS=1500 MANY_ROUNDS=1 RING_PODS=100 RING_LINKS=400
    OUTPUT=${OUTPUT:-bench/target}
else
    ROUNDS=6 LINKS=2000 KOKO_LINKS=50 RIVAL_LINKS=200 REPETITIONS=10 CROWDED_ROUNDS=2 CROWDED_LINKS=1000
    WARM_CALLS=100 CALLS=25 STARTS=10 MANY_LINKS=1500 MANY_ROUNDS=3 RING_PODS=1000 RING_LINKS=4000
    OUTPUT=${OUTPUT:-docs}
fi

note() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

# What is measured beside meshnet, and what it takes to build it: a file that tells whether it is there, and the package.
install_rivals() {
    local file package missing=()
    while read -r file package; do
        [ -e "$file" ] || missing+=("$package")
    done <<END
/usr/bin/cc gcc
/usr/include/stdio.h libc6-dev
/usr/bin/go golang-go
/usr/share/gocode/src/github.com/vishvananda/netlink/link.go golang-github-vishvananda-netlink-dev
/usr/lib/python3/dist-packages/pyroute2 python3-pyroute2
END
    [ ${#missing[@]} = 0 ] || { note "installing ${missing[*]}" && apt_install "${missing[@]}"; }
}

# A program of several files of C.
build_c() {
    local name=$1
    shift
    cc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$BIN/$name" "${@/#/bench/src/main/c/}" -lpthread
}

build() {
    mkdir -p "$BIN" "$RESULTS"
    build_c floor floor.c links.c netlink.c
    build_c uplinks uplinks.c netlink.c
    build_c cni cni.c
    build_c noop noop.c
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/bench/target/go go build -o "$BIN/koko" bench/src/main/go/koko.go
    if [ "$ONLY" != links ]; then
        build_image
    fi
    if [ -n "$(find bench modules/topology modules/wiring netlink-ffm -name target -prune -o -type f \( -name pom.xml -o -name '*.java' \) \
        -newer bench/target/classpath -print -quit 2>&1)" ]; then
        mvn -B -q -ntp package -DskipTests -pl bench -am
        touch bench/target/classpath
    fi
    CLASSES=$PWD/bench/target/classes:$(cat bench/target/classpath)
}

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
        echo "ring.pods=$RING_PODS"
        echo "ring.links=$RING_LINKS"
    } >"$file"
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local status=$? child
    for child in "${CHILDREN[@]}"; do
        kill -TERM "$child" 2>/dev/null || true
    done
    remove_namespaces "$PREFIX"
    if [ "$status" = 0 ]; then
        rm -rf "$WORK"
    else
        echo "what the daemons and etcd said is in $WORK" >&2
    fi
    exit "$status"
}

require_root
install_missing
install_rivals
find_jdk
build
rm -rf "$RESULTS"
mkdir -p "$RESULTS" "$OUTPUT"
mkdir -m 0700 "$WORK"
at_exit clean_up
SECONDS=0
describe_machine
if [ "$ONLY" != pods ]; then
    measure_links
    measure_allocation
fi
if [ "$ONLY" != links ]; then
    measure_pods
fi
"$JAVA_HOME/bin/java" -cp "$CLASSES" io.meshnet.bench.Report "$RESULTS" "$OUTPUT/benchmarks.md" "$OUTPUT/benchmarks.svg"
note "written: $OUTPUT/benchmarks.md and $OUTPUT/benchmarks.svg"
