# What the scripts of this folder share: a prefix for everything they make, what they build, and how they clean up.
# shellcheck shell=bash

# shellcheck disable=SC2034 # of the other scripts
PREFIX=meshnet-bench-$$-
WORK=${TMPDIR:-/tmp}/${PREFIX}work
BIN=$PWD/bench/target/bin
CHILDREN=()

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

# Compiles bench unless it is newer than its sources. Sets CLASSES, its class path.
build_java() {
    if [ -n "$(find bench modules/topology modules/reconciler netlink-ffm -name target -prune -o -type f \( -name pom.xml -o -name '*.java' \) \
        -newer bench/target/classpath -print -quit 2>&1)" ]; then
        mvn -B -q -ntp package -Dmaven.test.skip=true -pl bench -am
        touch bench/target/classpath
    fi
    CLASSES=$PWD/bench/target/classes:$(cat bench/target/classpath)
}

build() {
    mkdir -p "$BIN"
    build_c floor floor.c ports.c bpf.c links.c netlink.c
    build_c uplinks uplinks.c netlink.c
    build_c frames frames.c netlink.c
    build_c traffic traffic.c netlink.c
    build_c cni cni.c
    build_c noop noop.c
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/bench/target/go go build -o "$BIN/koko" bench/src/main/go/koko.go
    build_java
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local status=$? child
    trap '' INT TERM HUP # what was begun here is brought to its end
    for child in "${CHILDREN[@]}"; do
        kill -TERM "$child" 2>/dev/null || true
    done
    remove_namespaces "$PREFIX"
    remove_mounts "$WORK/"
    if [ "$status" = 0 ]; then
        rm -rf "$WORK"
    else
        echo "what the daemons and etcd said is in $WORK" >&2
    fi
    exit "$status"
}

# remove_mounts DIRECTORY: the daemons' patch namespaces, which a daemon leaves mounted when it ends.
# shellcheck disable=SC2317 # called by the trap
remove_mounts() {
    awk -v directory="$1" 'index($5, directory) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
        umount "$mount"
    done
}

# Makes the private directory, and has everything removed at the end.
begin_work() {
    mkdir -m 0700 "$WORK"
    at_exit clean_up
    SECONDS=0
}
