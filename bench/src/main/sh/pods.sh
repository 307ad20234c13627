# The part of the side-by-side that is about whole pods: calls of the front, with all that is behind it.
# shellcheck shell=bash
# shellcheck disable=SC2154 # what side-by-side.sh has set

# The fronts of the image: bin/meshnet, and one in Java beside it where that is another.
fronts() {
    local front
    for front in meshnet meshnet-java; do
        [ ! -x "$IMAGE/bin/$front" ] || echo "$front"
    done
}

# took KEY: appends how long each call of stdin lasted.
took() { awk '{ print $2 - $1 }' >>"$RESULTS/$1"; }

# settle POD LINKS: until the kernel is done with what was deleted, and the peer POD has lost the carrier of its LINKS. What asks for a
# link by its name gets the lock after that, and then memory is freed for some 20 ms. The floor waits for both in the call that deletes.
settle() {
    repeat_until 30 "$1 loses its carrier" has_no_carrier "$1" "e$(($2 - 1))"
    ip -n "${PREFIX}node1" link show lo >/dev/null
    sleep 0.05
}

has_no_carrier() { ip -n "${PREFIX}pod-$1" link show "$2" | grep -q NO-CARRIER; }

# add_and_del PAIR LINKS FRONT SUFFIX: ADD and DEL of a pod with links to one peer that is there; the peer is PAIRb.
add_and_del() {
    local pair=$1 links=$2 front=$3 suffix=$4
    echo "${pair}a" | call node1 "$front" 1 ADD | took "add.$suffix"
    echo "${pair}a" | call node1 "$front" 1 DEL | took "del.$suffix"
    settle "${pair}b" "$links"
}

measure_calls() {
    local links front repetition before
    for links in 1 10 100 400; do
        topology pair "p$links" "$links" $((1000 * links)) >"$WORK/pair.$links"
        add_pods <"$WORK/pair.$links"
        echo "p${links}b" | call node1 meshnet 1 ADD >/dev/null
    done
    note "warming the daemon up"
    for ((repetition = 0; repetition < WARM_CALLS; repetition++)); do
        add_and_del p10 10 meshnet warm
    done
    for ((repetition = 0; repetition < CALLS; repetition++)); do
        for links in 1 10 100 400; do
            for front in $(fronts); do
                add_and_del "p$links" "$links" "$front" "$front.$links"
            done
        done
    done
    note "etcd requests per ADD"
    for ((repetition = 0; repetition < CALLS; repetition++)); do
        before=$(etcd_requests)
        echo p100a | call node1 meshnet 1 ADD >/dev/null
        echo $(($(etcd_requests) - before)) >>"$RESULTS/etcd.add"
        echo p100a | call node1 meshnet 1 DEL >/dev/null
    done
    for links in 1 10 100 400; do
        echo "p${links}b" | call node1 meshnet 1 DEL >/dev/null
    done
}

# A pod with 8 links, of as many pods in etcd as there are.
measure_among() {
    local key=$1 repetition
    for ((repetition = 0; repetition < CALLS; repetition++)); do
        add_and_del eight 8 meshnet "$key"
    done
}

# From the start of the last ADD to the last link that carries at both ends.
measure_many_links() {
    local where=$1 second=$2 begin
    topology pair "m$where" "$MANY_LINKS" $((where == 1 ? 500000 : 600000)) >"$WORK/many"
    add_pods <"$WORK/many"
    echo "m${where}a" | call node1 meshnet 1 ADD >/dev/null
    watch_links "$WORK/many.up" <"$WORK/many"
    begin=$(echo "m${where}b" | call "$second" meshnet 1 ADD | cut -d' ' -f1)
    wait "$WATCHER" || die "the links between two pods do not all come up; see $WORK/*/log"
    echo $(($(tail -1 "$WORK/many.up") - begin)) >>"$RESULTS/many.$where"
    echo "m${where}a" | call node1 meshnet 1 DEL >/dev/null
    echo "m${where}b" | call "$second" meshnet 1 DEL >/dev/null
    remove_pods <"$WORK/many"
}

