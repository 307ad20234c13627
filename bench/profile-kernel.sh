#!/usr/bin/env bash
# Shows who takes the time of ADDs and DELs: samples of all processors, taken while a warm daemon adds and deletes a pod with links to
# a peer that is there. For each command: threads, then functions with all that they call, in milliseconds per call.
# usage: profile-kernel.sh [LINKS [CALLS [FEWEST]]]      default 400 10 3
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. bench/src/main/sh/common.sh
. bench/src/main/sh/cluster.sh

LINKS=${1:-400}
CALLS=${2:-10}
FREQUENCY=5000 # samples of each processor in a second
FEWEST=${3:-3} # of a hundred of a command's samples: functions with fewer are not shown

# calls COMMAND: prints when each call began and ended.
calls() { echo pa | call node1 meshnet 1 "$1" | awk -v command="$1" '{ printf "%s %.6f %.6f\n", command, $1 / 1e9, $2 / 1e9 }'; }

# summary COMMAND CALLS SAMPLES: of the threads of the daemon, what those did that took part, and of all others their names only; those of
# other processes of the machine are "others".
summary() {
    awk -v daemon="$daemon" -v command="$1" -v calls="$CALLS" -v frequency="$FREQUENCY" -v fewest="$FEWEST" '
        function line(n, text) { return sprintf("%8.1f  %s", n * 1000 / frequency / calls, text) }
        FNR == NR {
            if ($1 == command) { begin[++windows] = $2; end[windows] = $3; sum += $3 - $2 }
            next
        }
        NF == 0 {
            if (within) {
                threads[thread]++
                if (thread != "others" && (thread == "kernel" || thread == "freeing" || thread == "patch-watch")) {
                    total++
                    for (each in stack) functions[each]++
                    if (!("do_syscall_64" in stack) && !("el0_svc" in stack)) functions["(outside of system calls)"]++
                }
            }
            within = 0
            delete stack
            next
        }
        /^[^ \t]/ {
            time = $NF + 0
            for (i = 1; i <= windows && !within; i++) within = time >= begin[i] && time <= end[i]
            thread = $0
            match(thread, / +[0-9]+\/[0-9]+ +[0-9.]+: *$/)
            process = substr(thread, RSTART) + 0
            thread = substr(thread, 1, RSTART - 1)
            sub(/\/.*/, "", thread) # kworkers are as one
            if (process != daemon && thread !~ /^(kworker|etcd|cni|meshnet|noop|swapper)/) thread = "others"
            next
        }
        within { name = $0; sub(/^ *[0-9a-f]+ /, "", name); sub(/\(.*/, "", name); sub(/^.* /, "", name); sub(/\.(isra|constprop|part)\..*/, "", name); stack[name] = 1 }
        END {
            printf "--- %s, %.1f ms each, while it is sampled; milliseconds of processors in each:\n", command, sum / calls * 1000
            for (each in threads) print line(threads[each], each) | "sort -rn | head -12"
            close("sort -rn | head -12")
            print "--- of the threads kernel, freeing and patch-watch, by function:"
            for (each in functions) if (functions[each] * 100 >= total * fewest) print line(functions[each], each) | "sort -rn"
        }' "$2" "$3"
}

require_root
install_missing
install_rivals
[ -x /usr/bin/perf ] || apt_install linux-perf
find_jdk
build
build_image
begin_work
start_cluster
# With the map that the JVM leaves perf knows the names of what is compiled.
export MESHNET_JAVA_OPTIONS="-XX:+PreserveFramePointer -XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit"
start_daemon node1
daemon=$DAEMON
await_daemon node1
topology pair p "$LINKS" 1000 >"$WORK/pair"
add_pods <"$WORK/pair"
echo pb | call node1 meshnet 1 ADD >/dev/null
note "warming the daemon up"
for ((i = 0; i < 30; i++)); do
    calls ADD
    calls DEL
done >"$WORK/warm"
perf record --all-cpus --call-graph fp --event cpu-clock --freq "$FREQUENCY" --clockid CLOCK_MONOTONIC --output "$WORK/perf.data" \
    >"$WORK/perf.log" 2>&1 &
sampler=$!
CHILDREN+=("$sampler")
repeat_until 30 'samples are taken' test -s "$WORK/perf.data"
for ((i = 0; i < CALLS; i++)); do
    sleep 0.2
    calls ADD
    sleep 0.2
    calls DEL
done >"$WORK/calls"
kill -INT "$sampler"
wait "$sampler" || true
stop_process "$daemon"
perf script --input "$WORK/perf.data" --fields comm,pid,tid,time,ip,sym >"$WORK/samples" 2>/dev/null
for command in ADD DEL; do
    summary "$command" "$WORK/calls" "$WORK/samples"
done
rm -f "/tmp/perf-$daemon.map"
