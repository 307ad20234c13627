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

# Until the kernel is done with what was deleted: what asks for a link by its name gets the lock after that, and then memory is freed
# for some 20 ms. The floor waits for both in the call that deletes.
settle() {
    ip -n "${PREFIX}node1" link show lo >/dev/null
    sleep 0.05
}

# ADD and DEL of a pod with links to one peer that is there; the peer is PAIRb.
add_and_del() {
    local pair=$1 front=$2 suffix=$3
    echo "${pair}a" | call node1 "$front" 1 ADD | took "add.$suffix"
    echo "${pair}a" | call node1 "$front" 1 DEL | took "del.$suffix"
    settle
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
        add_and_del p10 meshnet warm
    done
    for ((repetition = 0; repetition < CALLS; repetition++)); do
        for links in 1 10 100 400; do
            for front in $(fronts); do
                add_and_del "p$links" "$front" "$front.$links"
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
        add_and_del eight meshnet "$key"
    done
}

# From the start of the last ADD to the last link up on both ends.
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
    awk -v prefix="$PREFIX" '{ print "netns delete " prefix "pod-" $1 }' "$WORK/many" | ip -batch -
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

measure_pods() {
    local daemon repetition
    start_cluster
    note "start of the daemon"
    for ((repetition = 0; repetition < STARTS; repetition++)); do
        measure_start
        resident "$DAEMON" >>"$RESULTS/daemon.idle"
        stop_process "$DAEMON"
    done
    start_daemon node1
    daemon=$DAEMON
    await_daemon node1
    # The other node's daemon, which follows the same etcd, would be on a machine of its own.
    note "ADD and DEL"
    measure_calls
    start_daemon node2
    await_daemon node2
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
}