# Pods in a ring with chords, 16 ADDs at a time. Leaves them up.
measure_ring() {
    local begin end
    topology ring ring "$RING_PODS" "$RING_LINKS" 700000 >"$WORK/ring"
    begin=${EPOCHREALTIME/[.,]/}
    add_pods <"$WORK/ring"
    end=${EPOCHREALTIME/[.,]/}
    echo $(((end - begin) * 1000)) >>"$RESULTS/ring.namespaces"
    watch_links "$WORK/ring.up" <"$WORK/ring"
    call node1 meshnet 16 ADD <"$WORK/ring" >"$WORK/ring.calls"
    took ring.add <"$WORK/ring.calls"
    wait "$WATCHER" || die "the links of the ring do not all come up; see $WORK/node1/log"
    echo $(($(tail -1 "$WORK/ring.up") - $(cut -d' ' -f1 "$WORK/ring.calls" | sort -n | head -1))) >>"$RESULTS/ring.up"
}

# The first, second and tenth ADD of a daemon that was just started; the peer is on the other node, whose daemon is warm.
measure_first_calls() {
    local repetition call
    topology pair first 1 800000 >"$WORK/first"
    add_pods <"$WORK/first"
    echo firstb | call node2 meshnet 1 ADD >/dev/null
    for ((repetition = 0; repetition < STARTS; repetition++)); do
        start_daemon node1
        await_daemon node1
        for call in 1 2 3 4 5 6 7 8 9 10; do
            echo firsta | call node1 meshnet 1 ADD | took "first.$call"
            echo firsta | call node1 meshnet 1 DEL >/dev/null
            settle firstb 1
        done
        stop_process "$DAEMON"
    done
    echo firstb | call node2 meshnet 1 DEL >/dev/null
    remove_pods <"$WORK/first"
}

# start_frames HOW INPUT FILE ARGUMENT...: sets FRAMES to the process, which is ready to send frames and writes to FILE.
start_frames() {
    local file=$3
    "$BIN/frames" "$1" "${@:4}" <"$2" >"$file" &
    FRAMES=$!
    CHILDREN+=("$FRAMES")
    repeat_until 30 'frames are sent' grep -q watching "$file"
}

# measure_peer_restart WHERE NODE: one of two pods is deleted, and comes again in a new namespace. From the end of its ADD until a frame
# of the pod that stayed is answered; 0 when it is answered before.
measure_peer_restart() {
    local where=$1 second=$2 repetition end first
    topology pair "r$where" 1 $((810000 + where)) >"$WORK/restart"
    add_pods <"$WORK/restart"
    echo "r${where}a" | call node1 meshnet 1 ADD >/dev/null
    echo "r${where}b" | call "$second" meshnet 1 ADD >/dev/null
    for ((repetition = 0; repetition < CALLS; repetition++)); do
        echo "r${where}b" | call "$second" meshnet 1 DEL >/dev/null
        echo "r${where}b" | remove_pods
        settle "r${where}a" 1
        echo "r${where}b" | add_pods
        start_frames first /dev/null "$WORK/frames" "/run/netns/${PREFIX}pod-r${where}a" e0 "/run/netns/${PREFIX}pod-r${where}b" 30
        end=$(echo "r${where}b" | call "$second" meshnet 1 ADD | cut -d' ' -f2)
        wait "$FRAMES" || die "no frame passes after a restart of the peer; see $WORK/*/log"
        first=$(tail -1 "$WORK/frames")
        echo $((first > end ? first - end : 0)) >>"$RESULTS/restart.$where"
    done
    echo "r${where}a" | call node1 meshnet 1 DEL >/dev/null
    echo "r${where}b" | call "$second" meshnet 1 DEL >/dev/null
    remove_pods <"$WORK/restart"
}

