# The part of the side-by-side that is about single links: every contender in turn, in the same namespaces.
# shellcheck shell=bash
# shellcheck disable=SC2154 # what side-by-side.sh has set

PODS=16
CROWD_PODS=160
RIVAL=rival-

in_node() { nsenter --net="/run/netns/${PREFIX}node" -- "$@"; }

# A node, its patch namespace and its pods, and the same once more for a rival that takes turns.
make_link_namespaces() {
    local set
    for set in "" "$RIVAL"; do
        {
            echo "netns add $PREFIX${set}node"
            echo "netns add $PREFIX${set}patch"
            pod_namespaces "$set" 0 "$PODS"
        } | ip -batch -
    done
}

# pod_namespaces SET FIRST END
pod_namespaces() {
    local pod
    for ((pod = $2; pod < $3; pod++)); do
        echo "netns add $PREFIX$1$pod"
    done
}

# sample KEY COMMAND...: appends what the command prints, nanoseconds one to a line, to what is known of KEY.
sample() {
    local key=$1
    shift
    in_node "$@" >>"$RESULTS/$key" || die "$key: $* failed"
}

# floor_in SET WORK ARGUMENT...
floor_in() { nsenter --net="/run/netns/$PREFIX${1}node" -- "$BIN/floor" "$2" "$PREFIX$1" "${@:3}"; }

# latency_in SET WORK ARGUMENT...: with the daemon's own collector and compiler.
latency_in() {
    nsenter --net="/run/netns/$PREFIX${1}node" -- "$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -XX:CompileThresholdScaling=0.25 -XX:C1MaxInlineSize=24 -Xms16m -Xmx256m \
        --enable-native-access=ALL-UNNAMED -cp "$CLASSES" io.meshnet.bench.Latency "$2" "$PREFIX$1" "${@:3}"
}

floor() { floor_in "" "${@:2}" >>"$RESULTS/$1" || die "$1: floor ${*:2} failed"; }

latency() { latency_in "" "${@:2}" >>"$RESULTS/$1" || die "$1: Latency ${*:2} failed"; }

# in_turns CPU N WORK COUNT ARGUMENT...: the floor and Java, N at a time each, on the same processor, so that whatever else the machine
# does meets both alike.
in_turns() {
    local cpu=$1 size=$2 work=$3 turns=$((($4 + $2 - 1) / $2)) turn side said fd sides=(c java)
    local -A to from process
    shift 3
    for side in "${sides[@]}"; do
        mkfifo "$WORK/$side.to" "$WORK/$side.from"
    done
    TURNS=$size floor_in "" "$work" "$PODS" "$@" <"$WORK/c.to" >"$WORK/c.from" &
    process[c]=$!
    TURNS=$size latency_in "$RIVAL" "$work" "$PODS" "$@" <"$WORK/java.to" >"$WORK/java.from" &
    process[java]=$!
    for side in "${sides[@]}"; do
        taskset --all-tasks --pid --cpu-list "$cpu" "${process[$side]}" >/dev/null
    done
    for side in "${sides[@]}"; do
        exec {fd}>"$WORK/$side.to" && to[$side]=$fd
        exec {fd}<"$WORK/$side.from" && from[$side]=$fd
    done
    for side in "${sides[@]}"; do
        read -r said <&"${from[$side]}" || die "$work in $side: it ends before its first turn"
    done
    for ((turn = 0; turn < turns; turn++)); do
        for side in "${sides[@]}"; do
            echo >&"${to[$side]}"
            read -r said <&"${from[$side]}" && [ "$said" = turn ] || die "$work in $side: it ends before its last turn"
        done
        sides=("${sides[1]}" "${sides[0]}")
    done
    for side in "${sides[@]}"; do
        echo >&"${to[$side]}"
        cat <&"${from[$side]}" >>"$RESULTS/$work.$side"
        wait "${process[$side]}" || die "$work in $side failed"
        fd=${to[$side]} && exec {fd}>&-
        fd=${from[$side]} && exec {fd}<&-
        rm "$WORK/$side.to" "$WORK/$side.from"
    done
}

clear_links() { in_node "$BIN/floor" clear "$PREFIX" "$PODS"; }

