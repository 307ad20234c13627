#!/usr/bin/env bash
# Measures one call of the native and of the Java front, from before its process starts until it has ended: VERSION, and ADD
# of a pod without links through a delegate that does nothing; alone, twenty at once, and with the front's files not in the
# page cache. Beside them, the floor: a static C program that does nothing. All take turns in one run. Prints the medians of
# that time and of the processor time, which is the front's alone: the daemon's is not in it.
# usage: measure-front.sh [IMAGE [ROUNDS]]      IMAGE: default target/meshnet; ROUNDS: default 100, of which every tenth is cold
# Needs a C compiler, and etcd on the PATH. The daemon runs in a network namespace of the script's own.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$folder/common.sh"
isolate "$folder/measure-front.sh" "$@"

image=$(cd "${1-$folder/../../target/meshnet}" && pwd)
rounds=${2-100}

die() {
    echo "measure-front: $1" >&2
    exit 1
}

compile() {
    "${CC:-cc}" -std=gnu17 -O2 -Wall -Wextra -Werror "$@"
}

# static NAME: compiles the C program on the standard input.
static() {
    compile -static-pie -fPIE -s -o "$work/$1" -x c -
}

make_programs() {
    compile -o "$work/spawn" "$folder/spawn.c"
    static floor <<<'int main(void) { return 0; }'
    static noop <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    const char *command = getenv("CNI_COMMAND");
    while (getchar() != EOF)
        continue;
    if (command != NULL && strcmp(command, "ADD") == 0)
        puts("{\"cniVersion\":\"1.0.0\",\"interfaces\":[],\"ips\":[],\"dns\":{}}");
    return 0;
}
END
}

# The fronts are measured from a copy of the image that nothing else maps: only so can its files leave the page cache.
copy_fronts() {
    [ -x "$image/bin/meshnet-java" ] || die "$image has no meshnet-java"
    cmp -s "$image/bin/meshnet" "$image/bin/meshnet-java" && die "$image has no native front"
    cp -r "$image" "$work/copy"
    cp "$work/floor" "$work/copy/bin/floor"
}

# Writes the copy's files back and drops them from the page cache.
forget() {
    find "$work/copy" -type f -print0 | xargs -0 -I{} dd if={} iflag=nocache count=0 status=none
}

cached() {
    find "$work/copy" -type f -print0 | xargs -0 fincore --bytes --noheadings --output RES | awk '{ sum += $1 } END { print sum + 0 }'
}

prepare() {
    printf '{"cniVersion":"1.0.0","name":"measured","type":"meshnet","delegate":{"name":"noop","type":"noop"}}' >"$work/ADD"
    printf '{"cniVersion":"1.0.0"}' >"$work/VERSION"
    unshare --net sleep 3600 &
    children+=($!)
    export CNI_NETNS=/proc/$!/ns/net CNI_IFNAME=eth0 CNI_PATH=$work
    export CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=measured;K8S_POD_INFRA_CONTAINER_ID=measured'
    "$image/bin/meshnetd" >"$work/meshnetd.log" 2>&1 &
    children+=($!)
    until_true 60 'meshnetd is ready' http GET /observe/health/ready >/dev/null
}

# measure KIND AT_ONCE: one process, or so many, of each program, one program after the other.
measure() {
    local program command
    for program in floor meshnet meshnet-java; do
        for command in VERSION ADD; do
            if [ "$program $command" = 'floor ADD' ]; then
                continue
            fi
            if [ "$1" = cold ]; then
                forget
            fi
            CNI_COMMAND=$command "$work/spawn" "$2" "$work/$command" "$work/copy/bin/$program" >>"$work/$1.$program.$command" ||
                die "$program: $command failed"
        done
    done
}

# median FILE COLUMN: of microseconds, in ms.
median() {
    cut -d ' ' -f "$2" "$1" | sort -n | awk '{ t[NR] = $1 / 1000 } END { printf "%.2f (%.2f-%.2f)", t[int((NR + 1) / 2)], t[1], t[NR] }'
}

# report NAME FILE
report() {
    printf '%-30s %-28s %-28s %4d\n' "$1" "$(median "$2" 1)" "$(median "$2" 2)" "$(wc -l <"$2")"
}

set_up
make_programs
copy_fronts
start_etcd "$work/etcd.log"
prepare
measure warming 1
for ((round = 1; round <= rounds; round++)); do
    measure alone 1
    if [ $((round % 5)) = 0 ]; then
        measure twenty 20
    fi
    if [ $((round % 10)) = 0 ]; then
        measure cold 1
    fi
done
forget
printf 'once forgotten, %d bytes of the fronts are cached\n' "$(cached)"
printf '%-30s %-28s %-28s %4s\n' '' 'elapsed ms' 'processor ms' runs
for kind in alone twenty cold; do
    for program in floor meshnet meshnet-java; do
        for command in VERSION ADD; do
            if [ -e "$work/$kind.$program.$command" ]; then
                report "$kind: $program $command" "$work/$kind.$program.$command"
            fi
        done
    done
done