# One frame by each link as soon as an ADD with 400 links returns: how many there are, and how many are answered.
measure_carriage() {
    local repetition to
    echo p400b | call node1 meshnet 1 ADD >/dev/null
    mkfifo "$WORK/now"
    for ((repetition = 0; repetition < CALLS; repetition++)); do
        exec {to}<>"$WORK/now"
        start_frames each "$WORK/now" "$WORK/frames" "/run/netns/${PREFIX}pod-p400a" "/run/netns/${PREFIX}pod-p400b" 2
        echo p400a | call node1 meshnet 1 ADD >/dev/null
        echo >&"$to"
        wait "$FRAMES" || true
        exec {to}>&-
        tail -1 "$WORK/frames" | cut -d' ' -f1 >>"$RESULTS/carriage.sent"
        tail -1 "$WORK/frames" | cut -d' ' -f2 >>"$RESULTS/carriage.back"
        echo p400a | call node1 meshnet 1 DEL >/dev/null
        settle p400b 400
    done
    echo p400b | call node1 meshnet 1 DEL >/dev/null
}

# What the patch namespace of node1 has, without what counts.
patch_state() {
    in_patch node1 ip -details link show
    in_patch node1 tc filter show dev "port$1" ingress
}

# A restart of the daemon with all links of the ring in place. Sets DAEMON.
measure_restart() {
    local daemon=$1 port monitor begin
    port=$(in_patch node1 ip -oneline link show type veth | sed -n '1s/^[0-9]*: port\([0-9]*\)@.*/\1/p')
    stop_process "$daemon"
    patch_state "$port" >"$WORK/before"
    in_patch node1 ip monitor link address >"$WORK/events" &
    monitor=$!
    CHILDREN+=("$monitor")
    begin=${EPOCHREALTIME/[.,]/}
    start_daemon node1
    await_daemon node1
    echo $(((${EPOCHREALTIME/[.,]/} - begin) * 1000)) >>"$RESULTS/again.ready"
    processor_time "$DAEMON" >>"$RESULTS/again.processor"
    patch_state "$port" >"$WORK/after"
    stop_process "$monitor"
    { diff "$WORK/before" "$WORK/after" || true; } | cat - "$WORK/events" | wc -l >>"$RESULTS/again.touched"
}

measure_pods() {
    local daemon repetition
    start_cluster
    du -sm "$IMAGE" | cut -f1 >>"$RESULTS/image"
    note "start of the daemon"
    for ((repetition = 0; repetition < STARTS; repetition++)); do
        measure_start
        resident "$DAEMON" >>"$RESULTS/daemon.idle"
        stop_process "$DAEMON"
    done
    start_daemon node2
    daemon=$DAEMON
    await_daemon node2
    note "the first ADDs of a daemon"
    measure_first_calls
    stop_process "$daemon"
    start_daemon node1
    daemon=$DAEMON
    await_daemon node1
    # The other node's daemon, which follows the same etcd, would be on a machine of its own.
    note "ADD and DEL"
    measure_calls
    measure_carriage
    start_daemon node2
    await_daemon node2
    note "restarts of a peer"
    measure_peer_restart 1 node1
    measure_peer_restart 2 node2
    note "ADD among few pods"
    topology pair eight 8 400000 >"$WORK/eight"
    add_pods <"$WORK/eight"
    echo eightb | call node1 meshnet 1 ADD >/dev/null
    measure_among few
    note "$MANY_LINKS links between two pods"
    for ((repetition = 0; repetition < MANY_ROUNDS; repetition++)); do
        measure_many_links 1 node1
        measure_many_links 2 node2
    done
    note "$RING_PODS pods with $RING_LINKS links"
    measure_ring
    resident "$daemon" >>"$RESULTS/daemon.full"
    note "ADD among many pods"
    measure_among many
    note "restart of the daemon with $RING_LINKS links"
    measure_restart "$daemon"
    resident "$DAEMON" >>"$RESULTS/again.resident"
}