# One process makes both ends and completes the near ones, another completes the far ones. Prints the time of one link.
ip_batch() {
    local count=$1 i begin end near=$WORK/near.batch far=$WORK/far.batch
    for ((i = 0; i < count; i++)); do
        printf 'link add a%d mtu 1450 address 02:00:00:00:%02x:%02x group 1835365224 type veth peer name b%d mtu 1450 address 02:01:00:00:%02x:%02x group 1835365224 netns %s\n' \
            "$i" $((i >> 8)) $((i & 255)) "$i" $((i >> 8)) $((i & 255)) "${PREFIX}1"
        printf 'link set a%d up alias bench:%d\naddress add 10.0.%d.%d/30 dev a%d\n' "$i" "$i" $((i >> 6)) $((((i << 2) & 255) + 1)) "$i"
    done >"$near"
    for ((i = 0; i < count; i++)); do
        printf 'link set b%d up alias bench:%d\naddress add 10.0.%d.%d/30 dev b%d\n' "$i" "$i" $((i >> 6)) $((((i << 2) & 255) + 2)) "$i"
    done >"$far"
    begin=${EPOCHREALTIME/[.,]/}
    ip -n "${PREFIX}0" -batch "$near"
    ip -n "${PREFIX}1" -batch "$far"
    end=${EPOCHREALTIME/[.,]/}
    echo $(((end - begin) * 1000 / count))
}

measure_ip() {
    ip_batch "$RIVAL_LINKS" >>"$RESULTS/veth.ip"
    clear_links
}

measure_pyroute2() {
    sample veth.pyroute2 /usr/bin/python3 bench/src/main/python/veths.py "$PREFIX" "$RIVAL_LINKS"
    clear_links
}

measure_go() {
    sample veth.go "$BIN/koko" "$PREFIX" "$KOKO_LINKS"
    clear_links
}

# Every contender once; the order is turned around from round to round.
links_round() {
    local round=$1 each cpus work=()
    cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
    for each in "${cpus%%[-,]*}" "${cpus##*[-,]}"; do
        work+=("in_turns $each 2000 exchange 20000" "in_turns $each 2000 wire 20000" "in_turns $each 250 port $LINKS 0")
    done
    work+=("floor veth.koko koko $PODS $KOKO_LINKS" measure_ip measure_pyroute2 measure_go)
    for each in 1 10 100 400; do
        work+=("floor_repeated total.c.$each total $each" "floor_repeated down.c.$each down $each"
            "floor_repeated unlist.c.$each unlist $each" "latency unlist.java.$each unlist 2 $each"
            "floor_repeated delete.c.$each delete $each" "latency delete.java.$each delete 2 $each")
    done
    for ((each = 0; each < ${#work[@]}; each++)); do
        if ((round % 2)); then
            ${work[${#work[@]} - 1 - each]}
        else
            ${work[each]}
        fi
    done
}

floor_repeated() {
    local repetition
    for ((repetition = 0; repetition < REPETITIONS; repetition++)); do
        floor "$1" "$2" 2 "$3"
    done
}

# With many ports there already, and with few. Each pod has as many of them as a pod has.
crowded_round() {
    local present
    for present in few:10 "many:$CROWD"; do
        floor "present.c.${present%:*}" port "$CROWD_PODS" "$CROWDED_LINKS" "${present#*:}"
        latency "present.java.${present%:*}" port "$CROWD_PODS" "$CROWDED_LINKS" "${present#*:}"
    done
}

measure_links() {
    local round
    make_link_namespaces
    for ((round = 0; round < ROUNDS; round++)); do
        note "links, round $((round + 1)) of $ROUNDS"
        links_round "$round"
    done
    pod_namespaces "" "$PODS" "$CROWD_PODS" | ip -batch -
    for ((round = 0; round < CROWDED_ROUNDS; round++)); do
        note "ports among $CROWD, round $((round + 1)) of $CROWDED_ROUNDS"
        crowded_round
    done
}

# The bytes that a port's messages and a wire allocate: to write the messages, to send one to the kernel and read its ack, to update maps.
measure_allocation() {
    note "allocation"
    # JMH talks to the JVMs that it starts over loopback.
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --net sh -c 'ip link set lo up && exec "$@"' - "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED \
        -cp "$CLASSES" org.openjdk.jmh.Main 'MessageBenchmark|PathBenchmark|WireBenchmark' -prof gc -wi 2 -i 2 -w 2 -r 4 \
        -rf csv -rff "$WORK/jmh.csv" >"$WORK/jmh.log" 2>&1 || die "JMH failed; see $WORK/jmh.log"
    # The profiler's own objects are some 33 KB in an iteration, which has to be long for them to vanish beside the operations.
    awk -F, '/(Message|Path)Benchmark.*gc.alloc.rate.norm/ { printf "%d\n", $5 + 0.5 }' "$WORK/jmh.csv" >"$RESULTS/allocation.java"
    awk -F, '/WireBenchmark.*gc.alloc.rate.norm/ { printf "%d\n", $5 + 0.5 }' "$WORK/jmh.csv" >"$RESULTS/allocation.wire"
    awk -F, '/MessageBenchmark.port"/ { printf "%d\n", $5 + 0.5 }' "$WORK/jmh.csv" >"$RESULTS/messages.java"
}
