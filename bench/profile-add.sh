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

# The system calls of the trace by what they are for: how many, how long they took together, and when the first began and the
# last ended, counted from the front's connection to the answer.
summary() {
    awk '
        {
            time = $2
            call = $0
            sub(/^[0-9]+ +[0-9.]+ /, "", call)
        }
        call ~ /accept resumed.*UNIX|^accept\(.*UNIX.*\) = / && !start { start = time; base = $1 }
        !start || call ~ /^(futex|epoll_wait|restart_syscall|accept|poll|ppoll|wait4)|^<\.\.\. (futex|epoll_wait|restart_syscall|accept|poll|wait4)/ { next }
        {
            spent = match(call, /<[0-9.]+>$/) ? substr(call, RSTART + 1, RLENGTH - 2) + 0 : 0
            if (call ~ /NETLINK/) kind = call ~ /^(sendto|recvfrom|recvmsg)/ ? "netlink, requests and answers" : "netlink, opening and closing sockets"
            else if (call ~ /ns\/net|^setns|netns/) kind = "namespaces, opening and entering"
            else if (call ~ /:2379/) kind = "etcd"
            else if (call ~ /UNIX/) kind = "front"
            else if (call ~ /^write\(2/) kind = "log"
            else if (call ~ /attachments/) kind = "attachments"
            else kind = "delegate and the rest"
            count[kind]++
            sum[kind] += spent
            if (!(kind in first)) first[kind] = time - start
            last[kind] = time - start + spent
        }
        END {
            printf "%6s %9s %9s %9s  %s\n", "calls", "in them", "from", "to", "milliseconds"
            for (kind in count)
                printf "%6d %9.1f %9.1f %9.1f  %s\n", count[kind], sum[kind] * 1e3, first[kind] * 1e3, last[kind] * 1e3, kind | "sort -n -k3"
        }' "$1"
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
for ((i = 0; i < 20; i++)); do
    echo pa | call node1 meshnet 1 ADD
    echo pa | call node1 meshnet 1 DEL
done | awk '{ took[NR % 2 ? "ADD" : "DEL"] = $3 ? 0 : ($2 - $1) / 1e6 } END { for (each in took) printf "%s, without strace: %.1f ms\n", each, took[each] }'
if [ "$COMMAND" = DEL ]; then
    echo pa | call node1 meshnet 1 ADD >/dev/null
fi
in_netns node1 strace -q -f -ttt -T -yy -s 0 -e trace='!mprotect,madvise' -o "$WORK/daemon.strace" -p "$daemon" &
tracer=$!
CHILDREN+=("$tracer")
repeat_until 10 'strace is attached' grep -qs 'TracerPid:.*[1-9]' "/proc/$daemon/status"
sleep 0.5
echo "--- the call, with strace: $(echo pa | call node1 meshnet 1 "$COMMAND" | awk '{ printf "%.1f ms", ($2 - $1) / 1e6 }')"
sleep 0.2
stop_process "$tracer"
summary "$WORK/daemon.strace"
cp "$WORK/daemon.strace" bench/target/
note "every call is in bench/target/daemon.strace"
