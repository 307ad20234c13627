#!/usr/bin/env bash
# Shows where the time of one ADD goes: a warm daemon, a pod with links to a peer that is there, every system call of the daemon
# and of the front with its time. The figures carry strace's own cost, some tens of microseconds for each call; the proportions tell.
# usage: profile-add.sh [LINKS [COMMAND]]      default 100 ADD; COMMAND may be DEL
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. bench/src/main/sh/common.sh
. bench/src/main/sh/cluster.sh

LINKS=${1:-100}
COMMAND=${2:-ADD}

# Which phase a system call belongs to, by its name and the descriptors in its text; prints the sums and the spans.
summary() {
    awk '
        { time = $2; call = $0; sub(/^[0-9]+ +[0-9.]+ /, "", call) }
        !start { start = time }
        {
            if (call ~ /NETLINK/) kind = "netlink"
            else if (call ~ /:2379/) kind = "etcd"
            else if (call ~ /UNIX/) kind = "front"
            else if (call ~ /^(vfork|clone|clone3|execve|wait4|waitid|exit_group)\(/) kind = "processes"
            else if (call ~ /^(futex|epoll_wait|poll|ppoll|restart_syscall|<\.\.\. (futex|epoll_wait|poll))/) kind = "waiting"
            else if (call ~ /^(setns|openat.*ns\/net)/) kind = "namespaces"
            else kind = "other"
            spent = call ~ /<[0-9.]+>$/ ? substr(call, match(call, /<[0-9.]+>$/) + 1) + 0 : 0
            count[kind]++; sum[kind] += spent
            if (!(kind in first)) first[kind] = time
            last[kind] = time + spent
        }
        END {
            printf "%-12s %8s %12s %12s %12s\n", "", "calls", "in them/ms", "first/ms", "last/ms"
            for (kind in count)
                printf "%-12s %8d %12.2f %12.2f %12.2f\n", kind, count[kind], sum[kind] * 1e3, (first[kind] - start) * 1e3, (last[kind] - start) * 1e3
        }' "$1" | sort -k4 -n
}

require_root
install_missing
install_rivals
find_jdk
build
build_image
begin_work
start_cluster
start_daemon node1
daemon=$DAEMON
await_daemon node1
topology pair p "$LINKS" 1000 >"$WORK/pair"
add_pods <"$WORK/pair"
echo pb | call node1 meshnet 1 ADD >/dev/null
note "warming the daemon up"
for ((i = 0; i < 50; i++)); do
    echo pa | call node1 meshnet 1 ADD
    echo pa | call node1 meshnet 1 DEL
done | awk '{ took[NR % 2 ? "ADD" : "DEL"] = $3 ? 0 : ($2 - $1) / 1e6 } END { for (each in took) printf "%s, without strace: %.1f ms\n", each, took[each] }'
if [ "$COMMAND" = DEL ]; then
    echo pa | call node1 meshnet 1 ADD >/dev/null
fi
strace -f -ttt -T -yy -s 0 -e trace='!mprotect,madvise' -o "$WORK/daemon.strace" -p "$daemon" &
tracer=$!
CHILDREN+=("$tracer")
repeat_until 10 'strace is attached' grep -qs 'TracerPid:.*[1-9]' "/proc/$daemon/status"
sleep 0.5
echo "--- the call, with strace: $(echo pa | call node1 meshnet 1 "$COMMAND" | awk '{ printf "%.1f ms", ($2 - $1) / 1e6 }')"
sleep 0.2
stop_process "$tracer"
grep -n 'accept' "$WORK/daemon.strace" | head -1 >"$WORK/accept" || true
summary "$WORK/daemon.strace"
cp "$WORK/daemon.strace" bench/target/
note "every call is in bench/target/daemon.strace"
